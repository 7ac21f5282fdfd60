"""Regular expressions over folded texts."""

import re
from collections.abc import Iterable
from typing import Final

BEGIN: Final = r"(?<![^\W_])"
END: Final = r"(?=(?:'?s)?(?![^\W_]))"
"""A possessive or plural s is no other word; it is not part of the match."""
GAP: Final = r"\s{1,8}"
"""Between the words of a name: also the end of a line and its indentation."""


def any_of(forms: Iterable[str]) -> str:
    """One of the expressions, the longest first."""
    return f"(?:{'|'.join(sorted(set(forms), key=lambda form: (-len(form), form)))})"


def spread(characters: str, between: str) -> str:
    """The characters with something between each two."""
    return between.join(map(re.escape, characters))
