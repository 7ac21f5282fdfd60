"""What kind of thing a question asks for, and whether a sentence has one: hints, never conditions."""

import re
from collections.abc import Collection, Sequence
from enum import Enum
from typing import Final

from lethe.answering.words import Word, WordKind


class Expected(Enum):
    NUMBER = "number"
    TIME = "time"
    NAME = "name"
    ANYTHING = "anything"


_ASKS_TIME: Final = re.compile(
    r"\b(?:when|until when|since when|(?:what|which) (?:time|date|day|month|year|decade|century|weekday)"
    r"|wann|ab wann|bis wann|cuándo|quand|quando|когда|wanneer)\b",
    re.IGNORECASE,
)
_ASKS_NUMBER: Final = re.compile(
    r"\b(?:how (?:many|much|long|old|far|often|large|big|tall|high|deep|fast|heavy|wide|late|early|hot|cold)"
    r"|what (?:percentage|percent|number|amount|price|share|rate)"
    r"|wie ?viele?|wie (?:lange|oft|hoch|weit|schwer|alt|teuer)"
    r"|cuántos?|cuántas?|combien|quanti|quante|quanto|сколько|hoeveel)\b",
    re.IGNORECASE,
)
_ASKS_NAME: Final = re.compile(
    r"\b(?:who|whose|whom|where|(?:what|which) (?:city|country|place|person|company|town)|wer|wem|wen|wessen|wo|wohin"
    r"|quién|quiénes|dónde|adónde|qui|où|chi|dove|кто|кого|где|куда|wie is|waar)\b",
    re.IGNORECASE,
)
_TIME: Final = re.compile(
    r"\b(?:1[0-9]{3}|2[0-9]{3}|\d{1,2}[:.]\d{2}|\d{1,2}(?:st|nd|rd|th)"
    r"|jan\w*|feb\w*|mar(?:ch|s|zo)|mär\w*|apr\w*|may|mai|mayo|jun[ei]?\w*|jul[yi]?\w*|aug\w*|ago\w*|sep\w*|o[ck]t\w*"
    r"|nov\w*|de[cz]\w*|mon|tue|wed|thu|fri|sat|sun|\w+day|\w+tag|mittwoch|lunes|martes|miércoles|jueves|viernes"
    r"|century|week|weeks|month|months|spring|summer|autumn|winter|noon|midnight)\b",
    re.IGNORECASE,
)
_DATE_WORD: Final = re.compile(
    r"jan|feb|mar|mär|apr|may|mai|jun|jul|aug|ago|sep|oct|okt|nov|dec|dez|dic|mon|tue|wed|thu|fri|sat|sun|week|year|day"
)
_NUMBER_WORD: Final = re.compile(
    r"\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twice|half|dozen|hundreds?|thousands?|millions?"
    r"|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|elf|zwölf|hundert|tausend"
    r"|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|cien|mil)\b",
    re.IGNORECASE,
)


def is_date_word(form: str) -> bool:
    """Whether a word begins like a month or a weekday: "May 2019" is a date, "Heron 3" is the name of a thing."""
    return _DATE_WORD.match(form) is not None


def expected_of(question: str) -> Expected:
    """The kind of thing asked for."""
    if _ASKS_TIME.search(question):
        return Expected.TIME
    if _ASKS_NUMBER.search(question):
        return Expected.NUMBER
    if _ASKS_NAME.search(question):
        return Expected.NAME
    return Expected.ANYTHING


def offers(expected: Expected, text: str, words: Sequence[Word], named: Collection[str]) -> bool:
    """Whether the sentence has something of that kind which the question (its word forms: ``named``) does not name."""
    if expected is Expected.NUMBER:
        has_digits = any(word.kind is not WordKind.WORD and word.form not in named for word in words)
        return has_digits or _NUMBER_WORD.search(text) is not None
    if expected is Expected.TIME:
        return _TIME.search(text) is not None
    if expected is Expected.NAME:
        return any(word.is_capitalised and word.weight == 1 and word.form not in named for word in words[1:])
    return True
