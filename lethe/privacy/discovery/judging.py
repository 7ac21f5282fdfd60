"""How sure a finding is, seen with everything else that the same document says."""

from collections.abc import Collection
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


_NEEDS_CERTAINTY: Final = frozenset({Reason.NAME_TYPO, Reason.NAME_IN_LONGER, Reason.NAME_LOWER_CASE})


def judged(matches: Collection[Match], *, is_linked: bool) -> list[tuple[Match, Confidence]]:
    """The matches of one document; those that mean nobody alone are left out where nothing else means the person.

    A second signal: an identifier as given, the uploader's own word (``is_linked``), or an alias of another kind.
    """
    is_named = any(match.reason in EXACT for match in matches)
    kinds = {match.family for match in matches if match.reason not in COMPANIONS}
    is_backed = is_named or is_linked or len(kinds) > 1
    return [
        (match, _confidence(match.reason, is_named=is_named, is_linked=is_linked, is_backed=is_backed))
        for match in matches
        if is_backed or match.reason not in COMPANIONS
    ]


def _confidence(reason: Reason, *, is_named: bool, is_linked: bool, is_backed: bool) -> Confidence:
    if reason in EXACT:
        return Confidence.CERTAIN
    if reason in COMPANIONS:
        # In a document that is only said to be about the person the word may be any other's.
        is_likely = is_named and reason is not Reason.NAME_PART
    elif reason in _NEEDS_CERTAINTY:
        is_likely = is_named or is_linked
    else:
        is_likely = is_backed
    return Confidence.LIKELY if is_likely else Confidence.UNCERTAIN
