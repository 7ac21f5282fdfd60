"""A model's words on their way to whoever follows the answer, and into the answer itself: the same words."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from lethe.answering.citation_markers import Markers
from lethe.answering.citations import numbered
from lethe.answering.generated import Cited
from lethe.answering.output_filter import StreamFilter
from lethe.answering.prompts import NO_ANSWER
from lethe.answering.telling import overdue_among, tell_citation
from lethe.model.ids import Id
from lethe.ports.search import Passage
from lethe.ports.tokens import TokenBus, TokenKind

_FRAME: Final = " \t\r\n.*_`\"'"
"""What a model may put around the one word it was told to say."""


class Speaker:
    """Takes a model's pieces; lets go what may be seen, each citation before its first marker.

    ``text`` is everything let go. ``has_spoken``: somebody may have seen some of it.
    """

    def __init__(self, tokens: TokenBus, question_id: Id, shown: Mapping[int, Passage], outgoing: StreamFilter) -> None:
        self._tokens = tokens
        self._question_id = question_id
        self._shown = shown
        self._overdue = overdue_among(shown.values())
        self._filter = outgoing
        self._held = ""
        self._told = 0
        self.markers = Markers(shown.keys())
        self.text = ""
        self.has_spoken = False

    @property
    def is_no_answer(self) -> bool:
        """Whether all the model said is that the passages do not answer."""
        return not self.has_spoken and self._held.strip(_FRAME) == NO_ANSWER

    @property
    def removed(self) -> int:
        """What was taken out of the model's words because it may not leave."""
        return sum(self._filter.leaks.values())

    async def hear(self, piece: str) -> None:
        """A piece of the model's words."""
        self._held += piece
        if not self.has_spoken and NO_ANSWER.startswith(self._held.strip(_FRAME)):
            return
        held, self._held = self._held, ""
        # The filter comes last: taking an invented marker out may join what stood apart, as in "www[9].evil.com".
        await self._say(self._filter.feed(self.markers.feed(held)))

    async def close(self) -> None:
        """The model has ended."""
        if self.is_no_answer:
            return
        held, self._held = self._held, ""
        rest = self._filter.feed(self.markers.feed(held) + self.markers.close())
        await self._say(rest + self._filter.close())

    def cleared(self, cited: Cited) -> Cited:
        """The same without what may not leave; sentences are put together anew where their markers stood."""
        said = [(sentence, self._filter.again(sentence.text)) for sentence in cited.sentences]
        kept = [
            one if text == one.text else one.model_copy(update={"text": text}) for one, text in said if text.strip()
        ]
        return replace(cited, sentences=tuple(kept))

    async def _say(self, text: str) -> None:
        if not text:
            return
        self.text += text
        self.has_spoken = True
        sources = numbered(self._shown[number] for number in self.markers.order)
        for citation in sources[self._told :]:
            is_overdue = citation.chunk_id in self._overdue
            await tell_citation(self._tokens, self._question_id, citation, is_overdue=is_overdue)
        self._told = len(sources)
        await self._tokens.publish(self._question_id, TokenKind.TOKEN, {"text": text})
