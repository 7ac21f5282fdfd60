"""What was begun early and is never asked for ends without a complaint."""

import asyncio
import gc
from collections.abc import Callable

import pytest

from lethe.answering.unawaited import hear


def nothing(_: asyncio.Future[None]) -> None: ...


async def fail() -> None:
    raise OSError


async def wait() -> None:
    await asyncio.sleep(3600)


@pytest.mark.parametrize(("heard", "complaints"), [(hear, 0), (nothing, 1)])
async def test_what_it_raises_is_heard(heard: Callable[[asyncio.Future[None]], None], complaints: int) -> None:
    told: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
    failing, cancelled = asyncio.create_task(fail()), asyncio.create_task(wait())
    heard(failing)
    heard(cancelled)
    await asyncio.sleep(0)
    cancelled.cancel()
    await asyncio.wait({failing, cancelled})
    await asyncio.sleep(0)
    del failing, cancelled
    gc.collect()
    assert len(told) == complaints
