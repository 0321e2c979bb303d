"""Machine tokens: 256 random bits a source, of which only the SHA-256 is kept."""

import secrets
from hashlib import sha256


def new_token(source: str) -> tuple[str, str]:
    """A new bearer token for the source, shown once, and the hash that belongs into config.yaml."""
    token = f"tocsin_{source}_{secrets.token_urlsafe(32)}"
    return token, hash_token(token)


def hash_token(token: str) -> str:
    """The 64 hexadecimal digits kept for a token."""
    return sha256(token.encode()).hexdigest()
