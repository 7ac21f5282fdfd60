"""Watches over the keyword builds: a crash of PostgreSQL empties them, and nobody else would notice before an audit."""

import asyncio
import logging
from dataclasses import dataclass
from typing import Final

from lethe.errors import LetheError
from lethe.indexing.keyword_builds import KeywordBuilds
from lethe.ports.clock import Clock

logger = logging.getLogger("lethe.keeper")

PAUSE_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Keeper:
    """Runs in every worker process; a build that is lost is made anew once, under the tenant's lock."""

    builds: KeywordBuilds
    clock: Clock

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            try:
                await self.builds.look_after(self.clock.now())
            except LetheError as error:
                logger.warning("keyword builds not looked at", extra={"code": error.code})
            except Exception as error:  # noqa: BLE001
                # Its name only: the text of an unexpected error may quote content.
                logger.warning("keyword builds not looked at", extra={"code": type(error).__name__})
            await asyncio.sleep(PAUSE_SECONDS)
