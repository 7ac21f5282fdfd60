"""Sending one message to somebody else's server."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Reply:
    """The status of the answer, and how many seconds it asks to be left alone, if it does."""

    status: int
    retry_after: float | None = None


class WebhookSender(Protocol):
    """Follows no redirect, reads no answer's body, goes to no address that is not global (unless settings allow)."""

    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """POST once. Raises WebhookAddressRefused, WebhookUnreachable, WebhookTimedOut."""
        ...
