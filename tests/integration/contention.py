"""A process that runs read-then-write units on a ledger: `python -m tests.integration.contention STATE TENANT COUNT`.

Prints the codes of the units that failed, and how many each.
"""

import asyncio
import json
import sys
from collections import Counter
from pathlib import Path

from lethe.adapters.sql import SqlLedger
from lethe.errors import LetheError
from lethe.model.ids import Id
from tests.conftest import settings_at
from tests.contract.ledger_rows import dispatch


async def run(state: Path, tenant: Id, count: int) -> Counter[str]:
    ledger = SqlLedger.from_settings(settings_at(state))
    failures: Counter[str] = Counter()
    for _ in range(count):
        try:
            async with ledger.write() as unit:
                await unit.tenants.get(tenant)
                await unit.dispatches.add(dispatch(tenant))
                await unit.tenants.advance(tenant)
        except LetheError as error:
            failures[error.code] += 1
    await ledger.close()
    return failures


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(run(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))))
