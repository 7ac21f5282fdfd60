"""Secrets of API keys: 256 random bits, stored as their SHA-256 only; a salt adds nothing to that much chance."""

import hashlib
import secrets


def new_secret() -> str:
    """A secret as it is shown to its owner once."""
    return f"lethe_{secrets.token_urlsafe(32)}"


def secret_digest(secret: str) -> str:
    """What is stored and looked up of a secret: 64 hex digits."""
    return hashlib.sha256(secret.encode()).hexdigest()
