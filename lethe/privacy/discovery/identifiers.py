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
_MAIL_BEGIN: Final = r"(?:(?<![\w.+-])|(?<=(?<![\w.+-])[._]))"
"""Also behind a full stop or an underscore that belongs to nothing, as in emphasis."""
_DOT: Final = r"(?:\s?\.\s?|\s{0,2}[\[({]\s{0,2}(?:dot|punkt|\.)\s{0,2}[\])}]\s{0,2}|\s{1,2}dot\s{1,2})"
_OF_ONE: Final = re.compile(r"[^\W_]{2}[._\d-]|.{8}")
"""A local part that is more than a word: "info" and "maria" are many people's."""
UNSPACED: Final = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
"""Scripts written without spaces, or with endings joined to a name: nothing shows where a word begins or ends."""
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
        whole = rf"{_MAIL_BEGIN}{re.escape(local)}(?:\+[\w.-]{{1,40}})?{_AT}{parts}(?![^\W_]|-|[._]\w)"
        alone = rf"{_MAIL_BEGIN}{re.escape(local)}(?![^\W_]|-|[._]\w)" if _OF_ONE.search(local) else None
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
    """One telephone number. ``ending``: its last digits, within whatever other ones."""

    dialled: re.Pattern[str]
    ending: re.Pattern[str]

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
        ending = re.compile(spread(digits, between))
        return cls(re.compile(rf"(?<!\d)\+?{country}{numbers}(?!\d)"), ending)

    def find(self, folded: Folded) -> Iterator[Match]:
        if not folded.has_digits:
            return
        for match in self.dialled.finditer(folded.text):
            yield Match(Reason.PHONE, *folded.span(*match.span()))
        for match in self.ending.finditer(folded.text):
            yield Match(Reason.PHONE_ENDING, *folded.span(*match.span()))


@dataclass(frozen=True, slots=True)
class NumberForms:
    """A staff number or whatever else names the person: the same letters and digits, however they are separated.

    Also a name of one word, and one in a script without spaces.
    """

    forms: tuple[tuple[Reason, re.Pattern[str]], ...]

    @classmethod
    def of(cls, value: str) -> "NumberForms | None":
        """None for what has neither letters nor digits."""
        words = re.findall(r"[^\W_]+", fold(value))
        characters = "".join(words)
        if not characters:
            return None
        if UNSPACED.search(characters):
            return cls(((Reason.NUMBER, re.compile(spread(characters, r"\s{0,2}"))),))
        has_digit = any(character.isdecimal() for character in characters)
        form = spread(characters, r"[\W_]{0,4}") if has_digit else r"[\W_]{1,4}".join(map(re.escape, words))
        reason = Reason.NUMBER if len(characters) >= _LEAST_NUMBER else Reason.NUMBER_SHORT
        whole = re.compile(f"{BEGIN}{form}{END}")
        joined = re.compile(f"{_edge(characters[0], '<!')}{form}{_edge(characters[-1], '!')}")
        return cls(((reason, whole), (Reason.NUMBER_JOINED, joined)))

    def find(self, folded: Folded) -> Iterator[Match]:
        for reason, form in self.forms:
            for match in form.finditer(folded.text):
                yield Match(reason, *folded.span(*match.span()))


def _edge(character: str, look: str) -> str:
    """Letters may be joined to digits: only more of the same kind makes it another number."""
    return rf"(?{look}\d)" if character.isdecimal() else rf"(?{look}[^\W\d_])"
