"""What is begun early, and may never be asked for."""

import asyncio
from typing import Any


def hear(begun: asyncio.Future[Any]) -> None:
    """Take note of what it may raise: where nobody comes for it, the loop would complain that nobody did."""
    begun.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
