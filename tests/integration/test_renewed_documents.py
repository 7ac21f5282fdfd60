"""A database from before ages were kept: its documents are as old as they were last sent."""

from alembic import command
from sqlalchemy import Connection, create_engine, text

from migrations import BRANCHES

LEDGER = BRANCHES["ledger"]
FIRST, LAST, NOW = "2025-01-01 00:00:00.000000", "2026-06-01 00:00:00.000000", "2026-07-01 00:00:00.000000"


def test_what_was_sent_again_is_as_young_as_that() -> None:
    with create_engine("sqlite://").connect() as connection:
        command.upgrade(LEDGER.config(connection), "0021")
        _insert(connection, "tenants", tenant_id="t")
        for name in ("resent", "kept"):
            _insert(connection, "documents", tenant_id="t", id=name, created_at=FIRST)
        _insert(connection, "documents", tenant_id="t", id="known", created_at=FIRST, renewed_at=NOW)
        for name, document, at in (("1", "resent", FIRST), ("2", "resent", LAST), ("3", "kept", FIRST)):
            _insert(connection, "document_versions", tenant_id="t", id=name, document_id=document, created_at=at)
        mine = {"rewritten_at": NOW, "created_at": NOW}
        _insert(connection, "document_versions", tenant_id="t", id="4", document_id="kept", submission=2, **mine)
        command.upgrade(LEDGER.config(connection), "0022")
        found = connection.execute(text("SELECT id, renewed_at FROM documents")).all()
        assert {row[0]: row[1] for row in found} == {"resent": LAST, "kept": FIRST, "known": NOW}


def _insert(connection: Connection, table: str, **values: object) -> None:
    """Columns that must be given and are not are told apart by the row's own id."""
    columns = connection.execute(text(f"PRAGMA table_info({table})")).mappings().all()
    row = {each["name"]: str(values.get("id", "0")) for each in columns if each["notnull"]} | values
    names = ", ".join(row)
    places = ", ".join(f":{name}" for name in row)
    connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({places})"), row)
