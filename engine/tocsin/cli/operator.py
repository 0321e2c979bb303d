"""An operator's word to the running engine: where it is, by whose token, and its answer or refusal."""

import os
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from tocsin.app.practice import OPERATOR_TOKEN
from tocsin.domain.errors import TocsinError
from tocsin.settings import Settings

TOKEN = "TOCSIN_TOKEN"  # noqa: S105 - the name of a variable
TIMEOUT_S = 15.0

Url = Annotated[str, typer.Option("--url", help="Where the engine is, if not at http.listen of config.yaml.")]
As = Annotated[str, typer.Option("--as", help="Whose token of operators: in config.yaml is used, if it has several.")]


class NotThereError(TocsinError):
    """The engine does not answer."""


def ask(settings: Settings, method: str, path: str, body: Any, *, url: str, operator: str, practice: bool) -> Any:
    """The engine's answer; its refusals are raised as its own sentences."""
    base = (url or ("http://127.0.0.1:8080" if practice else _address(settings))).rstrip("/")
    token = OPERATOR_TOKEN if practice else _token(settings, operator)
    try:
        answer = httpx.request(method, f"{base}{path}", json=body, timeout=TIMEOUT_S, trust_env=False,
                               headers={"Authorization": f"Bearer {token}"})
    except httpx.InvalidURL as error:
        raise TocsinError(f"--url {url}: {error}") from None
    except httpx.TransportError as error:
        raise NotThereError(f"The engine at {base} does not answer ({type(error).__name__}), so nothing was changed: "
                            "is it running (tocsin run), and there (--url)?") from None
    try:
        said = answer.json()
    except ValueError:
        said = {}
    if answer.status_code >= 400:
        raise TocsinError(said.get("error") or f"{base} answered {answer.status_code}: is that the engine?")
    return said


def _address(settings: Settings) -> str:
    host = settings.http.host
    own = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104 - replaced
    return f"http://{own}:{settings.http.port}"


def _token(settings: Settings, operator: str) -> str:
    """The token in the environment, else that of the operator in config.yaml."""
    if (given := os.environ.get(TOKEN, "").strip()) and not operator:
        return given
    usable = {name: one.token.get_secret_value() for name, one in settings.operators.items()
              if one.token is not None and not one.token.get_secret_value().startswith("${")}
    if operator and operator not in usable:
        raise TocsinError(f"--as {operator}: {_file(settings)} has no token of that operator that can be read here")
    if len(usable) == 1 or operator:
        return usable[operator] if operator else next(iter(usable.values()))
    if usable:
        raise TocsinError(f"several operators have a token here: say which with --as ({', '.join(usable)}), or set "
                          f"{TOKEN}")
    raise TocsinError(f"no operator's token: set {TOKEN}, or operators: in {_file(settings)} (tocsin token new NAME "
                      "--operator makes one)")


def _file(settings: Settings) -> Path:
    return settings.path
