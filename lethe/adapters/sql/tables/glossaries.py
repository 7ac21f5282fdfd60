"""A tenant's glossary."""

from sqlalchemy import LargeBinary, Table

from lethe.adapters.sql.tables.metadata import metadata, of_tenant, tenant_key
from lethe.adapters.sql.types import UtcDateTime, column, id_column

glossaries = Table(
    "glossaries",
    metadata,
    tenant_key(),
    id_column("id"),
    id_column("principal_id"),
    column("sealed_entries", LargeBinary),
    column("updated_at", UtcDateTime),
    of_tenant(),
)
