"""One parser for all tests of a file: a child takes seconds to load."""

from collections.abc import AsyncGenerator

import pytest_asyncio

from lethe.adapters.parsing import LimitedParser
from lethe.settings import Settings


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def parser() -> AsyncGenerator[LimitedParser, None]:
    parser = LimitedParser.from_settings(Settings())
    yield parser
    await parser.close()
