"""``tocsin schema``: JSON schemas by which editors complete and check the files."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from tocsin.book.schema import schemas
from tocsin.cli.output import FINE, AsJson, say_json
from tocsin.settings import SETTINGS


def add(app: typer.Typer) -> None:
    app.command()(schema)


def schema(
    to: Annotated[Path, typer.Option("--to", help="The folder into which the schemas are written.")] = Path("schemas"),
    as_json: AsJson = False,
) -> None:
    """Write the JSON schemas of the files that people write."""
    found = schemas(SETTINGS)
    if as_json:
        say_json(found)
        raise typer.Exit(FINE)
    to.mkdir(parents=True, exist_ok=True)
    for name, body in found.items():
        path = to / f"{name}.schema.json"
        path.write_bytes(msgspec.json.format(msgspec.json.encode(body), indent=2))
        typer.echo(f"{path}: put `# yaml-language-server: $schema={path}` at the top of the file")
    raise typer.Exit(FINE)
