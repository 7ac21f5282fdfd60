"""What is found of a person in a text, and how much it says."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Reason(StrEnum):
    """Why a span is taken for the person: stored as a code with what was found, never with the text.

    In order of what they say: where two overlap, the earlier stays.
    """

    EMAIL = "email"
    PHONE = "phone"
    NUMBER = "number"
    NAME = "name"
    EMAIL_TAGGED = "email_tagged"
    EMAIL_DISGUISED = "email_disguised"
    NAME_REVERSED = "name_reversed"
    NAME_IN_LONGER = "name_in_longer"
    NAME_LOWER_CASE = "name_lower_case"
    NAME_MIDDLE = "name_middle"
    NAME_SHORT = "name_short"
    NAME_TITLE = "name_title"
    NAME_INITIALS = "name_initials"
    EMAIL_LOCAL_PART = "email_local_part"
    NAME_HANDLE = "name_handle"
    PHONE_ENDING = "phone_ending"
    NUMBER_JOINED = "number_joined"
    NUMBER_SHORT = "number_short"
    NAME_TYPO = "name_typo"
    FAMILY_NAME = "family_name"
    GIVEN_NAME = "given_name"
    NAME_PART = "name_part"


EXACT: Final = frozenset({Reason.EMAIL, Reason.PHONE, Reason.NUMBER, Reason.NAME})
"""Identifiers as they were given, whole."""
COMPANIONS: Final = frozenset({Reason.FAMILY_NAME, Reason.GIVEN_NAME, Reason.NAME_PART})
"""Mean the person only where something else does."""


@dataclass(frozen=True, slots=True)
class Match:
    """A span of a text, in characters."""

    reason: Reason
    start: int
    end: int

    @property
    def family(self) -> str:
        """What kind of identifier it comes from: two matches of one kind are one signal."""
        return "name" if self.reason in COMPANIONS else self.reason.value.partition("_")[0]


_RANK: Final = {reason: rank for rank, reason in enumerate(Reason)}


def without_overlaps(matches: Iterable[Match]) -> list[Match]:
    """Of matches that share characters the one that says most stays, then the longest; in order of their start."""
    kept: list[Match] = []
    for each in sorted(matches, key=lambda match: (_RANK[match.reason], match.start - match.end, match.start)):
        if all(each.end <= other.start or each.start >= other.end for other in kept):
            kept.append(each)
    return sorted(kept, key=lambda match: match.start)
