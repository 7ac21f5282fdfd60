"""How sure a finding is, seen with everything else that the same document says."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from lethe.privacy.discovery.matches import COMPANIONS, EXACT, Match, Reason


class Confidence(StrEnum):
    """``CERTAIN``: an identifier as given. ``LIKELY``: what it is also written as, beside a second signal.
    ``UNCERTAIN``: that alone, or a spelling that is only near: a person looks at it.
    """

    CERTAIN = "certain"
    LIKELY = "likely"
    UNCERTAIN = "uncertain"


_NEVER_LIKELY: Final = frozenset({Reason.NAME_IN_LONGER, Reason.NAME_PART})
"""May be another bearer's name: then what is left out of a name says too little of whose it is."""
_SHORTENED: Final = frozenset(
    {Reason.FAMILY_NAME, Reason.GIVEN_NAME, Reason.NAME_TITLE, Reason.NAME_INITIALS, Reason.NAME_HANDLE}
)
_NEEDS_NAMED: Final = COMPANIONS
"""In a document that is only said to be about the person the word may be any other's."""
_NEEDS_CERTAINTY: Final = frozenset({Reason.NAME_TYPO, Reason.NAME_LOWER_CASE})


@dataclass(frozen=True, slots=True)
class _Signals:
    """What a document says beside a match: an identifier as given, the uploader's own word, aliases of two kinds,
    somebody else of that name.
    """

    is_named: bool
    is_linked: bool
    is_backed: bool
    has_namesake: bool

    @classmethod
    def of(cls, matches: Collection[Match], *, is_linked: bool) -> "_Signals":
        is_named = any(match.reason in EXACT for match in matches)
        kinds = {match.family for match in matches if match.reason not in COMPANIONS}
        has_namesake = any(match.reason in _NEVER_LIKELY for match in matches)
        return cls(is_named, is_linked, is_named or is_linked or len(kinds) > 1, has_namesake)

    def confidence(self, reason: Reason) -> Confidence:
        if reason in EXACT:
            return Confidence.CERTAIN
        if reason in _NEVER_LIKELY or (self.has_namesake and reason in _SHORTENED):
            return Confidence.UNCERTAIN
        if reason in _NEEDS_NAMED:
            is_likely = self.is_named
        elif reason in _NEEDS_CERTAINTY:
            is_likely = self.is_named or self.is_linked
        else:
            is_likely = self.is_backed
        return Confidence.LIKELY if is_likely else Confidence.UNCERTAIN


def judged(matches: Collection[Match], *, is_linked: bool) -> list[tuple[Match, Confidence]]:
    """The matches of one document; those that mean nobody alone are left out where nothing else means the person.

    A second signal: an identifier as given, the uploader's own word (``is_linked``), or an alias of another kind.
    """
    signals = _Signals.of(matches, is_linked=is_linked)
    return [
        (match, signals.confidence(match.reason))
        for match in matches
        if signals.is_backed or match.reason not in COMPANIONS
    ]
