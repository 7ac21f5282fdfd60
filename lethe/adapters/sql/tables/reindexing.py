"""Rounds that make versions anew."""

from sqlalchemy import BigInteger, Boolean, Double, Index, String, Table

from lethe.adapters.sql.tables.metadata import id_key, metadata, of_tenant, tenant_key
from lethe.adapters.sql.types import TextTuple, UtcDateTime, column, word
from lethe.model.reindexing import ReindexState

COUNTS = ("matched", "parser", "chunker", "policy", "chunks", "tokens", "begun", "skipped", "failed", "cost_micros")

reindexes = Table(
    "reindexes",
    metadata,
    tenant_key(),
    id_key(),
    column("state", word(ReindexState)),
    column("dry_run", Boolean),
    column("reasons", TextTuple),
    column("created_at", UtcDateTime),
    column("ended_at", UtcDateTime, nullable=True),
    *(column(name, BigInteger) for name in COUNTS),
    column("currency", String(3)),
    column("seconds", Double),
    of_tenant(),
    Index(None, "tenant_id", "created_at", "id"),
)
