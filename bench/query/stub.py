"""A language model that costs nothing: the tests' stand-in, served by a thread of its own, noting when it spoke."""

import asyncio
import re
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.servers.chat_provider import BEHAVIOURS, ChatProvider, running_chat_provider
from tests.servers.chat_provider.connection import Connection
from tests.servers.chat_provider.protocols import Protocol

PIECE_SECONDS = 0.02
_INVENTED = "The passages above say what was asked for, and they say it in the words that are quoted here [1]."
_MOST_WORDS = len(_INVENTED.split())
_PASSAGE = re.compile(r"<<<passage (\d+) \w+>>>\n(.*?)\n<<</passage", re.DOTALL)
_PIECE = re.compile(r"\S+ ?")
_SENTENCE = re.compile(r"\b[A-Z][a-z]+(?: [A-Za-z-]+,?){5,}(?=\.)")


@dataclass(slots=True)
class Stub:
    """``spoken``: when each piece of the last answer was written, by `time.perf_counter`.

    ``quotes``: it says a sentence of a passage that it is shown, else what no passage says. A piece is a word.
    ``said``: its last answer.
    """

    provider: ChatProvider
    quotes: bool = True
    said: str = ""
    repeats: bool = False
    spoken: list[float] = field(default_factory=list[float])
    over: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def settings(self) -> dict[str, str]:
        """How a stack asks it: a first provider, and a second that is the same server by another protocol."""
        return {
            "LETHE_OPENAI__BASE_URL": f"{self.provider.url}/v1",
            "LETHE_OPENAI__API_KEY": self.provider.key,
            "LETHE_COHERE__BASE_URL": self.provider.url,
            "LETHE_COHERE__API_KEY": self.provider.key,
            "LETHE_ANSWERING__CHAIN": '["openai:stub","cohere:stub"]',
        }

    @property
    def has_invented(self) -> bool:
        """Whether no passage says what it said last: where none has a sentence to quote, also though it ``quotes``."""
        return self.said == _INVENTED

    @contextmanager
    def repeating(self) -> Generator[None]:
        """Say again what was said last, whatever is asked, until the block ends."""
        self.repeats = True
        try:
            yield
        finally:
            self.repeats = False

    def at_once(self) -> None:
        """Answer without a pause."""
        self.provider.will(then="speaks")

    def slowly(self) -> None:
        """Answer a piece every `PIECE_SECONDS`."""
        self.provider.will(then="speaks_slowly")

    def hangs(self) -> None:
        """The first provider takes the question and says nothing; the second answers at once."""
        self.provider.will(then="first_hangs")


@contextmanager
def speaking() -> Generator[Stub]:
    """The stub, until the block ends."""
    ready, over = threading.Event(), threading.Event()
    made: list[Stub] = []

    async def serve() -> None:
        async with running_chat_provider() as provider:
            stub = Stub(provider)
            _teach(stub)
            stub.at_once()
            made.append(stub)
            ready.set()
            await asyncio.to_thread(over.wait)
            stub.over.set()
            await asyncio.sleep(0)  # who hung comes back

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    ready.wait()
    try:
        yield made[0]
    finally:
        over.set()
        thread.join()


def _said(asked: dict[str, Any]) -> str:
    """A sentence of plain words and its citation."""
    told = "\n".join(str(message["content"]) for message in asked.get("messages", ()))
    for passage in _PASSAGE.finditer(told):
        fitting = [each for each in _SENTENCE.findall(" ".join(passage[2].split())) if len(each.split()) < _MOST_WORDS]
        if fitting:
            return f"{max(fitting, key=len)} [{passage[1]}]."
    return _INVENTED


def _teach(stub: Stub) -> None:
    async def speak(connection: Connection, protocol: Protocol, pause: float) -> None:
        stub.spoken.clear()
        await connection.head()
        await connection.chunk(b"".join(protocol.begin()))
        if not stub.repeats:
            stub.said = _said(stub.provider.seen[-1].body if stub.quotes else {})
        for piece in _PIECE.findall(stub.said):
            if pause:
                await asyncio.sleep(pause)
            stub.spoken.append(time.perf_counter())
            await connection.chunk(protocol.text(piece))
        await connection.chunk(b"".join(protocol.end()))
        await connection.end()

    async def speaks(connection: Connection, protocol: Protocol) -> None:
        await speak(connection, protocol, 0.0)

    async def speaks_slowly(connection: Connection, protocol: Protocol) -> None:
        await speak(connection, protocol, PIECE_SECONDS)

    async def first_hangs(connection: Connection, protocol: Protocol) -> None:
        if protocol.vendor.value == "openai":
            await stub.over.wait()
        else:
            await speak(connection, protocol, 0.0)

    BEHAVIOURS.update(speaks=speaks, speaks_slowly=speaks_slowly, first_hangs=first_hangs)
