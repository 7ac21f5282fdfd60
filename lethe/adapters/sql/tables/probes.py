"""Probes of embedding models, and the vectors they are held against."""

from sqlalchemy import JSON, Column, Double, Integer, String, Table

from lethe.adapters.sql.tables.metadata import metadata, of_tenant, tenant_key
from lethe.adapters.sql.types import UtcDateTime, column

embedding_probes = Table(
    "embedding_probes",
    metadata,
    tenant_key(),
    Column("spec", String(200), primary_key=True),
    column("probed_at", UtcDateTime),
    column("compared", Integer),
    column("worst", Double),
    column("stopped_at", UtcDateTime, nullable=True),
    of_tenant(),
)

quality_probes = Table(
    "quality_probes",
    metadata,
    tenant_key(),
    column("probed_at", UtcDateTime),
    column("questions", Integer),
    column("precision", Double, nullable=True),
    of_tenant(),
)

embedding_references = Table(
    "embedding_references",
    metadata,
    tenant_key(),
    Column("spec", String(200), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    column("vector", JSON),
    of_tenant(),
)
