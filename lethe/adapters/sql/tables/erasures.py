"""Erasure requests, what they found and erased, and the tags that keep the erased from coming back."""

from sqlalchemy import Boolean, Column, Date, Index, Integer, LargeBinary, String, Table, text

from lethe.adapters.sql.tables.metadata import id_key, metadata, of_tenant, refers, tenant_key
from lethe.adapters.sql.types import TextTuple, UtcDateTime, column, id_column, word
from lethe.model.erasures import ErasureBasis, ErasureMethod, ErasureState, IdentifierKind, ItemState, PurgeState

erasures = Table(
    "erasures",
    metadata,
    tenant_key(),
    id_key(),
    column("state", word(ErasureState)),
    column("basis", word(ErasureBasis)),
    column("reason", String(32)),
    column("document_ids", TextTuple),
    column("prefix_hmacs", TextTuple),
    id_column("requested_by"),
    column("created_at", UtcDateTime),
    column("updated_at", UtcDateTime),
    column("deadline_at", UtcDateTime),
    column("documents", Integer),
    column("needs_approval", Boolean),
    id_column("approved_by", nullable=True),
    column("held_from", word(ErasureState), nullable=True),
    column("hold_reason", String(32)),
    column("rounds", Integer),
    column("accepted_at", UtcDateTime, nullable=True),
    column("fenced_at", UtcDateTime, nullable=True),
    column("discovered_at", UtcDateTime, nullable=True),
    column("deleted_at", UtcDateTime, nullable=True),
    column("purged_at", UtcDateTime, nullable=True),
    column("verified_at", UtcDateTime, nullable=True),
    column("certified_at", UtcDateTime, nullable=True),
    column("ended_at", UtcDateTime, nullable=True),
    column("round_at", UtcDateTime, nullable=True),
    column("erasing_at", UtcDateTime, nullable=True),
    column("purging_at", UtcDateTime, nullable=True),
    column("rounds_before", Integer),
    of_tenant(),
    Index(None, "tenant_id", "created_at", "id"),
    # What every gate asks: almost always it is empty.
    Index(
        "ix_erasures_fencing",
        "tenant_id",
        "id",
        sqlite_where=text("fenced_at IS NOT NULL AND ended_at IS NULL"),
        postgresql_where=text("fenced_at IS NOT NULL AND ended_at IS NULL"),
    ),
)

erasure_identifiers = Table(
    "erasure_identifiers",
    metadata,
    tenant_key(),
    id_key("erasure_id"),
    Column("kind", word(IdentifierKind), primary_key=True),
    Column("blind", String(64), primary_key=True),
    column("tag", String(32)),
    column("sealed_identifier", LargeBinary),
    column("tagged_at", UtcDateTime, nullable=True),
    refers("erasure_id", "erasures", cascade=True),
)

erasure_subjects = Table(
    "erasure_subjects",
    metadata,
    tenant_key(),
    id_key("erasure_id"),
    id_key("subject_id"),
    # No reference to subjects: a subject goes with its last link, and two requests may be about one person.
    refers("erasure_id", "erasures", cascade=True),
    Index(None, "tenant_id", "subject_id"),
)

erasure_items = Table(
    "erasure_items",
    metadata,
    tenant_key(),
    id_key("erasure_id"),
    Column("store", String(32), primary_key=True),
    Column("kind", String(32), primary_key=True),
    Column("ref", String(200), primary_key=True),
    column("state", word(ItemState)),
    column("code", String(64)),
    column("round", Integer),
    column("updated_at", UtcDateTime),
    refers("erasure_id", "erasures", cascade=True),
    Index(None, "tenant_id", "erasure_id", "state"),
)

erasure_stores = Table(
    "erasure_stores",
    metadata,
    tenant_key(),
    id_key("erasure_id"),
    Column("store", String(32), primary_key=True),
    column("located", Integer),
    column("erased", Integer),
    column("held", Integer),
    column("remaining", Integer),
    column("method", word(ErasureMethod)),
    column("purge", word(PurgeState)),
    column("horizon_at", UtcDateTime, nullable=True),
    column("round", Integer),
    column("updated_at", UtcDateTime),
    refers("erasure_id", "erasures", cascade=True),
)

suppressions = Table(
    "suppressions",
    metadata,
    tenant_key(),
    Column("tag", String(32), primary_key=True),
    column("day", Date),
    of_tenant(),
)
