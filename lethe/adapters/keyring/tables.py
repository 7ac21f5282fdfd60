"""The key ring's schema, in a database of its own so that its backup can be kept shorter than the ledger's."""

from sqlalchemy import ForeignKeyConstraint, LargeBinary, MetaData, String, Table

from lethe.adapters.sql.tables.metadata import NAMING, id_key, tenant_key
from lethe.adapters.sql.tables.stamp import stamp_table
from lethe.adapters.sql.types import column

metadata = MetaData(naming_convention=NAMING)

tenant_keys = Table("tenant_keys", metadata, tenant_key(), column("fingerprint", String(64)))

data_keys = Table(
    "data_keys",
    metadata,
    tenant_key(),
    id_key("key_id"),
    # NULL is the tombstone: the row of a destroyed key stays, so that the key cannot be made again.
    column("wrapped", LargeBinary, nullable=True),
    ForeignKeyConstraint(["tenant_id"], ["tenant_keys.tenant_id"]),
)

environment_stamp = stamp_table(metadata)
