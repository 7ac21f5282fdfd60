"""Other wordings of a question by rules: what says nothing is left out, the words of the glossary are put in.

The question as it was asked is always the first wording. Nothing is ever taken from its middle, so numbers, names and
identifiers ("XR-200", "E1042", "PEP 8") stand in every wording as they were written.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

Synonyms = Mapping[str, tuple[str, ...]]
"""By a word or phrase, what else it is called."""

MAX_ADDED: Final = 20
"""Synonyms put into one wording."""
_LEAST_WORDS: Final = 2
_WORD: Final = re.compile(r"\w+")

_TELL: Final = r"(?:tell|show|explain(?: to)?|give|help|let)(?: me| us)(?: know| understand| find(?: out)?)?"
_OPENINGS: Final = (
    r"(?:hi|hello|hey|dear)(?: there| team| all| everyone)?",
    r"good (?:morning|afternoon|evening)",
    r"(?:please|kindly)",
    rf"(?:could|can|would|will) you (?:please |kindly |possibly )*{_TELL}",
    rf"{_TELL}",
    r"i(?: would|'d)? (?:like|want|need) to (?:know|understand|find out)",
    r"i(?: was| am|'m) wondering",
    r"(?:do|would) you (?:happen to )?know",
    r"(?:i have )?(?:a |one )?(?:quick |short )question",
    r"(?:hallo|guten (?:tag|morgen|abend))(?: zusammen)?",
    r"(?:könn(?:en|t|ten?|test|tet)|kannst) (?:sie|du|ihr) (?:mir |uns )?(?:bitte )?(?:sagen|erklären|zeigen)",
    r"(?:bitte )?(?:sag|sagen sie|erklär|erklären sie|zeig|zeigen sie) (?:mir|uns)(?: bitte)?",
    r"ich (?:möchte|würde gerne?) wissen",
    r"bitte",
    r"(?:hola|buen[oa]s (?:días|tardes|noches))",
    r"(?:me |nos )?(?:podrías?|puedes?|podría usted) (?:decir|explicar|mostrar)(?:me|nos)?(?: por favor)?",
    r"por favor",
    r"(?:bonjour|bonsoir|salut)",
    r"(?:pourr(?:iez|ais)|pouvez|peux)[ -](?:vous|tu) (?:me |nous )?(?:dire|expliquer|montrer)(?: s'il vous plaît)?",
    r"s'il (?:vous|te) plaît",
)
_ENDINGS: Final = (
    r"(?:please|kindly)",
    r"(?:many )?thanks(?: a lot| in advance| so much)?",
    r"thank you(?: very much| so much| in advance)?",
    r"(?:vielen|besten) dank(?: im voraus)?",
    r"bitte",
    r"(?:muchas )?gracias(?: de antemano)?",
    r"por favor",
    r"merci(?: beaucoup| d'avance)?",
    r"s'il (?:vous|te) plaît",
)
_OPENING: Final = re.compile(rf"\s*(?:{'|'.join(_OPENINGS)})(?!\w)[\s,.;:!–-]*", re.IGNORECASE)
_ENDING: Final = re.compile(rf"[\s,.;:!?–-]*(?<!\w)(?:{'|'.join(_ENDINGS)})[\s.!?]*$", re.IGNORECASE)


def wordings(text: str, glossary: Synonyms) -> tuple[str, ...]:
    """The question as it was asked, and, if that differs, how it is better searched for."""
    rewritten = with_synonyms(without_filler(text), glossary)
    return (text,) if rewritten == text else (text, rewritten)


def without_filler(text: str) -> str:
    """The question without greetings, pleas and thanks around it; as it is where little else would be left."""
    bare = text
    while (match := _OPENING.match(bare)) and match.end():
        bare = bare[match.end() :]
    while match := _ENDING.search(bare):
        bare = bare[: match.start()]
    return bare if len(_WORD.findall(bare)) >= _LEAST_WORDS else text


def with_synonyms(text: str, glossary: Synonyms) -> str:
    """The text, and behind it what else its words are called that it does not say itself."""
    added = [synonym for term, synonyms in glossary.items() if _says(text, term) for synonym in synonyms]
    new = [synonym for synonym in dict.fromkeys(added) if not _says(text, synonym)][:MAX_ADDED]
    return " ".join((text, *new))


def _says(text: str, term: str) -> bool:
    """Whether the term stands there as a whole word or phrase, in any case."""
    return re.search(rf"(?<!\w){re.escape(term)}(?!\w)", text, re.IGNORECASE) is not None


def two_way(entries: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, ...]]:
    """A glossary read from either side: who asks by a synonym means the term as well."""
    found: dict[str, dict[str, None]] = {}
    for term, synonyms in entries.items():
        names = [term, *synonyms]
        for name in names:
            found.setdefault(name.casefold(), {}).update({other: None for other in names if other != name})
    return {name: tuple(others) for name, others in found.items()}
