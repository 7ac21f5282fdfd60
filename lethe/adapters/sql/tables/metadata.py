"""The ledger's MetaData and the names its constraints get."""

from collections.abc import Mapping
from typing import Final

from sqlalchemy import Column, ForeignKeyConstraint, MetaData

from lethe.adapters.sql.types import IdText

NAMING: Final[Mapping[str, str]] = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

metadata = MetaData(naming_convention=NAMING)


def tenant_key() -> Column[str]:
    """The first part of every primary key."""
    return Column("tenant_id", IdText(), primary_key=True)


def id_key(name: str = "id") -> Column[str]:
    """A further part of a primary key."""
    return Column(name, IdText(), primary_key=True)


def of_tenant() -> ForeignKeyConstraint:
    """Every row belongs to a tenant that exists."""
    return ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"])


def refers(column: str, table: str, *, cascade: bool = False) -> ForeignKeyConstraint:
    """(tenant_id, column) -> (tenant_id, id) of the table."""
    return ForeignKeyConstraint(
        ["tenant_id", column], [f"{table}.tenant_id", f"{table}.id"], ondelete="CASCADE" if cascade else None
    )
