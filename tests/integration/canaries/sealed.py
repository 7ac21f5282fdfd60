"""What is below the encryption: every sealed value of SQL and every blob, opened with every key there is."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from lethe.adapters.keyring import SqlKeyRing
from lethe.errors import SealBroken
from lethe.model.ids import Id
from lethe.privacy.sealing import NONCE_BYTES, Purpose, unseal, unseal_stream
from lethe.settings import Settings
from tests.integration.canaries.forms import Form, Needles
from tests.integration.canaries.scanning import files_of
from tests.integration.snapshot import all_rows

_BLOBS = (Purpose.ORIGINAL, Purpose.ELEMENTS, Purpose.ARCHIVE)
_SHOWN = 32
"""Bytes of a sealed value that tell it from every other."""

Keys = Mapping[Id, bytes]


@dataclass(frozen=True, slots=True)
class Opened:
    """A value and the key that opened it. ``place``: `table.column`, or `blobs`."""

    place: str
    key_id: Id
    sealed: bytes
    plain: bytes

    def forms(self, needles: Needles) -> set[Form]:
        return {form for form, some in needles.items() if any(each in self.plain for each in some)}

    @property
    def mark(self) -> bytes:
        """A piece of the ciphertext, behind the nonce."""
        return self.sealed[NONCE_BYTES : NONCE_BYTES + _SHOWN]


async def keys_of(settings: Settings) -> tuple[Keys, Keys]:
    """Every data key that opens something, and as it is stored: wrapped."""
    rows = await all_rows(settings.keyring_url)
    wrapped = {str(row["key_id"]): bytes(row["wrapped"]) for row in rows["data_keys"] if row["wrapped"]}
    ring = SqlKeyRing.from_settings(settings)
    keys: dict[Id, bytes] = {}
    for tenant in rows["tenant_keys"]:
        with suppress(SealBroken):
            keys |= await ring.get_many(str(tenant["tenant_id"]), list(wrapped))
    await ring.close()
    return keys, wrapped


async def own_of(settings: Settings, erasure_id: Id) -> Needles:
    """What an open request is told by: whom it is about, sealed, and as a blind index, and its own key, wrapped."""
    rows = (await all_rows(settings.sql_url))["erasure_identifiers"]
    hers = [row for row in rows if row["erasure_id"] == erasure_id]
    keys = (await all_rows(settings.keyring_url))["data_keys"]
    return {
        Form.SEALED: tuple(bytes(row["sealed_identifier"])[NONCE_BYTES : NONCE_BYTES + _SHOWN] for row in hers),
        Form.UTF8: tuple(str(row["blind"]).encode() for row in hers),
        Form.KEY: tuple(bytes(row["wrapped"]) for row in keys if row["key_id"] == erasure_id and row["wrapped"]),
    }


async def open_all(settings: Settings, keys: Keys) -> list[Opened]:
    """Whatever one of the keys opens, for whatever purpose."""
    opened = [
        each
        for table, rows in (await all_rows(settings.sql_url)).items()
        for row in rows
        for column, value in row.items()
        if isinstance(value, bytes)
        for each in _opened(f"{table}.{column}", value, keys)
    ]
    for file in files_of(Path(settings.blob_url.removeprefix("file://"))):
        opened += await _blob(file.read_bytes(), keys)
    return opened


def _opened(place: str, sealed: bytes, keys: Keys) -> Iterator[Opened]:
    for key_id, key in keys.items():
        for purpose in Purpose:
            with suppress(SealBroken):
                yield Opened(place, key_id, sealed, unseal(key, purpose, sealed))


async def _blob(sealed: bytes, keys: Keys) -> Sequence[Opened]:
    for key_id, key in keys.items():
        for purpose in _BLOBS:
            with suppress(SealBroken):
                pieces = [piece async for piece in unseal_stream(key, purpose, _once(sealed))]
                return [Opened("blobs", key_id, sealed, b"".join(pieces))]
    return []


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data
