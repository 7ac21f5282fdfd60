"""Index builds: the one mechanism for generation, migration, purge, repair and soak."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from lethe.model.ids import Id


class BuildKind(StrEnum):
    VECTOR = "vector"
    KEYWORD = "keyword"


class BuildState(StrEnum):
    BUILDING = "building"
    ACTIVE = "active"
    SOAKING = "soaking"
    RETIRED = "retired"
    DROPPED = "dropped"


MOVES: Final[Mapping[BuildState, frozenset[BuildState]]] = {
    BuildState.BUILDING: frozenset({BuildState.ACTIVE, BuildState.RETIRED}),
    BuildState.ACTIVE: frozenset({BuildState.SOAKING, BuildState.RETIRED}),
    BuildState.SOAKING: frozenset({BuildState.ACTIVE, BuildState.RETIRED}),
    BuildState.RETIRED: frozenset({BuildState.DROPPED}),
    BuildState.DROPPED: frozenset(),
}
"""What a build may become. Soaking: replaced, and still read by questions that began before, or kept for a way back;
retired: nobody reads it any more; dropped: its store was asked, and holds nothing of it."""

OVER: Final = frozenset({BuildState.RETIRED, BuildState.DROPPED})


@dataclass(frozen=True, slots=True)
class IndexBuild:
    """One physical copy of a tenant's searchable corpus. ``seq`` is the tenant's clock up to which it is complete.

    ``parameters``: how its store keeps it (lethe.model.index_parameters.IndexParameters.key).
    ``served_from``: the commits that made it the active one, the last one last; several where it was taken back.
    """

    tenant_id: Id
    id: Id
    kind: BuildKind
    spec: str
    number: int
    collection: str
    state: BuildState
    seq: int
    created_at: datetime
    served_from: tuple[int, ...] = ()
    parameters: str = ""

    @property
    def physical_tenant(self) -> str:
        """The name of the store's own tenant (shard) that holds this build."""
        return f"t{UUID(self.tenant_id).hex}_b{self.number}"


@dataclass(frozen=True, slots=True)
class EmbeddingSpec:
    """What makes two vectors comparable: same model, revision, dimensions and preprocessing."""

    model: str
    revision: str
    dims: int
    preprocessing: str

    @property
    def key(self) -> str:
        """The spec in one line, as stored beside every vector."""
        return f"{self.model}@{self.revision}/{self.dims}/{self.preprocessing}"


def dims_of(spec: str) -> int:
    """The dimensions that a spec's key names."""
    return int(spec.rpartition("@")[2].split("/")[1])


INDEX_REVISION: Final = "1"
"""A number, raised when what an index holds of a text changes: its terms (model.terms), a collection's properties."""


def collection_name(spec: str, parameters: str = "") -> str:
    """The store's collection for a spec and INDEX_REVISION: what may not be searched together is not held together, nor
    what is to be kept otherwise.
    """
    told = "#".join([spec, INDEX_REVISION, *([parameters] if parameters else [])])
    return f"Lethe_{hashlib.sha256(told.encode()).hexdigest()[:16]}"


KEYWORD_SPEC: Final = f"terms@{INDEX_REVISION}"
"""The spec of keyword builds: they hold what `lethe.model.terms` makes of a text, and no vectors."""


class ArtefactStore(StrEnum):
    """Where an artefact of a version is."""

    BLOB = "blob"
    VECTOR = "vector"
    KEYWORD = "keyword"


class ArtefactState(StrEnum):
    PLANNED = "planned"
    COMMITTED = "committed"


@dataclass(frozen=True, slots=True)
class Artefact:
    """One row per (version, store, build), written before the artefact itself, so nothing outlives its name.

    ``build_id`` is the nil UUID where the store has no builds (blobs).
    """

    tenant_id: Id
    version_id: Id
    store: ArtefactStore
    build_id: Id
    state: ArtefactState
    created_at: datetime


NIL_ID: Id = "00000000-0000-0000-0000-000000000000"
