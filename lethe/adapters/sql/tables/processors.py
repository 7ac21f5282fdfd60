"""Calls of outside processors, what each was about, and which processors a tenant allows."""

from sqlalchemy import BigInteger, Boolean, ForeignKeyConstraint, Index, Integer, String, Table

from lethe.adapters.sql.tables.metadata import id_key, metadata, of_tenant, tenant_key
from lethe.adapters.sql.types import TextTuple, UtcDateTime, column, id_column, word
from lethe.model.processors import Operation

processor_calls = Table(
    "processor_calls",
    metadata,
    tenant_key(),
    id_key(),
    column("provider", String(64)),
    column("region", String(64)),
    column("model", String(200)),
    column("operation", word(Operation)),
    column("inputs", Integer),
    column("tokens", Integer),
    column("status", String(64)),
    column("created_at", UtcDateTime),
    column("finished_at", UtcDateTime, nullable=True),
    id_column("principal_id", nullable=True),
    column("tokens_out", BigInteger),
    column("cost_micros", BigInteger),
    column("currency", String(3)),
    column("is_estimated", Boolean),
    of_tenant(),
    Index(None, "tenant_id", "created_at"),
    Index("ix_processor_calls_created_at", "created_at"),
)

processor_policies = Table(
    "processor_policies",
    metadata,
    tenant_key(),
    id_key(),
    id_column("principal_id"),
    column("allowed", TextTuple, nullable=True),
    column("created_at", UtcDateTime),
    of_tenant(),
    Index(None, "tenant_id", "created_at", "id"),
)

processor_call_refs = Table(
    "processor_call_refs",
    metadata,
    tenant_key(),
    id_key("call_id"),
    id_key("ref"),
    # No reference to the document or question: the call stays known when they are gone.
    ForeignKeyConstraint(
        ["tenant_id", "call_id"], ["processor_calls.tenant_id", "processor_calls.id"], ondelete="CASCADE"
    ),
    Index(None, "tenant_id", "ref"),
)
