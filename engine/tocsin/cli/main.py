"""The command line: one module a command, read only when it is asked for, since some need everything."""

import sys
from importlib import import_module

import typer

from tocsin import __version__
from tocsin.cli.output import COULD_NOT_RUN, say_error, say_json
from tocsin.domain.errors import TocsinError

COMMANDS = {
    "run": "run", "practice": "practice", "demo": "demo", "check": "check", "test": "rule_tests", "replay": "replay",
    "backtest": "backtest", "explain": "explain", "oncall": "oncall", "roster": "roster", "send-test": "send",
    "enrol": "enrol", "verify": "verify", "backup": "backup", "token": "token", "silence": "silence",
    "incident": "incident", "report": "report", "drill": "drill", "schema": "schema", "init": "init",
    "watchdog": "watchdog",
}
"""The module behind each command; each has ``add(app)``."""


def build(arguments: list[str]) -> typer.Typer:
    """The command line for these arguments: one command where they name one, else all, for the help."""
    app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
                      help="Rule-based alerting and notification engine for a city's situation centre.")

    def print_version(wanted: bool) -> None:
        if wanted:
            typer.echo(__version__)
            raise typer.Exit

    @app.callback()
    def tocsin(
        version: bool = typer.Option(False, "--version", callback=print_version, is_eager=True,
                                     help="Print the version."),
    ) -> None:
        """Rule-based alerting and notification engine for a city's situation centre."""

    named = next((argument for argument in arguments if not argument.startswith("-")), "")
    for module in [COMMANDS[named]] if named in COMMANDS else COMMANDS.values():
        import_module(f"tocsin.cli.{module}").add(app)
    return app


def main() -> None:
    """Entry point: every TocsinError becomes its sentence, with --json an object as well, and exit code 2.

    So does what the system refuses where no command expects it, such as the folder or the disk that is written to.
    """
    try:
        build(sys.argv[1:])()
    except TocsinError as error:
        say_error(str(error))
        if "--json" in sys.argv:
            say_json({"error": str(error)})
        sys.exit(COULD_NOT_RUN)
    except BrokenPipeError:
        sys.exit(COULD_NOT_RUN)
    except OSError as error:
        if not error.strerror:
            raise
        say_error(f"{error.filename or 'The output'}: {error.strerror}")
        sys.exit(COULD_NOT_RUN)
