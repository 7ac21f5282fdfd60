"""Answers kept for the next one who asks the same."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Integer, Select, and_, bindparam, delete, exists, insert, select, tuple_, update

from lethe.adapters.sql.one_hop import short
from lethe.adapters.sql.repositories.base import SqlRepository
from lethe.adapters.sql.repositories.builds import BUILD
from lethe.adapters.sql.repositories.chunks import document_of_version, passes_gate
from lethe.adapters.sql.rows import Mapped, delete_of, one_of, upsert_into
from lethe.adapters.sql.tables import cached_answer_sources as sources
from lethe.adapters.sql.tables import cached_answers as entries
from lethe.adapters.sql.tables import document_readers, documents, glossaries, tenants
from lethe.adapters.sql.tables import document_versions as versions
from lethe.adapters.sql.tables import index_builds as builds
from lethe.errors import NotFound
from lethe.model.caches import CachedAnswer
from lethe.model.ids import Id
from lethe.model.indexes import BuildKind, BuildState
from lethe.ports.ledger import CacheLookup, Standing

ENTRY: Final = Mapped(CachedAnswer, entries)
_AT_ONCE: Final = 100
"""Most entries that go when one comes: a bound that was lowered is reached in steps."""


def _has_withdrawn() -> ColumnElement[bool]:
    """Whether a source of the row's answer does not pass the gate."""
    own = and_(versions.c.tenant_id == sources.c.tenant_id, versions.c.id == sources.c.version_id)
    passing = exists(
        select(1).select_from(versions).join(documents, document_of_version).where(own, passes_gate())
    ).correlate(sources)
    return exists(
        select(1)
        .select_from(sources)
        .where(sources.c.tenant_id == entries.c.tenant_id, sources.c.key_hmac == entries.c.key_hmac, ~passing)
    ).correlate(entries)


_AFTER: Final = entries.c.created_at > bindparam("after")
_OF_KEY: Final = and_(entries.c.tenant_id == bindparam("tenant_id"), entries.c.key_hmac == bindparam("key_hmac"))
_FOUND: Final = short(select(*ENTRY.columns, ~_has_withdrawn()).where(_OF_KEY, _AFTER))
_USED: Final = short(
    update(entries)
    .where(entries.c.tenant_id == bindparam("of_tenant"), entries.c.key_hmac == bindparam("of_key"))
    .values(used_at=bindparam("at"))
)
_WITH_SOURCES: Final = short(insert(sources))
_WITHOUT_SOURCES: Final = short(
    delete(sources).where(sources.c.tenant_id == bindparam("tenant_id"), sources.c.key_hmac == bindparam("key_hmac"))
)
_BEYOND: Final = (
    select(entries.c.key_hmac)
    .where(entries.c.tenant_id == bindparam("tenant_id"))
    .order_by(entries.c.used_at.desc(), entries.c.key_hmac)
    .offset(bindparam("most", type_=Integer()))
    .limit(_AT_ONCE)
)
"""Not a short one: it passes over all that stay."""
_NEWEST: Final = (
    ENTRY.prepared(entries.c.bucket_hmac == bindparam("bucket_hmac"), _AFTER, entries.c.sealed_vector.is_not(None))
    .order_by(entries.c.created_at.desc(), entries.c.key_hmac)
    .limit(bindparam("most", type_=Integer()))
)


_naming: Final = and_(
    document_readers.c.tenant_id == tenants.c.tenant_id, document_readers.c.reader_id == bindparam("principal_id")
)
_own_build: Final = and_(
    builds.c.tenant_id == tenants.c.tenant_id,
    builds.c.kind == BuildKind.VECTOR,
    builds.c.state == BuildState.ACTIVE,
)
_STANDING: Final[Select[*tuple[Any, ...]]] = short(
    select(tenants.c.seq, glossaries.c.id, exists().where(_naming), *BUILD.columns)
    .join_from(tenants, glossaries, glossaries.c.tenant_id == tenants.c.tenant_id, isouter=True)
    .join(builds, _own_build, isouter=True)
    .where(tenants.c.tenant_id == bindparam("tenant_id"))
)
"""One statement, because every question waits for it."""


class SqlAnswerCache(SqlRepository):
    """Sources go with their entry, by the schema."""

    async def standing(self, tenant_id: Id, principal_id: Id) -> Standing:
        asked = {"tenant_id": tenant_id, "principal_id": principal_id}
        row = (await self._connection.execute(_STANDING, asked)).first()
        if row is None:
            raise NotFound
        build = BUILD.entity(row[3:]) if row[3] is not None else None
        return Standing(int(row[0]), build, str(row[1] or ""), bool(row[2]))

    async def put(self, entry: CachedAnswer, version_ids: Collection[Id], most: int) -> None:
        values = ENTRY.values(entry)
        statement = upsert_into(self._connection, entries).values(values)
        statement = statement.on_conflict_do_update(index_elements=["tenant_id", "key_hmac"], set_=values)
        # Whoever answers the same at the same time waits here, and finds the sources of the first.
        await self._connection.execute(short(statement))
        own = {"tenant_id": entry.tenant_id, "key_hmac": entry.key_hmac}
        await self._connection.execute(_WITHOUT_SOURCES, own)
        rows = [own | {"version_id": version_id} for version_id in sorted(set(version_ids))]
        if rows:
            await self._connection.execute(_WITH_SOURCES, rows)
        await self._trim(entry.tenant_id, most)

    async def find(
        self, tenant_id: Id, key_hmac: str, created_after: datetime, seq: int, readers: frozenset[Id]
    ) -> CacheLookup | None:
        """One statement, because the answer waits for nothing else."""
        asked = {"tenant_id": tenant_id, "key_hmac": key_hmac, "after": created_after, "seq": seq}
        row = (await self._connection.execute(_FOUND, {**asked, "readers": sorted(readers)})).first()
        return None if row is None else CacheLookup(ENTRY.entity(row[:-1]), bool(row[-1]))

    async def touch(self, tenant_id: Id, key_hmac: str, at: datetime) -> None:
        used = {"of_tenant": tenant_id, "of_key": key_hmac, "at": at}
        await self._connection.execute(_USED, used)

    async def drop(self, entry: CachedAnswer) -> None:
        itself = and_(entries.c.key_hmac == entry.key_hmac, entries.c.question_id == entry.question_id)
        await self._connection.execute(delete_of(entries, entry.tenant_id, itself))

    async def newest(self, tenant_id: Id, bucket_hmac: str, created_after: datetime, limit: int) -> list[CachedAnswer]:
        asked = {"tenant_id": tenant_id, "bucket_hmac": bucket_hmac, "after": created_after, "most": limit}
        return await ENTRY.all(self._connection, _NEWEST, **asked)

    async def forget_version(self, tenant_id: Id, version_id: Id) -> None:
        of = select(sources.c.key_hmac).where(sources.c.tenant_id == tenant_id, sources.c.version_id == version_id)
        await self._connection.execute(delete_of(entries, tenant_id, entries.c.key_hmac.in_(of)))

    async def expire(self, created_before: datetime, limit: int) -> int:
        oldest = select(entries.c.tenant_id, entries.c.key_hmac).where(entries.c.created_at < created_before)
        page = await self._connection.execute(oldest.order_by(entries.c.created_at).limit(limit))
        keys = [tuple(row) for row in page]
        if keys:
            await self._connection.execute(
                delete(entries).where(tuple_(entries.c.tenant_id, entries.c.key_hmac).in_(keys))
            )
        return len(keys)

    async def _trim(self, tenant_id: Id, most: int) -> None:
        keys = list((await self._connection.execute(_BEYOND, {"tenant_id": tenant_id, "most": most})).scalars())
        if keys:
            await self._connection.execute(delete_of(entries, tenant_id, one_of(entries.c.key_hmac, keys)))
