"""``tocsin token new``: a bearer token for a source."""

from typing import Annotated

import typer

from tocsin.sources.tokens import new_token


def add(app: typer.Typer) -> None:
    tokens = typer.Typer(no_args_is_help=True, help="Tokens by which sources prove who they are.")
    tokens.callback()(about)
    tokens.command("new")(new)
    app.add_typer(tokens, name="token")


def about() -> None:
    """Tokens by which sources prove who they are."""


def new(source: Annotated[str, typer.Argument(help="The source's name in config.yaml.")]) -> None:
    """Make a token for a source: shown once; its hash belongs into config.yaml."""
    token, hash_ = new_token(source)
    typer.echo(f"token (give it to the source, it is not shown again): {token}")
    typer.echo(f"in config.yaml:  {source}: {{kind: http, token_hash: {hash_}}}")
