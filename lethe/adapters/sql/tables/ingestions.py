"""Bulk ingestions."""

from sqlalchemy import BigInteger, Index, Integer, LargeBinary, String, Table

from lethe.adapters.sql.tables.metadata import id_key, metadata, of_tenant, refers, tenant_key
from lethe.adapters.sql.types import TextTuple, UtcDateTime, column, id_column, word
from lethe.model.ingestions import IngestionState
from lethe.model.principals import Role

ingestions = Table(
    "ingestions",
    metadata,
    tenant_key(),
    id_key(),
    id_column("principal_id"),
    column("role", word(Role)),
    column("groups", TextTuple),
    column("state", word(IngestionState)),
    column("batch_window", Integer),
    column("created_at", UtcDateTime),
    column("updated_at", UtcDateTime),
    column("closed_at", UtcDateTime, nullable=True),
    column("ended_at", UtcDateTime, nullable=True),
    column("given", BigInteger),
    column("added", BigInteger),
    column("updated", BigInteger),
    column("skipped", BigInteger),
    column("refused", BigInteger),
    column("archive_key", String(200)),
    column("archive_hmac", String(64)),
    column("unpacked", BigInteger),
    column("sealed_options", LargeBinary),
    of_tenant(),
    Index(None, "tenant_id", "created_at", "id"),
)

ingestion_refusals = Table(
    "ingestion_refusals",
    metadata,
    tenant_key(),
    id_column("ingestion_id"),
    id_key(),
    column("code", String(64)),
    column("sealed_name", LargeBinary),
    column("created_at", UtcDateTime),
    refers("ingestion_id", "ingestions"),
    Index(None, "tenant_id", "ingestion_id", "id"),
)
