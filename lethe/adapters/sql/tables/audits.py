"""Audits with what they found, and selections of documents that one workflow changes."""

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Table

from lethe.adapters.sql.tables.metadata import id_key, metadata, of_tenant, refers, tenant_key
from lethe.adapters.sql.types import TextTuple, UtcDateTime, column, id_column, word
from lethe.model.audits import AuditState, AuditTrigger
from lethe.model.indexes import ArtefactStore
from lethe.model.principals import Role
from lethe.model.selections import SelectionAction, SelectionState

audits = Table(
    "audits",
    metadata,
    tenant_key(),
    id_key(),
    column("state", word(AuditState)),
    column("trigger", word(AuditTrigger)),
    column("created_at", UtcDateTime),
    column("ended_at", UtcDateTime, nullable=True),
    of_tenant(),
    Index(None, "tenant_id", "created_at", "id"),
)

audit_counts = Table(
    "audit_counts",
    metadata,
    tenant_key(),
    id_key("audit_id"),
    Column("store", word(ArtefactStore), primary_key=True),
    id_key("build_id"),
    column("expected", BigInteger),
    column("found", BigInteger),
    column("orphans", BigInteger),
    column("holes", BigInteger),
    column("stale", BigInteger),
    column("repaired", BigInteger),
    column("refused", BigInteger),
    refers("audit_id", "audits", cascade=True),
)

selections = Table(
    "selections",
    metadata,
    tenant_key(),
    id_key(),
    column("action", word(SelectionAction)),
    column("state", word(SelectionState)),
    id_column("principal_id"),
    column("role", word(Role)),
    column("readers", TextTuple),
    column("sealed_wish", LargeBinary),
    column("matched", BigInteger),
    column("done", BigInteger),
    column("skipped", BigInteger),
    column("created_at", UtcDateTime),
    column("ended_at", UtcDateTime, nullable=True),
    of_tenant(),
    Index(None, "tenant_id", "created_at", "id"),
)
