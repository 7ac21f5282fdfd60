"""A language model that says what it was told to say."""

from collections.abc import AsyncGenerator, Sequence

from lethe.errors import LetheError
from lethe.ports.chat import ChatDelta, ChatRequest


class ScriptedChatModel:
    """Answers from a script, in order; an error in the script is raised in its turn.

    ``requests`` is everything it was asked. Past the end of the script it repeats the last entry.
    """

    def __init__(self, script: Sequence[str | LetheError], provider: str = "scripted", model: str = "script-1") -> None:
        if not script:
            raise ValueError("a script needs an entry")
        self._script = tuple(script)
        self._provider = provider
        self._model = model
        self.requests: list[ChatRequest] = []

    @property
    def provider(self) -> str:
        return self._provider

    @property
    def model(self) -> str:
        return self._model

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ChatDelta]:
        """A word at a time, counted as a token each; cut with finish_reason "length" at ``max_tokens``."""
        entry = self._script[min(len(self.requests), len(self._script) - 1)]
        self.requests.append(request)
        if isinstance(entry, LetheError):
            raise entry
        words = entry.split(" ")
        said = words[: request.max_tokens]
        for position, word in enumerate(said):
            yield ChatDelta(text=word if position == 0 else f" {word}")
        yield ChatDelta(
            text="",
            finish_reason="stop" if len(said) == len(words) else "length",
            tokens_in=len(request.system.split()) + len(request.user.split()),
            tokens_out=len(said),
            model=self._model,
            fingerprint="scripted",
        )
