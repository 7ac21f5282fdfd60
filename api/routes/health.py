"""Health and metrics of this process."""

import asyncio
import math
from contextlib import suppress
from datetime import timedelta
from typing import Final

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from api.dependencies import ServicesDep
from api.schemas.operations import HealthOut
from api.security import HEALTH
from api.services import Probe
from lethe.errors import LetheError
from lethe.telemetry import EMBEDDINGS_STOPPED, PRECISION_AT_5, THUMBS_UP

public = APIRouter(tags=["operations"])
keyed = APIRouter(tags=["operations"])

_PROBE_SECONDS: Final = 2.0
_RATED: Final = timedelta(hours=24)
_CLOSED_DOORS: Final = frozenset({"sql", "keyring"})
"""Without these nothing can be served: rights cannot be checked, content cannot be opened."""


@public.get(HEALTH, responses={503: {"model": HealthOut}})
async def health(response: Response, services: ServicesDep) -> HealthOut:
    """Whether this process lives and what it reaches. Needs no key, tells no more than that."""
    names = list(services.probes)
    up = dict(zip(names, await asyncio.gather(*map(_answers, services.probes.values())), strict=True))
    is_down = any(not up[name] for name in _CLOSED_DOORS & up.keys())
    if is_down:
        response.status_code = 503
        response.headers["Retry-After"] = "5"
    status = "down" if is_down else "ok" if all(up.values()) else "degraded"
    return HealthOut(status=status, stores={name: "up" if up[name] else "down" for name in names})


async def _answers(probe: Probe) -> bool:
    try:
        async with asyncio.timeout(_PROBE_SECONDS):
            return await probe()
    except (LetheError, TimeoutError, OSError):
        return False


@keyed.get("/metrics", response_class=Response)
async def metrics(services: ServicesDep) -> Response:
    """Prometheus metrics of this process, and what the ledger knows: thumbs up, stopped models, precision at 5.

    Needs a key of any role: `authorization: {type: Bearer, credentials_file: ...}` in Prometheus' scrape configuration.
    """
    with suppress(LetheError, TimeoutError):
        async with asyncio.timeout(_PROBE_SECONDS), services.ledger.read() as uow:
            share = await uow.feedback.share_up(services.clock.now() - _RATED)
            stopped = await uow.probes.stopped()
            precision = await uow.probes.least_precision(services.settings.probes.judged_least)
        THUMBS_UP.set(math.nan if share is None else share)
        EMBEDDINGS_STOPPED.set(stopped)
        PRECISION_AT_5.set(math.nan if precision is None else precision)
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
