"""What every command has in common: JSON for machines, a sentence and exit code 2 when it could not run."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from tocsin.cli.main import COMMANDS, build

LASTING = {"run", "practice", "demo"}
"""These speak by their log and their pages until they are ended."""


def leaves() -> dict[tuple[str, ...], set[str]]:
    """The options of every command and of every command below one."""
    found: dict[tuple[str, ...], set[str]] = {}

    def walk(group: Any, path: tuple[str, ...]) -> None:
        for name, command in group.commands.items():
            if hasattr(command, "commands"):
                walk(command, (*path, name))
            else:
                found[(*path, name)] = {option for one in command.params for option in one.opts}

    walk(typer.main.get_command(build([])), ())
    return found


LEAVES = leaves()
WITH_CONFIG = sorted(path for path, options in LEAVES.items() if "--config" in options)
MORE = {"backup": ["copy.db"], "replay": ["--events", "none.jsonl"], "explain": ["1"], "send-test": ["--to", "admin"]}


def test_the_help_knows_every_command():
    assert {path[0] for path in LEAVES} == set(COMMANDS)


@pytest.mark.parametrize("path", sorted(LEAVES), ids=" ".join)
def test_every_command_speaks_json(path):
    """Except those that run until they are ended."""
    assert "--json" in LEAVES[path] or path[0] in LASTING


def tocsin(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "tocsin", *arguments], capture_output=True, text=True, check=False,
                          timeout=60)


@pytest.mark.parametrize("path", [path for path in WITH_CONFIG if path[0] not in ("silence", "incident")], ids=" ".join)
def test_without_its_config_a_command_says_so_and_ends_with_2(path, tmp_path: Path):
    """One sentence on standard error, no traceback; with --json also as an object."""
    json_too = ["--json"] if "--json" in LEAVES[path] else []
    missing = tmp_path / "none" / "config.yaml"
    result = tocsin(*path, "--config", str(missing), *MORE.get(path[0], []), *json_too)
    assert result.returncode == 2, result.stderr
    assert "cannot be read" in result.stderr
    assert "Traceback" not in result.stderr
    if json_too:
        assert "cannot be read" in json.loads(result.stdout)["error"]


def test_an_unknown_command_or_option_ends_with_2():
    for arguments in (["chekc"], ["check", "--jsno"]):
        result = CliRunner().invoke(build(arguments), arguments)
        assert result.exit_code == 2


def test_init_and_token_say_in_json_what_they_made(tmp_path: Path):
    made = json.loads(tocsin("init", str(tmp_path / "home"), "--json").stdout)
    assert Path(made["config"]).is_file()
    token = json.loads(tocsin("token", "new", "gateway", "--json").stdout)
    assert token.keys() == {"source", "token", "token_hash"}
    again = tocsin("init", str(tmp_path / "home"), "--json")
    assert (again.returncode, "nothing is overwritten" in json.loads(again.stdout)["error"]) == (2, True)


def test_what_the_system_refuses_is_a_sentence(tmp_path: Path):
    """A folder that cannot be made, an output that is full."""
    (tmp_path / "file").touch()
    told = tocsin("schema", "--to", str(tmp_path / "file" / "schemas"))
    assert (told.returncode, told.stderr) == (2, f"{tmp_path / 'file' / 'schemas'}: Not a directory\n")
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run([sys.executable, "-m", "tocsin", "schema", "--json"], stdout=full, check=False,
                               stderr=subprocess.PIPE, text=True, timeout=60)
    assert (ended.returncode, ended.stderr) == (2, "The output: No space left on device\n")
