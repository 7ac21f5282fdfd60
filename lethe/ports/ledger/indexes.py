"""Index builds, and the artefacts written to them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from lethe.model.ids import Id
from lethe.model.indexes import Artefact, ArtefactState, ArtefactStore, BuildKind, BuildState, IndexBuild


class IndexBuildRepository(Protocol):
    async def add(self, build: IndexBuild) -> None: ...
    async def get(self, tenant_id: Id, build_id: Id) -> IndexBuild | None: ...

    async def active(self, tenant_id: Id, kind: BuildKind) -> IndexBuild | None: ...

    async def reading(self, tenant_id: Id, kind: BuildKind, seq: int) -> IndexBuild | None:
        """The build that a question reads which began at ``seq``: the active one of then, while it is kept."""
        ...

    async def active_specs(self, kind: BuildKind) -> Mapping[str, int]:
        """How many tenants have an active build of each spec: for start-up, over all tenants."""
        ...

    async def list(self, tenant_id: Id) -> list[IndexBuild]:
        """All that are not dropped, by kind and number."""
        ...

    async def open_keywords(self, tenant_id: Id) -> Sequence[IndexBuild]:
        """The keyword builds that are written: the active one, and one that is being built."""
        ...

    async def wanting_keywords(self, spec: str) -> Sequence[Id]:
        """Tenants, of all, that have no open keyword build of this spec, or a retired one to be dropped."""
        ...

    async def some_keywords(self, limit: int) -> Sequence[IndexBuild]:
        """Open keyword builds of any tenant, drawn by lot."""
        ...

    async def next_number(self, tenant_id: Id, kind: BuildKind) -> int:
        """A number that no build of the kind has or had."""
        ...

    async def update(self, build: IndexBuild) -> None:
        """Write every column of a row that was read under the tenant's lock."""
        ...

    async def set_state(self, tenant_id: Id, build_id: Id, state: BuildState) -> None: ...

    async def set_seq(self, tenant_id: Id, build_id: Id, seq: int) -> None: ...


class ArtefactRepository(Protocol):
    async def plan(self, artefact: Artefact) -> None:
        """Insert, or leave the row that is there."""
        ...

    async def plan_many(self, artefacts: Sequence[Artefact]) -> None:
        """As `plan`, for each."""
        ...

    async def set_states(
        self, tenant_id: Id, version_ids: Collection[Id], store: ArtefactStore, build_id: Id, state: ArtefactState
    ) -> None:
        """As `set_state`, for each of the versions."""
        ...

    async def set_state(
        self, tenant_id: Id, version_id: Id, store: ArtefactStore, build_id: Id, state: ArtefactState
    ) -> None: ...

    async def committed(self, tenant_id: Id, version_ids: Collection[Id], build_id: Id) -> frozenset[Id]:
        """Those of the versions that were written whole to the build."""
        ...

    async def incomplete(self, tenant_id: Id) -> list[Id]:
        """The documents of which some vector build holds less than what is served."""
        ...

    async def of_version(self, tenant_id: Id, version_id: Id) -> list[Artefact]: ...

    async def forget_build(self, tenant_id: Id, build_id: Id) -> None:
        """Remove the rows of a build that is no more."""
        ...

    async def delete(self, tenant_id: Id, version_id: Id) -> None: ...
