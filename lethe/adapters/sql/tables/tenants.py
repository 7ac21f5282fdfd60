"""Tenants, their clock, and the keys that speak for their principals."""

from sqlalchemy import BigInteger, ForeignKeyConstraint, Index, String, Table

from lethe.adapters.sql.tables.metadata import id_key, metadata, of_tenant, tenant_key
from lethe.adapters.sql.types import TextTuple, UtcDateTime, column, id_column, word
from lethe.model.principals import Role

tenants = Table(
    "tenants",
    metadata,
    tenant_key(),
    column("name", String(200)),
    column("seq", BigInteger),
    column("created_at", UtcDateTime),
    column("allowed_providers", TextTuple, nullable=True),
)

api_keys = Table(
    "api_keys",
    metadata,
    tenant_key(),
    id_key(),
    id_column("principal_id"),
    column("role", word(Role)),
    column("secret_sha256", String(64)),
    column("created_at", UtcDateTime),
    column("revoked_at", UtcDateTime, nullable=True),
    of_tenant(),
    # A credential is looked up before its tenant is known, so its digest alone must find it.
    Index("uq_api_keys_secret_sha256", "secret_sha256", unique=True),
)

api_key_groups = Table(
    "api_key_groups",
    metadata,
    tenant_key(),
    id_key("key_id"),
    id_key("group_id"),
    ForeignKeyConstraint(["tenant_id", "key_id"], ["api_keys.tenant_id", "api_keys.id"], ondelete="CASCADE"),
)
