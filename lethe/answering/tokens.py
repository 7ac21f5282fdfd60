"""How many tokens a text costs, near enough to fill a budget: what a provider counted itself is known afterwards."""

import re
from typing import Final

_PIECES: Final = re.compile(r"[A-Za-z]{1,5}|[^\W\d_A-Za-z]{1,2}|\d{1,3}|[^\w\s]|_")


def count_tokens(text: str) -> int:
    """Within a tenth of what cl100k counts in most prose; a word of other than plain letters is one for each two."""
    return len(_PIECES.findall(text))
