"""Who may act on the engine over HTTP: operators by tokens of their own, never sources by theirs."""

import hmac
from collections.abc import Mapping
from hashlib import sha256

from starlette.requests import Request

from tocsin.api.errors import Problem
from tocsin.domain.errors import SettingsError
from tocsin.sources.door import Doors

_CHALLENGE = ((b"www-authenticate", b'Bearer realm="tocsin"'),)


class Operators:
    """``hashes`` are the SHA-256 of each operator's token; SettingsError when two have the same, or a source has it."""

    def __init__(self, hashes: Mapping[str, str], doors: Doors) -> None:
        self._doors = doors
        self._hashes = {name: bytes.fromhex(kept) for name, kept in hashes.items()}
        for name, kept in hashes.items():
            others = [other for other, one in hashes.items() if one == kept and other != name]
            if others or doors.has(kept):
                whose = f"the operator {others[0]}" if others else "a source"
                raise SettingsError(f"the operator {name} has the same token as {whose}: make one with "
                                    f"`tocsin token new {name} --operator`")

    def who(self, request: Request) -> str:
        """The operator whom the request's token names; Problem 401 or 403 otherwise.

        Every operator is compared, in constant time, so that the time taken tells nothing about a token.
        """
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        given = token.strip().encode()
        found = ""
        for name, kept in self._hashes.items():
            if hmac.compare_digest(kept, sha256(given).digest()):
                found = name
        if found and scheme.lower() == "bearer":
            return found
        if not self._hashes:
            raise Problem(403, "nobody may do this here: set operators: in config.yaml (tocsin token new NAME "
                               "--operator makes a token)")
        if not given:
            raise Problem(401, "no token: send the header Authorization: Bearer and the token of an operator",
                          _CHALLENGE)
        if self._doors.find(given) is not None:
            raise Problem(403, "this is the token of a source, which sends events and does nothing else: use the token "
                               "of an operator")
        raise Problem(401, "this token is no operator's: compare it with operators: in config.yaml", _CHALLENGE)
