"""The rules of the project that a program can hold: room sizes, locks, licences, the wheel."""

import ast
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from tools import dependencies, forbidden_text

ROOT = Path(__file__).resolve().parents[2]
ROOMS = [ROOT / "engine", ROOT / "channels"]
LOCKS = [ROOT / "requirements.lock", ROOT / "requirements-dev.lock"]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def _modules():
    return [path for room in ROOMS for path in sorted(room.rglob("*.py"))]


def _lines(path):
    return path.read_text("utf-8").splitlines()


def _imported():
    for path in _modules():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                yield from (alias.name.split(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield node.module.split(".")[0]


def test_a_file_holds_one_concept():
    """No module of the engine or the channels is longer than 400 lines."""
    long = {path.relative_to(ROOT).as_posix(): len(_lines(path)) for path in _modules() if len(_lines(path)) > 400}
    assert not long, "split by concept, one word of docs/glossary.md a file"


def test_every_room_says_what_it_is_for():
    """Each package's __init__ opens with a docstring."""
    rooms = [path for path in _modules() if path.name == "__init__.py"]
    assert len(rooms) > 10
    assert not [str(path) for path in rooms if not ast.get_docstring(ast.parse(path.read_text("utf-8")))]


def test_channels_are_named_by_the_composition_root_alone():
    """What import-linter cannot see: no other room reaches a channel by a name in a string."""
    naming = [path for path in ROOMS[0].rglob("*.py") if "tocsin_channels" in path.read_text("utf-8")]
    assert {path.relative_to(ROOT).parts[:3] for path in naming} <= {("engine", "tocsin", "app")}


def test_every_document_is_in_the_index():
    """docs/README.md leads to each page, so that none is forgotten."""
    docs = ROOT / "docs"
    index = (docs / "README.md").read_text("utf-8")
    pages = {path.relative_to(docs).as_posix() for path in docs.rglob("*.md")} - {"README.md"}
    assert not [page for page in pages if f"({page})" not in index]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_carries_hashes_and_no_addresses(lock):
    """Every locked release has a hash, and nothing in a lock says where to download from."""
    text = lock.read_text("utf-8")
    releases = re.findall(r"^[a-z0-9].*==.*$", text, re.MULTILINE)
    hashed = re.findall(r"^[a-z0-9].*==.*\\\n +--hash=sha256:[0-9a-f]{64}", text, re.MULTILINE)
    assert len(hashed) == len(releases) > 50
    assert "://" not in text


def test_the_locks_know_every_declared_dependency():
    """A dependency added to pyproject.toml without `make lock` is missing from a site's install."""
    runtime, dev = dependencies.declared()
    assert runtime <= set(dependencies.locked(LOCKS[0]))
    assert runtime | dev <= set(dependencies.locked(LOCKS[1]))


def test_development_and_site_run_the_same_releases():
    """What is tested is what a site installs."""
    site, dev = (dependencies.locked(lock) for lock in LOCKS)
    assert site == {name: dev.get(name) for name in site}


def test_what_the_code_imports_is_declared():
    """A library that is only brought along by another may be gone after that one's next release."""
    modules = {
        "argon2": "argon2-cffi", "durable": "durable-rules", "durable_rules_engine": "durable-rules", "jwt": "pyjwt",
        "paho": "paho-mqtt", "prometheus_client": "prometheus-client", "re2": "google-re2",
        "telegram": "python-telegram-bot", "yaml": "pyyaml",
    }
    ours = {"tocsin", "tocsin_channels"} | sys.stdlib_module_names
    imported = {modules.get(name, dependencies.plain(name)) for name in set(_imported()) - ours}
    assert imported <= dependencies.declared()[0]


def test_every_dependency_has_a_recorded_reason():
    """docs/dependencies.md names each declared dependency with why, licence and the locked release."""
    rows = dependencies.rows(dependencies.PAGE.read_text("utf-8"))
    runtime, dev = dependencies.declared()
    shipped = dependencies.locked(LOCKS[0])
    assert set(rows) == runtime | dev | set(shipped), "run make lock, then write the reason"
    releases = {name: release for name, (_, _, release) in rows.items()}
    assert releases == {name: dependencies.locked(LOCKS[1])[name] for name in rows}, "run make lock"
    assert not [name for name, row in rows.items() if "?" in row]


def test_nothing_that_a_site_receives_is_under_a_strong_copyleft():
    """Tocsin stays MIT for its users; the LGPL libraries are replaceable and named in docs/dependencies.md."""
    rows = dependencies.rows(dependencies.PAGE.read_text("utf-8"))
    shipped = dependencies.locked(LOCKS[0])
    found = {name: rows[name][1] for name in shipped if "GPL" in rows[name][1]}
    assert found == {"python-telegram-bot": "LGPL-3.0-only", "recurring-ical-events": "LGPL-3.0-or-later",
                     "x-wr-timezone": "LGPL-3.0-or-later"}


def test_no_tracked_file_names_a_registry_or_a_machines_path():
    """What is committed installs and runs anywhere."""
    assert list(forbidden_text.findings(forbidden_text.tracked())) == []


@pytest.mark.parametrize(
    "text",
    [
        "see https://py" + "pi.org/simple", "--index" + "-url x", "/ho" + "me/olena/tocsin", "cd /ro" + "ot/x",
        '"resolved"' + ': "https://x"',
    ],
)
def test_a_forbidden_text_is_found_with_its_line(tmp_path, text):
    """The search itself works: a file with such a text is named with the line."""
    file = tmp_path / "notes.md"
    file.write_text(f"fine\n{text}\n", "utf-8")
    assert [line.split(": ")[0] for line in forbidden_text.findings([file], tmp_path)] == ["notes.md:2"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)], cwd=ROOT, check=True)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as archive:
        yield archive


def test_the_wheel_installs_two_packages_and_nothing_else(wheel):
    """No generic name such as engine, channels or tests lands in site-packages."""
    version = PROJECT["project"]["version"]
    tops = {name.split("/")[0] for name in wheel.namelist()}
    assert tops == {"tocsin", "tocsin_channels", f"tocsin-{version}.dist-info"}


def test_the_wheel_holds_what_is_not_python(wheel):
    """Migrations' template, the mailboxes' page, both type markers and the licence travel with the code."""
    names = set(wheel.namelist())
    here = {
        path.relative_to(room).as_posix()
        for room in ROOMS for path in room.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert here <= names
    assert {"tocsin/py.typed", "tocsin_channels/py.typed", "tocsin/emulators/page.html"} <= names
    assert any(name.endswith("licenses/LICENSE") for name in names)


@pytest.mark.parametrize("part", ["config.yaml", "rules", "contacts", "templates"])
def test_the_wheel_holds_the_starter_home(wheel, part):
    """`tocsin init` from a wheel writes the same files as from a checkout."""
    tracked = {path.relative_to(ROOT).as_posix() for path in forbidden_text.tracked()}
    expected = {f"tocsin/starter/{name}" for name in tracked if name == part or name.startswith(f"{part}/")}
    assert expected
    assert expected <= set(wheel.namelist())


def test_one_version():
    """The package, its metadata and the change log speak of the same version."""
    import tocsin

    assert tocsin.__version__ == PROJECT["project"]["version"]
    assert f"## [{tocsin.__version__}]" in (ROOT / "CHANGELOG.md").read_text("utf-8")
