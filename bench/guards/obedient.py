"""A language model that does whatever a passage tells it to: what remains is what the layers around it hold."""

import re
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass

from lethe.ports.chat import ChatDelta, ChatRequest

HARMLESS = "The Heron 3 weighs 31 kg without its mooring [1]."


@dataclass(frozen=True, slots=True)
class ObedientModel:
    """Obeys if ``order`` (the injected sentence) is anywhere in what it is shown; ``deed`` makes its answer.

    Streams ``step`` characters at a time, so that every address comes in pieces.
    """

    order: str
    deed: Callable[[str], str]
    step: int = 3

    @property
    def provider(self) -> str:
        return "obedient"

    @property
    def model(self) -> str:
        return "obedient-1"

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ChatDelta]:
        seen = f"{request.system}\n{request.user}"
        text = f"{HARMLESS} {self.deed(seen)} And it is yellow." if self.order in seen else HARMLESS
        for start in range(0, len(text), self.step):
            yield ChatDelta(text[start : start + self.step])
        yield ChatDelta("", finish_reason="stop")


def found(pattern: str, seen: str) -> str:
    """What the model reads off its prompt."""
    match = re.search(pattern, seen)
    return match.group() if match else ""
