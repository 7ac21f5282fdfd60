"""Which language a text is in, as an ISO 639-1 code; the same text always gives the same code."""

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Final, Protocol, cast

from langdetect import DetectorFactory, detect_langs  # pyright: ignore[reportUnknownVariableType]
from langdetect.detector_factory import init_factory  # pyright: ignore[reportUnknownVariableType]
from langdetect.lang_detect_exception import LangDetectException

UNKNOWN: Final = "und"
_SEED: Final = 20_261
_LETTERS: Final = 60
"""With fewer letters than this langdetect guesses."""
_CONFIDENCE: Final = 0.9
_SAMPLE_CHARACTERS: Final = 600
_SAMPLES: Final = 5

_loading: Final = Lock()

DetectorFactory.seed = _SEED  # langdetect draws at random which parts of a text it looks at


class _Guess(Protocol):
    """What langdetect says, which has no types: a code like "en" or "zh-cn", and 0..1."""

    lang: str
    prob: float


@dataclass(frozen=True, slots=True)
class Languages:
    """A document's main language, and whether its parts are in several."""

    main: str
    is_mixed: bool

    def of_part(self, text: str) -> str:
        """The language of a part of the document; detection costs milliseconds, so only a mixed document's are read."""
        return detect_language(text, self.main) if self.is_mixed else self.main


def detect_language(text: str, default: str = UNKNOWN) -> str:
    """The language of a text, judged by its beginning; ``default`` where it is too short or not clear."""
    sample = text[:_SAMPLE_CHARACTERS]
    if sum(character.isalpha() for character in sample) < _LETTERS:
        return default
    with _loading:  # a first detection sets langdetect's profiles up; a second beside it would see a part of them
        init_factory()
    try:
        best = cast("_Guess", detect_langs(sample)[0])
    except LangDetectException:
        return default
    return best.lang.split("-")[0] if best.prob >= _CONFIDENCE else default


def document_languages(blocks: Sequence[str]) -> Languages:
    """The languages of a document, by samples spread evenly over it."""
    votes = [code for sample in _samples("\n".join(blocks)) if (code := detect_language(sample)) != UNKNOWN]
    if not votes:
        return Languages(UNKNOWN, is_mixed=False)
    return Languages(max(sorted(set(votes)), key=votes.count), is_mixed=len(set(votes)) > 1)


def _samples(text: str) -> list[str]:
    """Pieces spread evenly over the text; all of it if it is short."""
    if len(text) <= _SAMPLES * _SAMPLE_CHARACTERS:
        return [text[start : start + _SAMPLE_CHARACTERS] for start in range(0, len(text), _SAMPLE_CHARACTERS)]
    step = (len(text) - _SAMPLE_CHARACTERS) // (_SAMPLES - 1)
    return [text[start : start + _SAMPLE_CHARACTERS] for start in range(0, step * _SAMPLES, step)]
