"""The prober: who is erased is found on every route before, and on none from the fence until the purge and after."""

import asyncio
from typing import Final

import httpx

from bench.erase.erasing import MINIMUM
from bench.installation import Installation, running
from bench.report import Report
from tests.integration.probing import WISH, plant, probe, shows

SECONDS: Final = 3_600.0
PAUSE: Final = 0.01


def prober(count: int) -> Report:
    """At least so many requests while the erasure runs."""
    shipped = {name: value for name, value in MINIMUM.items() if "CHUNKS" not in name}
    with running(is_free=True, extra=shipped) as installation:
        return asyncio.run(_probed(installation, count))


async def _probed(installation: Installation, count: int) -> Report:
    report, api = Report(), installation.api
    key = {"X-API-Key": api.headers["X-API-Key"]}
    async with httpx.AsyncClient(base_url=api.base_url, headers=key, timeout=60, trust_env=False) as client:
        planted = await plant(client)
        hidden = [route.path for route in planted.routes if not shows(await route.ask(client))]
        before = await planted.untouched()
        begun = (await client.post("/v1/erasures", json=WISH)).raise_for_status()
        probes = await probe(planted, begun.headers["location"], count, PAUSE, SECONDS)
        after = await planted.untouched()
    report.figures = {
        "routes": len(planted.routes),
        "probes": probes.count,
        "shown": len(probes.shown),
        "others_missed": len(probes.missed),
        "is_purged": probes.is_purged,
    }
    report.require(not hidden, f"the control: not shown before by {hidden}")
    report.require(not probes.shown, f"shown: {probes.shown[:3]}")
    report.require(not probes.missed, f"others were not found: {probes.missed[:3]}")
    report.require(before == after, "questions about others find something else")
    return report
