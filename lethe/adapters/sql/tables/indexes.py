"""Index builds and the artefacts of versions."""

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, text

from lethe.adapters.sql.tables.metadata import id_key, metadata, of_tenant, refers, tenant_key
from lethe.adapters.sql.types import NumberTuple, UtcDateTime, column, word
from lethe.model.indexes import ArtefactState, ArtefactStore, BuildKind, BuildState


def _at_most_one(state: BuildState) -> Index:
    """Per tenant and kind at most one build in this state."""
    only = text(f"state = '{state.value}'")
    name = f"uq_index_builds_{state.value}"
    return Index(name, "tenant_id", "kind", unique=True, sqlite_where=only, postgresql_where=only)


index_builds = Table(
    "index_builds",
    metadata,
    tenant_key(),
    id_key(),
    column("kind", word(BuildKind)),
    column("spec", String(200)),
    column("parameters", String(100)),
    column("number", Integer),
    column("collection", String(200)),
    column("state", word(BuildState)),
    column("seq", BigInteger),
    column("served_from", NumberTuple),
    column("created_at", UtcDateTime),
    of_tenant(),
    Index("uq_index_builds_number", "tenant_id", "kind", "number", unique=True),
    _at_most_one(BuildState.ACTIVE),
    _at_most_one(BuildState.BUILDING),
)

artefacts = Table(
    "artefacts",
    metadata,
    tenant_key(),
    id_key("version_id"),
    Column("store", word(ArtefactStore), primary_key=True),
    id_key("build_id"),
    column("state", word(ArtefactState)),
    column("created_at", UtcDateTime),
    # No cascade: a version cannot go while rows still say where its bytes are.
    refers("version_id", "document_versions"),
)
