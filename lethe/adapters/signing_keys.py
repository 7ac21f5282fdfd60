"""Signing keys as files, mode 0600, one line "FORMAT ENVIRONMENT HEX": of the log of erasures, and of its witness."""

import os
import secrets
from pathlib import Path
from typing import Final

from lethe.errors import ConfigurationError, EnvironmentMismatch
from lethe.settings import Environment

_SEED_BYTES: Final = 32
_FORMAT: Final = "lethe-signing-key-1"


def signing_seed(path: Path, environment: Environment) -> bytes:
    """The key's 32 bytes; made if there is no file. Raises ConfigurationError, EnvironmentMismatch."""
    if not path.exists():
        _make(path, environment)
    try:
        line = path.read_text("ascii").split()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"the signing key {path.name} cannot be read") from error
    if len(line) != 3 or line[0] != _FORMAT or len(line[2]) != 2 * _SEED_BYTES:
        raise ConfigurationError(f"the signing key {path.name} is damaged")
    if line[1] != environment:
        raise EnvironmentMismatch(f"the signing key {path.name} was made for {line[1]}")
    return bytes.fromhex(line[2])


def _make(path: Path, environment: Environment) -> None:
    """Whole and on disk before it has its name; of two processes that make it one wins."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(f"{_FORMAT} {environment} {secrets.token_hex(_SEED_BYTES)}\n")
            file.flush()
            os.fsync(file.fileno())
        path.hardlink_to(draft)
    except FileExistsError:
        return
    finally:
        draft.unlink()
