"""Everything the stores hold of one document, with random ids and clocks taken out, so that two can be compared.

Read with the vendors' own clients, and from what the stores say they have: not through Lethe's adapters, not through
its declarations of tables, collections and prefixes.
"""

import hashlib
import re
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import weaviate
from sqlalchemy import Connection, MetaData, make_url, select
from sqlalchemy.ext.asyncio import create_async_engine
from weaviate import WeaviateAsyncClient
from weaviate.classes.init import Auth

from lethe.adapters.keyring import SqlKeyRing
from lethe.model.documents import Version
from lethe.model.ids import Id
from lethe.privacy.sealing import Purpose, unseal, unseal_stream, unseal_vector
from tests.integration.installation import Installation
from tests.keyword_rows import keyword_rows

VOLATILE = {
    "created_at",
    "updated_at",
    "renewed_at",
    "dispatched_at",
    "live_from",
    "live_until",
    "changed_seq",
    "tenant_id",
    "build_id",
}
"""Clocks: when, at which seq, in which build."""
NAMED = {"source_hmac", "sealed_source_uri", "prefix_hmac"}
"""The documents compared have different sources."""
PURPOSES = {
    "sealed_text": Purpose.CHUNK_TEXT,
    "sealed_section": Purpose.CHUNK_SECTION,
    "sealed_title": Purpose.TITLE,
    "sealed_metadata": Purpose.METADATA,
}

_ID_DIGITS = re.compile(r"[0-9a-f]{32}")

Rows = dict[str, list[dict[str, Any]]]


async def document_state(installation: Installation, document_id: Id) -> dict[str, Any]:
    """Rows by table, objects of every build, blobs and keys of a document that exists."""
    return await documents_state(installation, [document_id])


async def documents_state(installation: Installation, document_ids: Sequence[Id]) -> dict[str, Any]:
    """As `document_state`, of many at once: each reads every store whole."""
    tenant_id = installation.caller.tenant_id
    names: dict[Id, str] = {}
    held: list[Version] = []
    async with installation.ledger.read() as uow:
        for place, document_id in enumerate(document_ids):
            names[document_id] = f"document {place}"
            versions = await uow.versions.of_document(tenant_id, document_id)
            held.extend(versions)
            for number, version in enumerate(versions):
                names[version.id] = f"version {place}.{number}"
                chunks = await uow.chunks.of_version(tenant_id, version.id)
                names |= {chunk.id: f"chunk {place}.{chunk.ordinal}" for chunk in chunks}
    state = await mentions(installation, names)
    state["contents"] = [await _contents(installation, version) for version in held]
    return state


async def _contents(installation: Installation, version: Version) -> dict[str, str]:
    """Digests of the version's blobs in clear: sealed, no two are alike."""
    key = await installation.keyring.get(version.tenant_id, version.id)
    found: dict[str, str] = {}
    for name, purpose in (("original", Purpose.ORIGINAL), ("elements", Purpose.ELEMENTS)):
        sealed = installation.blobs.read(f"{version.tenant_id}/{version.id}/{name}")
        digest = hashlib.sha256()
        async for piece in unseal_stream(key, purpose, sealed):
            digest.update(piece)
        found[name] = digest.hexdigest()
    return found


async def mentions(installation: Installation, names: Mapping[Id, str]) -> dict[str, Any]:
    """What any store holds under one of the ids in ``names``, which gives each id its comparable name.

    An id counts wherever it stands: alone, within a longer value, within a list.
    """
    # A ring of its own: the installation's may hold a destroyed key for up to a minute (settings: keys.cache_seconds).
    ring = SqlKeyRing.from_settings(installation.settings)
    keys = await ring.get_many(installation.caller.tenant_id, list(names))
    await ring.close()
    rows = await all_rows(installation.settings.sql_url)
    mine = {table: [_plain(row, names, keys) for row in all_ if _is_about(row, names)] for table, all_ in rows.items()}
    return {
        "rows": {table: sorted(found, key=repr) for table, found in mine.items() if found},
        "objects": await _objects(installation, names),
        "words": await _words(installation, names),
        "blobs": sorted(blob.rsplit("/", 1)[1] for blob in blob_names(installation) if _is_in(blob, names)),
        "keys": await _keys(installation, names),
    }


async def all_rows(url: str) -> Rows:
    """Every row of every table the database has; ids as everywhere else, whatever the engine makes of them."""

    def read(connection: Connection) -> Rows:
        tables = MetaData()
        tables.reflect(connection)
        return {
            table.name: [
                {column: _id_text(value) for column, value in row.items()}
                for row in connection.execute(select(table)).mappings()
            ]
            for table in tables.sorted_tables
        }

    engine = create_async_engine(make_url(url))
    async with engine.connect() as connection:
        rows = await connection.run_sync(read)
    await engine.dispose()
    return rows


def blob_names(installation: Installation) -> Iterator[str]:
    """Every file below the blob store's folder, hidden and unfinished ones too."""
    root = Path(installation.settings.blob_url.removeprefix("file://"))
    return (path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


@asynccontextmanager
async def vector_store(installation: Installation) -> AsyncGenerator[WeaviateAsyncClient]:
    """The vendor's client."""
    settings = installation.settings.weaviate
    async with weaviate.use_async_with_local(
        port=int(settings.url.rsplit(":", 1)[1]),
        grpc_port=settings.grpc_port,
        auth_credentials=Auth.api_key(settings.api_key.get_secret_value()),
        skip_init_checks=True,
    ) as client:
        yield client


async def all_objects(client: WeaviateAsyncClient) -> AsyncIterator[Any]:
    """Every object of every tenant of every collection the store has."""
    for name, config in (await client.collections.list_all(simple=False)).items():
        collection = client.collections.get(name)
        shards = [collection]
        if config.multi_tenancy_config.enabled:
            shards = [collection.with_tenant(tenant) for tenant in await collection.tenants.get()]
        for shard in shards:
            async for item in shard.iterator(include_vector=True):
                yield item


async def objects_with(installation: Installation, word: str) -> int:
    """How many objects hold the word in any property."""
    async with vector_store(installation) as client:
        return len([item async for item in all_objects(client) if word in repr(item.properties)])


def _id_text(value: object) -> object:
    """PostgreSQL gives UUIDs, SQLite their 32 digits."""
    if isinstance(value, UUID) or (isinstance(value, str) and _ID_DIGITS.fullmatch(value)):
        return str(UUID(str(value)))
    return value


def _is_in(value: object, names: Iterable[Id]) -> bool:
    """With hyphens or without, or as the sixteen bytes."""
    if isinstance(value, bytes):
        return any(UUID(name).bytes in value or name.encode() in value for name in names)
    text = str(value).replace("-", "")
    return any(name.replace("-", "") in text for name in names)


def _is_about(row: Mapping[str, Any], names: Mapping[Id, str]) -> bool:
    return any(_is_in(value, names) for value in row.values())


def _plain(row: Mapping[str, Any], names: Mapping[Id, str], keys: Mapping[Id, bytes]) -> dict[str, Any]:
    """What is still there although its key is gone stays sealed."""
    key = keys.get(str(row.get("version_id") or row.get("id") or ""))
    plain: dict[str, Any] = {}
    for column, value in row.items():
        if column in VOLATILE or column in NAMED:
            continue
        if column == "sealed_vector" and key:
            plain[column] = unseal_vector(key, value).tobytes()
        elif column in PURPOSES and key:
            plain[column] = unseal(key, PURPOSES[column], value)
        elif isinstance(value, (bytes, int, float)) or value is None:
            plain[column] = value
        else:
            plain[column] = "/".join(names.get(part, part) for part in str(value).split("/"))
    return plain


async def _objects(installation: Installation, names: Mapping[Id, str]) -> list[Any]:
    found: list[Any] = []
    async with vector_store(installation) as client:
        async for item in all_objects(client):
            if _is_in(item.uuid, names) or _is_in(item.properties, names):
                properties = {name: names.get(str(value), value) for name, value in item.properties.items()}
                found.append((names.get(str(item.uuid), str(item.uuid)), properties, item.vector["default"]))
    return sorted(found, key=lambda entry: entry[0])


async def _words(installation: Installation, names: Mapping[Id, str]) -> list[Any]:
    settings = installation.settings
    held = await keyword_rows(settings.sql_url, settings.keyword_folder)
    mine = [each for each in held if any(_is_in(value, names) for value in (each.id, each.version_id, each.readers))]
    found: list[Any] = [
        {
            "chunk": names.get(each.id, each.id),
            "version": names.get(each.version_id, each.version_id),
            "document": names.get(each.document_id, each.document_id),
            "ordinal": each.ordinal,
            "readers": sorted(names.get(reader, reader) for reader in each.readers),
            "attributes": each.attributes,
            "terms": each.terms,
        }
        for each in mine
    ]
    return sorted(found, key=lambda entry: str(entry["chunk"]))


async def _keys(installation: Installation, names: Mapping[Id, str]) -> list[str]:
    """The keys that still open something; the tombstone of a destroyed one, without its bytes, stays for ever."""
    rows = await all_rows(installation.settings.keyring_url)
    live = [row for rows_ in rows.values() for row in rows_ if any(isinstance(value, bytes) for value in row.values())]
    return sorted(names[str(row["key_id"])] for row in live if _is_about(row, names))
