"""Everything the stores hold, read with the vendors' own clients and opened with nothing of Lethe's."""

import json
import re
import sqlite3
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import asyncpg
import weaviate
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from weaviate import WeaviateAsyncClient
from weaviate.classes.init import Auth

from tests.keyword_rows import Words, keyword_rows

Row = dict[str, Any]
Rows = dict[str, list[Row]]

_HEX_ID = re.compile(r"[0-9a-f]{32}")
_NONCE, _PREFIX, _SEGMENT, _TAG = 12, 7, 256 * 1024, 16


@dataclass(frozen=True, slots=True)
class Where:
    """How to reach the stores directly, past every proxy.

    ``ledger`` and ``keyring`` are paths of SQLite files, or addresses for asyncpg.
    """

    ledger: str
    keyring: str
    blobs: Path
    keys: Path
    keywords: Path
    weaviate_port: int
    weaviate_grpc: int
    weaviate_key: str


@dataclass(frozen=True, slots=True)
class Thing:
    """An object of the vector store and the tenant of the store that holds it."""

    id: str
    shard: str
    properties: Mapping[str, Any]
    vector: list[float]


@dataclass(frozen=True, slots=True)
class Stores:
    """What was found. ``keys``: data keys that still open something, by id. ``blobs``: files by relative path."""

    rows: Rows
    keys: Mapping[str, bytes]
    blobs: Mapping[str, bytes]
    things: list[Thing]
    words: list[Words] = field(default_factory=list[Words])
    workflows: Mapping[str, str] = field(default_factory=dict[str, str])
    """Open workflows and their state."""

    def by_id(self, table: str) -> dict[str, Row]:
        return {row["id"]: row for row in self.rows[table]}


async def read_stores(where: Where, workflows: Mapping[str, str]) -> Stores:
    async with connected(where) as client:
        things = await _things(client)
    keyring = await read_rows(where.keyring)
    return Stores(
        rows=await read_rows(where.ledger),
        keys=_opened(where.keys, keyring),
        blobs={
            path.relative_to(where.blobs).as_posix(): path.read_bytes()
            for path in where.blobs.rglob("*")
            if path.is_file() and path.name != ".lethe-environment"
        },
        things=things,
        words=await keyword_rows(where.ledger, where.keywords),
        workflows=workflows,
    )


async def read_rows(address: str) -> Rows:
    """Every row of every table."""
    if address.startswith("postgres"):
        return await _postgres_rows(address)
    with closing(sqlite3.connect(f"file:{address}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: [_plain(dict(row)) for row in connection.execute(f'SELECT * FROM "{name}"')] for name in names}


async def _postgres_rows(address: str) -> Rows:
    async with postgres(address) as connection:
        names: list[Any] = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return {
            name: [_plain(dict(row)) for row in await connection.fetch(f'SELECT * FROM "{name}"')] for (name,) in names
        }


@asynccontextmanager
async def postgres(address: str) -> AsyncGenerator[Any]:
    """A connection of asyncpg's, which has no types."""
    connection = cast("Any", await asyncpg.connect(address, timeout=5))  # pyright: ignore[reportUnknownMemberType]
    try:
        yield connection
    finally:
        await connection.close(timeout=5)


async def execute(address: str, statement: str) -> None:
    """Change a store behind Lethe's back."""
    if address.startswith("postgres"):
        async with postgres(address) as connection:
            await connection.execute(statement)
        return
    with closing(sqlite3.connect(address, timeout=20)) as connection, connection:
        connection.execute(statement)


def connected(where: Where) -> WeaviateAsyncClient:
    """The vendor's client, to be entered."""
    return weaviate.use_async_with_local(
        port=where.weaviate_port,
        grpc_port=where.weaviate_grpc,
        auth_credentials=Auth.api_key(where.weaviate_key),
        skip_init_checks=True,
    )


async def _things(client: WeaviateAsyncClient) -> list[Thing]:
    found: list[Thing] = []
    for name, config in (await client.collections.list_all(simple=False)).items():
        if not config.multi_tenancy_config.enabled:
            continue
        collection = client.collections.get(name)
        for shard in await collection.tenants.get():
            async for item in collection.with_tenant(shard).iterator(include_vector=True):
                vector: Any = item.vector["default"]
                found.append(Thing(str(item.uuid), shard, item.properties, vector))
    return found


def _plain(row: Row) -> Row:
    return {name: _value(name, value) for name, value in row.items()}


def _value(name: str, value: Any) -> Any:
    if isinstance(value, UUID) or (isinstance(value, str) and _HEX_ID.fullmatch(value)):
        return str(UUID(str(value)))
    if name == "readers" and isinstance(value, str):
        return json.loads(value)
    return value


def _opened(folder: Path, keyring: Rows) -> dict[str, bytes]:
    """The data keys, unwrapped with the tenants' keys (docs/decisions: key ring)."""
    wrapping: dict[str, AESGCM] = {}
    for file in folder.glob("*.key"):
        master = bytes.fromhex(file.read_text().split()[2])
        wrapping[file.stem] = AESGCM(HKDF(SHA256(), 32, salt=None, info=b"lethe/wrapping").derive(master))
    opened: dict[str, bytes] = {}
    for row in keyring["data_keys"]:
        tenant_id, key_id, wrapped = row["tenant_id"], row["key_id"], row["wrapped"]
        if wrapped is not None:
            opened[key_id] = unseal(wrapping[tenant_id], f"data-key/{tenant_id}/{key_id}", wrapped)
    return opened


def unseal(key: bytes | AESGCM, place: str, sealed: bytes) -> bytes:
    """Nonce, ciphertext, tag; bound to its place. Raises InvalidTag."""
    cipher = key if isinstance(key, AESGCM) else AESGCM(key)
    return cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], place.encode())


def unseal_blob(key: bytes, place: str, sealed: bytes) -> bytes | None:
    """A blob's segments (STREAM): their nonces count, and the last one says so. None if it does not open."""
    cipher, prefix, rest = AESGCM(key), sealed[:_PREFIX], sealed[_PREFIX:]
    size = _SEGMENT + _TAG
    pieces = [rest[start : start + size] for start in range(0, len(rest), size)] or [b""]
    plain = b""
    try:
        for number, piece in enumerate(pieces):
            last = b"\x01" if number == len(pieces) - 1 else b"\x00"
            plain += cipher.decrypt(prefix + number.to_bytes(4, "big") + last, piece, place.encode())
    except (InvalidTag, ValueError):
        return None
    return plain
