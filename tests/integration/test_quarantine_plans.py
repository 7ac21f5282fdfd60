"""What the gate costs beside many quarantines, told by the engines themselves: no clock is looked at."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import Connection, event, insert, text
from sqlalchemy.ext.asyncio import AsyncConnection

from lethe.adapters.sql import SqlLedger
from lethe.adapters.sql.engine import make_engines, transaction
from lethe.adapters.sql.repositories.chunks import SqlChunks
from lethe.adapters.sql.repositories.documents import DOCUMENT
from lethe.adapters.sql.repositories.quarantines import QUARANTINE
from lethe.adapters.sql.tables import document_quarantines
from lethe.model.ids import Id, new_id
from lethe.model.quarantines import Quarantine, QuarantineKind
from lethe.settings import Settings
from tests.contract.ledger_rows import NOON, add_document, add_tenant, document

QUARANTINES = 1_000
HIDDEN_BY_EACH = 20
HITS = 50
HIDDEN = document_quarantines.name


async def test_the_gate_reads_no_more_beside_a_thousand_quarantines(
    ledger: SqlLedger, sql_settings: Settings, record_property: Callable[[str, object], None]
) -> None:
    tenant_id = await add_tenant(ledger)
    chunk_ids: list[Id] = []
    async with ledger.write() as uow:
        for _ in range(HITS):
            *_, chunks = await add_document(uow, tenant_id, count=1)
            chunk_ids.append(chunks[0].id)
    engines = make_engines(sql_settings.sql_url, sql_settings.sql)
    async with transaction(engines.writing) as connection:
        await hide_others(connection, tenant_id)
        if connection.dialect.name == "sqlite":
            steps = [step for step in await sqlite_plan(connection, tenant_id, chunk_ids) if HIDDEN in step]
            assert len(steps) == 1
            assert steps[0].startswith("SEARCH")
            assert steps[0].endswith("(tenant_id=? AND document_id=?)")
        else:
            read = await postgres_rows_read(connection, tenant_id, chunk_ids)
            record_property("rows of quarantines read by a gate of 50 hits beside 20,000 of them", read)
            assert read <= HITS
    await engines.close()


async def hide_others(connection: AsyncConnection, tenant_id: Id) -> None:
    """Many quarantines, each of documents that are not among the hits."""
    orders = [
        Quarantine(tenant_id, new_id(), QuarantineKind.SOURCE_PREFIX, new_id(), "review", tenant_id, b"", NOON)
        for _ in range(QUARANTINES)
    ]
    others = [document(tenant_id) for _ in range(QUARANTINES * HIDDEN_BY_EACH)]
    await connection.execute(insert(QUARANTINE.table), [QUARANTINE.values(each) for each in orders])
    await connection.execute(insert(DOCUMENT.table), [DOCUMENT.values(each) for each in others])
    rows = [
        {"tenant_id": tenant_id, "document_id": each.id, "quarantine_id": orders[place % QUARANTINES].id}
        for place, each in enumerate(others)
    ]
    await connection.execute(insert(document_quarantines), rows)
    await connection.execute(text("ANALYZE"))


async def sqlite_plan(connection: AsyncConnection, tenant_id: Id, chunk_ids: list[Id]) -> list[str]:
    statement, parameters = await asked_by_the_gate(connection, tenant_id, chunk_ids)
    return [str(row.detail) for row in await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]


async def postgres_rows_read(connection: AsyncConnection, tenant_id: Id, chunk_ids: list[Id]) -> int:
    """Rows of document_quarantines that were looked at, whether or not they were of use."""
    statement, parameters = await asked_by_the_gate(connection, tenant_id, chunk_ids)
    (row,) = await connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters)
    (told,) = json.loads(row[0]) if isinstance(row[0], str) else row[0]
    nodes = [node for node in below(told["Plan"]) if node.get("Relation Name") == HIDDEN]
    assert nodes
    return sum((node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"] for node in nodes)


def below(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", []):
        yield from below(part)


async def asked_by_the_gate(connection: AsyncConnection, tenant_id: Id, chunk_ids: list[Id]) -> tuple[str, Any]:
    """The gate's one statement, as the driver gets it."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: Connection, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        asked.append((statement, parameters))

    event.listen(connection.sync_connection, "before_cursor_execute", note)
    passed = await SqlChunks(connection).gate(tenant_id, chunk_ids, 1, frozenset({tenant_id}))
    event.remove(connection.sync_connection, "before_cursor_execute", note)
    assert len(passed) == HITS
    (statement,) = asked
    return statement
