"""Watches over what nobody else would notice: emptied keyword builds, and questions left without an end."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from lethe.errors import LetheError
from lethe.indexing.keyword_builds import KeywordBuilds
from lethe.ports.clock import Clock
from lethe.ports.ledger import Ledger

logger = logging.getLogger("lethe.keeper")

PAUSE_SECONDS: Final = 30.0
GRACE: Final = timedelta(seconds=60)
"""Beyond a question's own time and its workflow's: a last step may still be storing the answer."""


@dataclass(frozen=True, slots=True)
class Keeper:
    """Runs in every worker process; doing it twice does nothing. A build is made anew under its tenant's lock."""

    ledger: Ledger
    builds: KeywordBuilds
    clock: Clock
    question_seconds: float

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await self._try("keyword builds not looked at", self.builds.look_after)
            await self._try("questions not looked at", self.close_questions)
            await asyncio.sleep(PAUSE_SECONDS)

    async def close_questions(self, now: datetime) -> None:
        """Give questions their end that no workflow will answer any more: it ran out of time, or was never started."""
        async with self.ledger.write() as uow:
            closed = await uow.questions.close_unanswered(now - 2 * timedelta(seconds=self.question_seconds) - GRACE)
        if closed:
            logger.info("questions closed without an answer", extra={"count": closed})

    async def _try(self, told: str, look: Callable[[datetime], Awaitable[None]]) -> None:
        try:
            await look(self.clock.now())
        except LetheError as error:
            logger.warning(told, extra={"code": error.code})
        except Exception as error:  # noqa: BLE001
            # Its name only: the text of an unexpected error may quote content.
            logger.warning(told, extra={"code": type(error).__name__})
