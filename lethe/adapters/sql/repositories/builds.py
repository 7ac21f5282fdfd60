"""Index builds."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import and_, bindparam, exists, func, insert, or_, select, update

from lethe.adapters.sql.one_hop import short
from lethe.adapters.sql.repositories.base import SqlRepository
from lethe.adapters.sql.rows import Mapped
from lethe.adapters.sql.tables import index_builds as builds
from lethe.adapters.sql.tables import tenants
from lethe.model.ids import Id
from lethe.model.indexes import BuildKind, BuildState, IndexBuild

BUILD: Final = Mapped(IndexBuild, builds)
_LISTED: Final = short(BUILD.prepared(builds.c.state != BuildState.DROPPED).order_by(builds.c.kind, builds.c.number))
_OPEN: Final = (BuildState.ACTIVE, BuildState.BUILDING)
_OF_KIND: Final = short(BUILD.prepared(builds.c.kind == bindparam("kind")))
_ACTIVE: Final = _OF_KIND.where(builds.c.state == BuildState.ACTIVE)
_KEPT: Final = _OF_KIND.where(builds.c.state.in_((BuildState.ACTIVE, BuildState.SOAKING)))


class SqlBuilds(SqlRepository):
    async def add(self, build: IndexBuild) -> None:
        await self._connection.execute(insert(builds).values(BUILD.values(build)))

    async def get(self, tenant_id: Id, build_id: Id) -> IndexBuild | None:
        return await BUILD.one(self._connection, BUILD.of(tenant_id, builds.c.id == build_id))

    async def active(self, tenant_id: Id, kind: BuildKind) -> IndexBuild | None:
        return await BUILD.one(self._connection, _ACTIVE, tenant_id=tenant_id, kind=kind)

    async def reading(self, tenant_id: Id, kind: BuildKind, seq: int) -> IndexBuild | None:
        """Where what was served then is dropped by now, the oldest one that is left."""
        found = await BUILD.all(self._connection, _KEPT, tenant_id=tenant_id, kind=kind)
        begun = [(commit, build) for build in found for commit in build.served_from if commit <= seq]
        if begun:
            return max(begun, key=lambda each: each[0])[1]
        return min(found, key=lambda build: build.number, default=None)

    async def active_specs(self, kind: BuildKind) -> dict[str, int]:
        wanted = select(builds.c.spec, func.count()).where(builds.c.kind == kind, builds.c.state == BuildState.ACTIVE)
        rows = await self._connection.execute(wanted.group_by(builds.c.spec))
        return {str(spec): int(tenants) for spec, tenants in rows}

    async def list(self, tenant_id: Id) -> list[IndexBuild]:
        return await BUILD.all(self._connection, _LISTED, tenant_id=tenant_id)

    async def open_keywords(self, tenant_id: Id) -> Sequence[IndexBuild]:
        wanted = BUILD.of(tenant_id, builds.c.kind == BuildKind.KEYWORD, builds.c.state.in_(_OPEN))
        return await BUILD.all(self._connection, wanted.order_by(builds.c.number))

    async def wanting_keywords(self, spec: str) -> Sequence[Id]:
        of_words = and_(builds.c.tenant_id == tenants.c.tenant_id, builds.c.kind == BuildKind.KEYWORD)
        current = exists().where(of_words, builds.c.state.in_(_OPEN), builds.c.spec == spec)
        retired = exists().where(of_words, builds.c.state == BuildState.RETIRED)
        wanting = select(tenants.c.tenant_id).where(or_(~current, retired)).order_by(tenants.c.tenant_id)
        return list((await self._connection.execute(wanting)).scalars())

    async def some_keywords(self, limit: int) -> Sequence[IndexBuild]:
        is_open = and_(builds.c.kind == BuildKind.KEYWORD, builds.c.state.in_(_OPEN))
        drawn = BUILD.select().where(is_open).order_by(func.random()).limit(limit)
        return await BUILD.all(self._connection, drawn)

    async def next_number(self, tenant_id: Id, kind: BuildKind) -> int:
        last = select(func.max(builds.c.number)).where(builds.c.tenant_id == tenant_id, builds.c.kind == kind)
        return int((await self._connection.execute(last)).scalar_one() or 0) + 1

    async def update(self, build: IndexBuild) -> None:
        await self._set(build.tenant_id, build.id, BUILD.values(build))

    async def set_state(self, tenant_id: Id, build_id: Id, state: BuildState) -> None:
        await self._set(tenant_id, build_id, {"state": state})

    async def set_seq(self, tenant_id: Id, build_id: Id, seq: int) -> None:
        await self._set(tenant_id, build_id, {"seq": seq})

    async def _set(self, tenant_id: Id, build_id: Id, values: Mapping[str, Any]) -> None:
        await self._connection.execute(
            update(builds).where(builds.c.tenant_id == tenant_id, builds.c.id == build_id).values(dict(values))
        )
