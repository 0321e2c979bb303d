"""Machine tokens: shown once, kept as a hash."""

import re

from tocsin.sources.tokens import hash_token, new_token


def test_a_token_names_its_source_and_is_kept_as_its_hash() -> None:
    """The token says whose it is and carries 256 bits; the hash alone stands in config.yaml."""
    token, kept = new_token("gateway")
    assert re.fullmatch(r"tocsin_gateway_[A-Za-z0-9_-]{43}", token)
    assert kept == hash_token(token)
    assert re.fullmatch(r"[0-9a-f]{64}", kept)
    assert new_token("gateway")[0] != token
