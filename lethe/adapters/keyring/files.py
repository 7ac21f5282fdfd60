"""The tenants' keys as files: `<folder>/<tenant id>.key`, mode 0600, one line "lethe-tenant-key-1 ENVIRONMENT HEX".

The environment is in the file so that a key made for development cannot come to protect production.
"""

import os
import secrets
from pathlib import Path
from typing import Final

from lethe.errors import ConfigurationError, EnvironmentMismatch
from lethe.model.ids import Id
from lethe.settings import Environment

KEY_BYTES: Final = 32
_FORMAT: Final = "lethe-tenant-key-1"


class KeyFiles:
    """Blocking: call from a thread."""

    def __init__(self, folder: Path, environment: Environment) -> None:
        self._folder = folder
        self._environment = environment

    def read(self, tenant_id: Id) -> bytes:
        """The tenant's 32 bytes. Raises ConfigurationError if there is no usable file, EnvironmentMismatch."""
        try:
            line = self._path(tenant_id).read_text("ascii").split()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"the key file of tenant {tenant_id} cannot be read") from error
        if len(line) != 3 or line[0] != _FORMAT or len(line[2]) != 2 * KEY_BYTES:
            raise ConfigurationError(f"the key file of tenant {tenant_id} is damaged")
        if line[1] != self._environment:
            raise EnvironmentMismatch(f"the key of tenant {tenant_id} was made for {line[1]}")
        return bytes.fromhex(line[2])

    def make(self, tenant_id: Id) -> None:
        """Make the file if there is none.

        The file is complete and on disk before it has its name, and linking fails if the name is taken: of two
        processes one wins, and nobody ever reads half a key.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self._folder / f".{tenant_id}.{secrets.token_hex(8)}"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(f"{_FORMAT} {self._environment} {secrets.token_hex(KEY_BYTES)}\n")
                file.flush()
                os.fsync(file.fileno())
            self._path(tenant_id).hardlink_to(draft)
        except FileExistsError:
            return
        finally:
            draft.unlink()
        self._sync_folder()

    def _path(self, tenant_id: Id) -> Path:
        return self._folder / f"{tenant_id}.key"

    def _sync_folder(self) -> None:
        descriptor = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
