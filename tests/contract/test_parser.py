"""The contract of the parser on the fake and on real child processes."""

from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio

from lethe.adapters.fakes.parsing import FakeParser
from lethe.adapters.parsing import LimitedParser
from lethe.ports.parsing import Parser
from lethe.settings import Settings
from tests.contract.parser import ParserContract


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def limited_parser() -> AsyncGenerator[LimitedParser, None]:
    """Loading a child takes seconds: once is enough."""
    parser = LimitedParser.from_settings(Settings())
    yield parser
    await parser.close()


class TestFakeParser(ParserContract):
    @pytest.fixture
    def parser(self) -> Parser:
        return FakeParser()


@pytest.mark.asyncio(loop_scope="module")
class TestLimitedParser(ParserContract):
    @pytest.fixture
    def parser(self, limited_parser: LimitedParser) -> Parser:
        return limited_parser
