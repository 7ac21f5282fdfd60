"""Sentences worded by hand, as a model would: few words in common with the passage, or a plausible falsehood."""

import json
import re
from pathlib import Path
from typing import Final

from bench.grounding.pairs import Kind, Pair, samples

_NEXT: Final = re.compile(r"\n\n(?:#|\d+\. )")
FILE = Path(__file__).with_name("free_pairs.json")


def free_pairs() -> list[Pair]:
    """As PARAPHRASED and UNRELATED; the passage is the section of the document they are about."""
    texts = samples()
    return [
        Pair(
            kind,
            sentence,
            _section(texts[group["document"]], group["about"]),
            group["document"],
            "free",
            _title(texts[group["document"]]),
        )
        for group in json.loads(FILE.read_text())
        for key, kind in (("supported", Kind.PARAPHRASED), ("unsupported", Kind.UNRELATED))
        for sentence in group[key]
    ]


def _title(text: str) -> str:
    return text.lstrip("# ").splitlines()[0]


def _section(text: str, heading: str) -> str:
    start = text.index(heading)
    following = _NEXT.search(text, start + len(heading))
    return text[start : following.start() if following else len(text)]
