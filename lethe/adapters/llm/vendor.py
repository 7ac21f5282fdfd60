"""What one file per vendor implements, and nothing else of the vendor is known outside that file."""

import ssl
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Final, Protocol

import anyio
import httpx
import httpx2

from lethe.ports.chat import ChatRequest

BROKEN: Final = (httpx.HTTPError, httpx.StreamError, httpx2.HTTPError, httpx2.StreamError, anyio.EndOfStream,
                 ssl.SSLError, OSError)  # fmt: skip
"""What the vendors' clients let through of a connection that breaks (OpenAI's and Anthropic's are on httpx2)."""


class Refused(Exception):
    """The vendor's filter would not take the question. Never leaves the adapters."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What one event of a stream says. ``finish`` is one of lethe.ports.chat's reasons; counts of 0 are not told."""

    text: str = ""
    finish: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    model: str = ""
    fingerprint: str = ""


class ChatVendor(Protocol):
    """One vendor's streaming call: one HTTP request, no retry, no limit on time."""

    def pieces(self, request: ChatRequest) -> AsyncGenerator[Piece]:
        """Raises the errors of lethe.ports.chat.ChatModel, or Refused. The end of the pieces proves nothing."""
        ...

    async def close(self) -> None:
        """Release connections."""
        ...
