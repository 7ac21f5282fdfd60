"""Mail addresses, telephone numbers and other numbers: as given, and as they are also written."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from lethe.privacy.detection.phones import digits_of, spellings
from lethe.privacy.discovery.folding import Folded, fold
from lethe.privacy.discovery.forms import BEGIN, END, any_of, spread
from lethe.privacy.discovery.matches import Match, Reason

_AT: Final = r"(?:\s{0,2}[@＠]\s{0,2}|%40|\s{0,2}[\[({<]\s{0,2}(?:at|@|ät)\s{0,2}[\])}>]\s{0,2}|\s{1,2}at\s{1,2})"
_DOT: Final = r"(?:\s?\.\s?|\s{0,2}[\[({]\s{0,2}(?:dot|punkt|\.)\s{0,2}[\])}]\s{0,2}|\s{1,2}dot\s{1,2})"
_OF_ONE: Final = re.compile(r"[^\W_]{2}[._\d-]|.{8}")
"""A local part that is more than a word: "info" and "maria" are many people's."""
_ENDING_DIGITS: Final = 9
_LEAST_NUMBER: Final = 5


@dataclass(frozen=True, slots=True)
class MailForms:
    """One address."""

    address: str
    anchor: str
    whole: re.Pattern[str]
    local: re.Pattern[str] | None

    @classmethod
    def of(cls, value: str) -> "MailForms | None":
        """None for what is no address."""
        address = fold(value).strip()
        local, at, domain = address.rpartition("@")
        if not (local and at and domain):
            return None
        parts = _DOT.join(map(re.escape, domain.split(".")))
        whole = rf"(?<![\w.+-]){re.escape(local)}(?:\+[\w.-]{{1,40}})?{_AT}{parts}(?![\w-]|\.\w)"
        alone = rf"(?<![\w.+-]){re.escape(local)}(?![\w-]|\.\w)" if _OF_ONE.search(local) else None
        return cls(address, local, re.compile(whole), re.compile(alone) if alone else None)

    def find(self, folded: Folded) -> Iterator[Match]:
        if self.anchor not in folded.text:
            return
        for match in self.whole.finditer(folded.text):
            yield Match(self._reason(match.group()), *folded.span(*match.span()))
        for match in self.local.finditer(folded.text) if self.local else ():
            yield Match(Reason.EMAIL_LOCAL_PART, *folded.span(*match.span()))

    def _reason(self, found: str) -> Reason:
        if found == self.address:
            return Reason.EMAIL
        return Reason.EMAIL_TAGGED if "+" in found[len(self.anchor) :] else Reason.EMAIL_DISGUISED


@dataclass(frozen=True, slots=True)
class PhoneForms:
    """One telephone number."""

    dialled: re.Pattern[str]
    ending: re.Pattern[str] | None

    @classmethod
    def of(cls, value: str) -> "PhoneForms | None":
        """None for what is too short to mean one line."""
        spelled = spellings(value)
        if not spelled:
            return None
        between = r"[\s().\-/]{0,4}"
        numbers = any_of(spread(each, between) for each in spelled)
        country = r"(?:(?:\+|(?<!\d)00)\d{1,3}[\s().\-/]{0,4})?"
        digits = digits_of(value)[-_ENDING_DIGITS:]
        ending = re.compile(rf"{spread(digits, between)}(?!\d)") if len(digits) == _ENDING_DIGITS else None
        return cls(re.compile(rf"(?<!\d)\+?{country}{numbers}(?!\d)"), ending)

    def find(self, folded: Folded) -> Iterator[Match]:
        if not folded.has_digits:
            return
        for match in self.dialled.finditer(folded.text):
            yield Match(Reason.PHONE, *folded.span(*match.span()))
        for match in self.ending.finditer(folded.text) if self.ending else ():
            yield Match(Reason.PHONE_ENDING, *folded.span(*match.span()))


@dataclass(frozen=True, slots=True)
class NumberForms:
    """A staff number or whatever else names the person: the same letters and digits, however they are separated."""

    form: re.Pattern[str]
    reason: Reason

    @classmethod
    def of(cls, value: str) -> "NumberForms | None":
        """None for what has neither letters nor digits."""
        words = re.findall(r"[^\W_]+", fold(value))
        characters = "".join(words)
        if not characters:
            return None
        has_digit = any(character.isdecimal() for character in characters)
        form = spread(characters, r"[\s./_-]{0,2}") if has_digit else r"[\W_]{1,4}".join(map(re.escape, words))
        reason = Reason.NUMBER if len(characters) >= _LEAST_NUMBER else Reason.NUMBER_SHORT
        return cls(re.compile(f"{BEGIN}{form}{END}"), reason)

    def find(self, folded: Folded) -> Iterator[Match]:
        for match in self.form.finditer(folded.text):
            yield Match(self.reason, *folded.span(*match.span()))
