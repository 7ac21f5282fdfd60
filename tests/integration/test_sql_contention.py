"""Many processes on one SQLite file."""

import asyncio
import json
import sys
from datetime import timedelta

import pytest

from lethe.adapters.sql import SqlLedger
from lethe.settings import Settings
from tests.contract.ledger_rows import NOON, add_tenant

PROCESSES, UNITS = 4, 500


@pytest.mark.slow
async def test_four_processes_write_one_file_and_none_is_told_locked(sqlite_settings: Settings):
    ledger = SqlLedger.from_settings(sqlite_settings)
    tenant = await add_tenant(ledger)
    command = [sys.executable, "-m", "tests.integration.contention", str(sqlite_settings.state), tenant, str(UNITS)]
    children = [
        await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE) for _ in range(PROCESSES)
    ]
    outputs = [(await child.communicate())[0] for child in children]
    assert [json.loads(output) for output in outputs] == [{}] * PROCESSES
    async with ledger.read() as unit:
        assert await unit.tenants.seq(tenant) == PROCESSES * UNITS
        assert len(await unit.dispatches.pending(NOON + timedelta(seconds=1), 10_000)) == PROCESSES * UNITS
    await ledger.close()
