"""People that documents are about: found by a keyed digest, named only under a key of their own."""

from sqlalchemy import Column, LargeBinary, String, Table

from lethe.adapters.sql.tables.metadata import id_key, metadata, of_tenant, refers, tenant_key
from lethe.adapters.sql.types import UtcDateTime, column, id_column

subjects = Table("subjects", metadata, tenant_key(), id_key(), column("created_at", UtcDateTime), of_tenant())

subject_identifiers = Table(
    "subject_identifiers",
    metadata,
    tenant_key(),
    Column("kind", String(32), primary_key=True),
    Column("blind", String(64), primary_key=True),
    id_column("subject_id"),
    column("sealed_identifier", LargeBinary),
    refers("subject_id", "subjects", cascade=True),
)

subject_links = Table(
    "subject_links",
    metadata,
    tenant_key(),
    id_key("version_id"),
    id_key("subject_id"),
    # No cascade on either side: unlinking decides whether the subject goes too.
    refers("subject_id", "subjects"),
    refers("version_id", "document_versions"),
)
