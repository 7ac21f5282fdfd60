"""Whose store a database is. The key ring has the same table in its own database."""

from sqlalchemy import CheckConstraint, Column, Integer, MetaData, String, Table

from lethe.adapters.sql.tables.metadata import metadata
from lethe.adapters.sql.types import column, id_column, word
from lethe.settings import Environment


def stamp_table(owner: MetaData) -> Table:
    """One row: the environment, and the installation whose stores belong together."""
    return Table(
        "environment_stamp",
        owner,
        Column("singleton", Integer, primary_key=True, autoincrement=False),
        column("environment", word(Environment)),
        id_column("installation_id"),
        column("store", String(32)),
        CheckConstraint("singleton = 1", name="one_row"),
    )


environment_stamp = stamp_table(metadata)
