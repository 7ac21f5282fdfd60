"""The API process: the HTTP server, and beside it the worker that answers this process's questions."""

import asyncio
import gc
import signal
from contextlib import AsyncExitStack, suppress

import uvicorn

from api.app import create_app
from api.services import Services
from api.temporal import TemporalLink
from api.wiring import open_services
from lethe.settings import Settings


async def run(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM; then answer what is in flight, stop the worker, close the stores."""
    async with AsyncExitStack() as stack:
        temporal = TemporalLink(settings.limits.question_seconds)
        services = await stack.enter_async_context(open_services(settings, temporal))
        stack.push_async_callback(_cancelled, asyncio.create_task(temporal.keep(settings, services.answering)))
        stack.push_async_callback(_cancelled, asyncio.create_task(services.overdue.run()))
        # uvicorn raises the signal again when it has stopped, which must not end the process before the stores close.
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, signal.SIG_IGN)
        keep_what_started()
        await _server(settings, services).serve()


def keep_what_started() -> None:
    """Spare the collector what lives as long as the process: going through it all takes as long as two questions."""
    gc.collect()
    gc.freeze()


def _server(settings: Settings, services: Services) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            create_app(services),
            host=settings.api.host,
            port=settings.api.port,
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="off",
            # Not by what else is installed: uvicorn would take httptools where it finds it. The loop runs already.
            http="h11",
            timeout_graceful_shutdown=int(settings.limits.question_seconds),
        )
    )


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
