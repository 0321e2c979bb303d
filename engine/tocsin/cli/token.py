"""``tocsin token new``: a bearer token for a source or an operator."""

from typing import Annotated

import typer

from tocsin.cli.output import AsJson, say_json
from tocsin.sources.tokens import new_token


def add(app: typer.Typer) -> None:
    tokens = typer.Typer(no_args_is_help=True, help="Tokens by which sources and operators prove who they are.")
    tokens.callback()(about)
    tokens.command("new")(new)
    app.add_typer(tokens, name="token")


def about() -> None:
    """Tokens by which sources and operators prove who they are."""


def new(
    name: Annotated[str, typer.Argument(help="The source's, or the operator's, name in config.yaml.")],
    operator: Annotated[bool, typer.Option("--operator", help="For who may silence, not for a source.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make a token for a source or an operator: shown once; its hash belongs into config.yaml."""
    token, hash_ = new_token(name)
    whom = "operator" if operator else "source"
    if as_json:
        say_json({whom: name, "token": token, "token_hash": hash_})
        return
    typer.echo(f"token (give it to the {whom}, it is not shown again): {token}")
    typer.echo(f"in config.yaml, under operators:  {name}: {{token_hash: {hash_}}}" if operator else
               f"in config.yaml:  {name}: {{kind: http, token_hash: {hash_}}}")
