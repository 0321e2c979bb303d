"""``tocsin verify``: is the store what the journal says, and the journal what was sealed?"""

import sys

import typer

from tocsin.cli.output import CONFIG, FINE, FOUND, AsJson, Config, say_error, say_json
from tocsin.cli.stores import Practice, store_path
from tocsin.store.verify import verify as verify_store


def add(app: typer.Typer) -> None:
    app.command()(verify)


def verify(config: Config = CONFIG, as_json: AsJson = False, practice: Practice = False) -> None:
    """Derive everything again from the journal and check the chain of its segments; names the first wrong row."""
    seen = sys.stderr.isatty() and not as_json
    verdict = verify_store(store_path(config, practice=practice), progress=_tell if seen else lambda rows: None)
    if seen and verdict.rows:
        typer.echo(err=True)
    if as_json:
        say_json({"ok": verdict.ok, "rows": verdict.rows, "segments": verdict.segments, "derived": verdict.derived,
                  "findings": verdict.findings, "remarks": verdict.remarks})
    else:
        for remark in verdict.remarks:
            typer.echo(remark)
        for finding in verdict.findings:
            say_error(finding)
        if verdict.ok:
            typer.echo(f"The store is as the journal says: {verdict.rows} inputs in {verdict.segments} sealed segments "
                       f"and behind them, {verdict.derived} of them derived again.")
    raise typer.Exit(FINE if verdict.ok else FOUND)


def _tell(rows: int) -> None:
    """A line that counts, where a person looks on."""
    typer.echo(f"\r{rows} inputs", nl=False, err=True)
