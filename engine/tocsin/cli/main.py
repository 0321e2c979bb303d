"""The command line: one module a command, each adding itself here."""

import sys

import typer

from tocsin import __version__
from tocsin.cli import (
    check,
    demo,
    explain,
    init,
    oncall,
    practice,
    replay,
    rule_tests,
    run,
    schema,
    send,
    token,
    verify,
    watchdog,
)
from tocsin.cli.output import COULD_NOT_RUN, say_error
from tocsin.domain.errors import TocsinError

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
                  help="Rule-based alerting and notification engine for a city's situation centre.")
for command in (run, practice, demo, check, rule_tests, replay, explain, oncall, send, verify, schema, init, watchdog):
    command.add(app)
app.add_typer(token.app, name="token")


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def main() -> None:
    """Entry point: every TocsinError becomes its sentence and exit code 2."""
    try:
        app()
    except TocsinError as error:
        say_error(str(error))
        sys.exit(COULD_NOT_RUN)
    except BrokenPipeError:
        sys.exit(COULD_NOT_RUN)
