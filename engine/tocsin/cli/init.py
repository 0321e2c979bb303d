"""``tocsin init``: a working home with the starter configuration."""

import shutil
from pathlib import Path
from typing import Annotated

import typer

import tocsin
from tocsin.cli.output import FINE, AsJson, say_json
from tocsin.domain.errors import TocsinError

PARTS = ("config.yaml", "rules", "contacts", "templates")


def add(app: typer.Typer) -> None:
    app.command()(init)


def init(
    directory: Annotated[Path, typer.Argument(help="The folder to make; nothing in it is overwritten.")],
    as_json: AsJson = False,
) -> None:
    """Write a working home: the starter config, rules, contacts and templates."""
    write_home(directory)
    if as_json:
        say_json({"home": str(directory), "config": str(directory / "config.yaml"), "parts": PARTS})
        raise typer.Exit(FINE)
    typer.echo(f"{directory} is ready. Next: tocsin check --config {directory / 'config.yaml'}")
    raise typer.Exit(FINE)


def write_home(directory: Path) -> None:
    """Copy the starter files; TocsinError when one of them is there already."""
    there = [part for part in PARTS if (directory / part).exists()]
    if there:
        raise TocsinError(f"{directory} already has {', '.join(there)}: choose an empty folder, nothing is overwritten")
    source = starter()
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for part in PARTS:
            if (source / part).is_dir():
                shutil.copytree(source / part, directory / part)
            else:
                shutil.copyfile(source / part, directory / part)
    except OSError as error:
        raise TocsinError(f"{directory} cannot be written ({error.strerror})") from None


def starter() -> Path:
    """Where the starter files lie: in the installed package, or at the top of a checkout."""
    package = Path(tocsin.__file__).parent
    installed = package / "starter"
    return installed if installed.is_dir() else package.parent.parent
