"""How questions end in this process: its worker's last step tells whoever waits here, ahead of the server."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager

from lethe.contracts.answering import AnswerOutcome
from lethe.model.ids import Id

Ending = asyncio.Future[AnswerOutcome]


class Endings:
    """Those that are waited for."""

    def __init__(self) -> None:
        self._awaited: dict[Id, Ending] = {}

    @contextmanager
    def of(self, question_id: Id) -> Generator[Ending]:
        """What is told of the question while this lasts; nothing, if another process has the steps or one fails."""
        ending = self._awaited.setdefault(question_id, asyncio.get_running_loop().create_future())
        try:
            yield ending
        finally:
            self._awaited.pop(question_id, None)

    def tell(self, question_id: Id, outcome: AnswerOutcome) -> None:
        """The answer is stored."""
        ending = self._awaited.get(question_id)
        if ending is not None and not ending.done():
            ending.set_result(outcome)
