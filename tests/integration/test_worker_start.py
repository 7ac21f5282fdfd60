"""A worker that starts while Temporal is away."""

import asyncio
from dataclasses import replace

import pytest

from cli.stack.ports import HOST
from cli.stack.probes import HttpProbe, serves
from tests.integration.installation import Installation
from tests.servers.proxy import Link

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]


async def test_it_waits_says_so_and_is_ready_once_temporal_answers(prepared: Installation) -> None:
    temporal = prepared.settings.temporal
    link = Link(int(temporal.address.rpartition(":")[2]))
    await link.open()
    link.refuse()
    moved = temporal.model_copy(update={"address": f"{HOST}:{link.port}"})
    apart = replace(prepared, settings=prepared.settings.model_copy(update={"temporal": moved}))
    async with apart.worker() as worker:
        ready = HttpProbe(f"http://{HOST}:{worker.metrics_port}/metrics")
        while worker.log.read_text().count("Temporal does not answer") < 3:
            assert worker.process.poll() is None
            await asyncio.sleep(0.1)
        assert not await serves(ready)
        await link.open()
        while not await serves(ready):
            assert worker.process.poll() is None
            await asyncio.sleep(0.1)
    assert "Traceback" not in worker.log.read_text()
    await link.close()
