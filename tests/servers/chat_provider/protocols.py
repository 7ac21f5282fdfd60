"""What the vendors' streams and errors look like, as their references describe them."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

PIECES = ("The ", "heron ", "stands ", "für ", "日本 ", "🐦", ".")
ANSWER = "".join(PIECES)
TOKENS_IN = 11
TOKENS_OUT = 7
FINGERPRINT = "fp_stand_in"


class Vendor(StrEnum):
    OPENAI = "openai"
    AZURE = "azure"
    COHERE = "cohere"
    ANTHROPIC = "anthropic"


class End(StrEnum):
    STOP = "stop"
    LENGTH = "length"
    FILTER = "filter"
    """Said by the vendor that it will not say it."""
    UNKNOWN = "unknown"
    """A reason nobody has documented, or an error where the vendor has one."""


ENDS = {
    Vendor.OPENAI: {End.STOP: "stop", End.LENGTH: "length", End.FILTER: "content_filter", End.UNKNOWN: "novel"},
    Vendor.COHERE: {End.STOP: "COMPLETE", End.LENGTH: "MAX_TOKENS", End.FILTER: "ERROR_TOXIC", End.UNKNOWN: "ERROR"},
    Vendor.ANTHROPIC: {End.STOP: "end_turn", End.LENGTH: "max_tokens", End.FILTER: "refusal", End.UNKNOWN: "novel"},
}


@dataclass(frozen=True)
class Protocol:
    """Builds events. Every method returns whole server-sent events."""

    vendor: Vendor
    model: str
    max_tokens: int = 1_000

    def begin(self) -> list[bytes]:
        if self.vendor is Vendor.COHERE:
            return [self._event("message-start", {"id": "m", "delta": {"message": {"role": "assistant"}}})]
        if self.vendor is Vendor.ANTHROPIC:
            usage = {"input_tokens": TOKENS_IN, "output_tokens": 1}
            message: dict[str, Any] = {"id": "m", "model": self.model, "role": "assistant", "usage": usage}
            return [
                self._event("message_start", {"message": message}),
                self._event("content_block_start", {"index": 0, "content_block": {"type": "text", "text": ""}}),
                self._event("ping", {}),
            ]
        return [self._chunk({"role": "assistant", "content": ""})]

    def text(self, text: str | None) -> bytes:
        if self.vendor is Vendor.COHERE:
            return self._event("content-delta", {"index": 0, "delta": {"message": {"content": {"text": text}}}})
        if self.vendor is Vendor.ANTHROPIC:
            return self._event("content_block_delta", {"index": 0, "delta": {"type": "text_delta", "text": text}})
        return self._chunk({"content": text})

    def texts(self, pieces: Sequence[str] = PIECES) -> list[bytes]:
        return [self.text(piece) for piece in pieces]

    def answer(self) -> list[bytes]:
        """The whole of it, or as many pieces as tokens are asked for."""
        said = PIECES[: self.max_tokens]
        end = End.STOP if len(said) == len(PIECES) else End.LENGTH
        return [*self.begin(), *self.texts(said), *self.end(end, tokens_out=len(said))]

    def end(self, end: End = End.STOP, *, usage: bool = True, tokens_out: int = TOKENS_OUT) -> list[bytes]:
        """Why it ended, the usage, and the mark of the end."""
        reason = ENDS[self._family][end]
        if self.vendor is Vendor.COHERE:
            tokens = {"input_tokens": TOKENS_IN, "output_tokens": tokens_out}
            delta = {"finish_reason": reason} | ({"usage": {"billed_units": tokens}} if usage else {})
            return [self._event("content-end", {"index": 0}), self._event("message-end", {"id": "m", "delta": delta})]
        if self.vendor is Vendor.ANTHROPIC:
            told = {"usage": {"output_tokens": tokens_out}} if usage else {}
            return [
                self._event("content_block_stop", {"index": 0}),
                self._event("message_delta", {"delta": {"stop_reason": reason}, **told}),
                self._event("message_stop", {}),
            ]
        counts = {"prompt_tokens": TOKENS_IN, "completion_tokens": tokens_out, "total_tokens": TOKENS_IN + tokens_out}
        counted = [self._data({**self._frame([]), "usage": counts})] if usage else []
        return [self._chunk({}, reason), *counted, self.done()]

    def refusal(self) -> list[bytes]:
        """As the vendor's models refuse: OpenAI in a field of its own, the others by how they end."""
        if self._family is Vendor.OPENAI:
            return [self._chunk({"refusal": "I cannot help with that."}), *self.end()]
        return self.end(End.FILTER)

    def error(self) -> bytes:
        """An error where a piece is expected."""
        if self.vendor is Vendor.COHERE:
            return self._event("message-end", {"id": "m", "delta": {"finish_reason": "ERROR", "error": "overloaded"}})
        error = {"type": "overloaded_error", "message": "Overloaded", "code": None}
        if self.vendor is Vendor.ANTHROPIC:
            return self._event("error", {"error": error})
        return self._data({"error": error})

    def done(self) -> bytes:
        return b"" if self._family is not Vendor.OPENAI else b"data: [DONE]\n\n"

    def whole(self) -> bytes:
        """What a server answers that does not stream."""
        message = {"role": "assistant", "content": ANSWER}
        return json.dumps({**self._frame([{"index": 0, "message": message, "finish_reason": "stop"}])}).encode()

    def problem(self, message: str, code: str) -> bytes:
        """The body of an HTTP error."""
        if self.vendor is Vendor.COHERE:
            return json.dumps({"id": "m", "message": message}).encode()
        if self.vendor is Vendor.ANTHROPIC:
            return json.dumps({"type": "error", "error": {"type": code, "message": message}}).encode()
        return json.dumps({"error": {"message": message, "type": code, "param": None, "code": code}}).encode()

    @property
    def _family(self) -> Vendor:
        return Vendor.OPENAI if self.vendor is Vendor.AZURE else self.vendor

    def _chunk(self, delta: dict[str, Any], finish: str | None = None) -> bytes:
        return self._data(self._frame([{"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}]))

    def _frame(self, choices: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "id": "m",
            "object": "chat.completion.chunk",
            "created": 1,
            "model": self.model,
            "system_fingerprint": FINGERPRINT,
            "choices": choices,
        }

    def _event(self, kind: str, fields: dict[str, Any]) -> bytes:
        return f"event: {kind}\n".encode() + self._data({"type": kind, **fields})

    @staticmethod
    def _data(fields: dict[str, Any]) -> bytes:
        return f"data: {json.dumps(fields, ensure_ascii=False)}\n\n".encode()


def joined(*parts: Iterable[bytes]) -> bytes:
    return b"".join(event for part in parts for event in part)
