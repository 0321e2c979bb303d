"""``tocsin backup``: a verified copy of the store, while the engine runs."""

from pathlib import Path
from typing import Annotated

import typer

from tocsin.cli.output import CONFIG, FINE, FOUND, AsJson, Config, say_error, say_json
from tocsin.cli.stores import Practice, store_path
from tocsin.store.backup import back_up


def add(app: typer.Typer) -> None:
    app.command()(backup)


def backup(
    file: Annotated[Path, typer.Argument(help="The new file; an existing one is never overwritten.")],
    config: Config = CONFIG,
    as_json: AsJson = False,
    practice: Practice = False,
) -> None:
    """Copy the store into one file, of one instant, while the engine runs, and verify the copy."""
    made = back_up(store_path(config, practice=practice), file)
    verdict = made.verdict
    if as_json:
        say_json({"file": str(made.file), "bytes": made.bytes, "position": made.position, "ok": verdict.ok,
                  "findings": verdict.findings, "remarks": verdict.remarks})
    else:
        typer.echo(f"{made.file}: {made.bytes} bytes, everything up to position {made.position}.")
        for finding in verdict.findings:
            say_error(f"The store itself is not as its journal says, and so is the copy: {finding}")
    raise typer.Exit(FINE if verdict.ok else FOUND)
