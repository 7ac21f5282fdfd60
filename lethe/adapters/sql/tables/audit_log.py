"""The log of erasures. One for the installation: its order is what it proves, so its key is the leaf's position."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, Text

from lethe.adapters.sql.tables.metadata import metadata
from lethe.adapters.sql.types import UtcDateTime, column, id_column, word
from lethe.model.audit_log import LeafKind

log_leaves = Table(
    "log_leaves",
    metadata,
    Column("leaf_index", BigInteger, primary_key=True, autoincrement=False),
    column("kind", word(LeafKind)),
    id_column("tenant_id", nullable=True),
    id_column("ref", nullable=True),
    column("number", Integer),
    column("data", Text),
    id_column("key_id", nullable=True),
    column("sealed_detail", LargeBinary, nullable=True),
    column("nodes", Text),
    column("created_at", UtcDateTime),
    Index("uq_log_leaves_logged_once", "tenant_id", "ref", "kind", "number", unique=True),
)

log_checkpoints = Table(
    "log_checkpoints",
    metadata,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    column("note", Text),
    column("witness_key", Text),
    column("created_at", UtcDateTime),
)
