# Everything one does with this repository. `make` alone lists it.
#
# Needs Python 3.11 or newer with its headers, make and a C compiler (durable-rules is compiled); nothing else.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV ?= .venv
CONFIG ?= config.yaml
# For `make scenario`: part of a scenario's name; all of them when empty.
NAME ?=

BIN := $(VENV)/bin
COMPILE = $(BIN)/uv pip compile -q --generate-hashes --no-emit-index-url --universal --python-version 3.11 $(UPGRADE)

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help setup demo practice run test scenario check bench wheel lock clean

help:  ## this list
	@sed -nE 's/^([a-z]+):[^#]*## (.*)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 17

setup: $(VENV)/.ready  ## make .venv with the locked dependencies (the other targets do it when needed)

# Two stamps: a changed lock installs again, a changed pyproject.toml only renews the editable install.
$(VENV)/.locked: requirements-dev.lock
	@test -n "$(PYTHON)" || { echo "No Python 3.11 or newer found: install one, or name it: make setup PYTHON=…"; exit 2; }
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --require-hashes -r requirements-dev.lock
	@touch $@

$(VENV)/.ready: $(VENV)/.locked pyproject.toml
	$(BIN)/pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

demo: setup  ## five minutes of a city, played at speed against emulated Telegram, SMS and e-mail
	$(BIN)/tocsin demo

practice: setup  ## engine and emulators to play with: send events by curl, answer in a page; nothing leaves the machine
	$(BIN)/tocsin practice --config $(CONFIG)

run: setup  ## live, with CONFIG=config.yaml
	$(BIN)/tocsin run --config $(CONFIG)

test: setup  ## unit, contract, scenario and acceptance tests
	$(BIN)/python -m pytest tests --ignore=tests/acceptance --numprocesses=auto --dist=loadfile
	$(BIN)/python -m pytest tests/acceptance

scenario: setup  ## the scenario tests alone, told one by one; NAME=escalation picks
	$(BIN)/python -m pytest tests/scenarios -v -k "$(NAME)"

check: setup  ## everything that is checked without running the engine: style, types, rooms, texts, the starter's files
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/mypy tools
	$(BIN)/lint-imports --no-logo
	$(BIN)/python tools/forbidden_text.py
	$(BIN)/python tools/tidy_files.py
	$(BIN)/python -m pytest tests/unit/test_project.py
	$(BIN)/tocsin check --config $(CONFIG)

bench: setup  ## the performance budget, measured beside raw SQLite and Alertmanager
	$(BIN)/python -m benchmarks

wheel: setup  ## dist/tocsin-….whl
	rm -f dist/*.whl
	$(BIN)/pip wheel --quiet --no-deps --no-build-isolation -w dist .

lock: setup  ## compile the locks anew from pyproject.toml; UPGRADE=--upgrade takes newer versions
	$(COMPILE) --extra demo pyproject.toml -o requirements.lock
	$(COMPILE) --group dev --extra demo pyproject.toml -o requirements-dev.lock
	$(BIN)/pip install --quiet --require-hashes -r requirements-dev.lock
	$(BIN)/python tools/dependencies.py

clean:  ## remove what was built and installed; databases in var/ stay
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
