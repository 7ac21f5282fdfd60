"""The sealed part of an answer."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field

from lethe.privacy.erasure.needles import Needles
from lethe.privacy.sealing import Purpose, seal, unseal


class AnswerSentence(BaseModel):
    """A sentence and the number of the citation it comes from; ``others`` where it comes from several.

    ``start``/``end`` are offsets in code points into the first cited chunk's text: of the sentence itself or, where a
    model worded it, of the sentence there that is nearest to it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str
    citation: Annotated[int, Field(ge=1)]
    start: int
    end: int
    others: tuple[Annotated[int, Field(ge=1)], ...] = ()

    @property
    def numbers(self) -> tuple[int, ...]:
        """Of all its citations."""
        return (self.citation, *self.others)

    @property
    def marked(self) -> str:
        """The sentence with its markers, as it stands in the answer."""
        return f"{self.text} {''.join(f'[{number}]' for number in self.numbers)}"


class AnswerBody(BaseModel):
    """An answer's sentences in order; each carries a citation, so an uncited one cannot be stored."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sentences: tuple[AnswerSentence, ...] = ()

    @property
    def text(self) -> str:
        """The answer as it is read; empty where there is none."""
        return " ".join(sentence.marked for sentence in self.sentences)

    def without(self, needles: Needles) -> Self:
        """As it is, less the sentences that show somebody who is being erased."""
        return self.model_copy(
            update={"sentences": tuple(each for each in self.sentences if not needles.hides(each.text))}
        )

    def sealed(self, key: bytes) -> bytes:
        """This body under the question's data key."""
        return seal(key, Purpose.ANSWER, self.model_dump_json().encode())

    @classmethod
    def opened(cls, key: bytes, sealed: bytes) -> Self:
        """What `sealed` made. Raises SealBroken."""
        return cls.model_validate_json(unseal(key, Purpose.ANSWER, sealed))
