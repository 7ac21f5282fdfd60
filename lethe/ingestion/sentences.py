"""Where sentences end: by rule, in any script that ends them with a mark; the language need not be known.

Borders of chunks: the spans cover the text, and a line break that was kept ends one. What answers are made of is
something else (lethe.answering.sentences): it joins wrapped lines, knows the language, and is what the fitted numbers
of answers were measured on. A change here is another revision of the chunker: every document is embedded again.
"""

import re
from typing import Final

_END: Final = re.compile(
    r"(?:(?<![.!?…])(?P<mark>[.!?…]++)[\"'”’»)\]]*(?=\s)"  # a mark, what closes around it, then a space
    r"|[。！？｡]+[」』”’）]*"  # scripts that write no space
    r"|(?<![।؟۔])[।؟۔]++(?=\s)"
    r"|(?=\n))\s*"
)
_LAST_WORD: Final = re.compile(r"[^\s(\[\"'“‘«]+$")
_LONGEST_ABBREVIATION: Final = 12
_WRITTEN_SHORT: Final = (
    "mr mrs ms dr prof sr jr st vs etc e.g i.e cf al fig figs eq eqs no nos vol pp p ch sec art approx dept inc ltd co "
    "corp jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri sat sun u.s u.k a.m p.m ca bzw z.b d.h "
    "u.a usw nr abs abb hr fr sra sres núm pág tel ext т.д т.е т.п г им стр"
)
_ABBREVIATIONS: Final = frozenset(_WRITTEN_SHORT.split())


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """[start, end) of each sentence, with the white space that follows it; together they cover the text."""
    spans: list[tuple[int, int]] = []
    start = 0
    for found in _END.finditer(text):
        end = found.end()
        if end <= start or end >= len(text) or _is_inside(text, start, found):
            continue
        spans.append((start, end))
        start = end
    if start < len(text):
        spans.append((start, len(text)))
    return spans


def _is_inside(text: str, start: int, found: re.Match[str]) -> bool:
    """Whether the mark ends an abbreviation, an initial or a number, or the next word goes on in lower case."""
    if found["mark"] != ".":
        return found["mark"] is not None and text[found.end()].islower()
    if text[found.end()].islower():
        return True
    word = _LAST_WORD.search(text, max(start, found.start() - _LONGEST_ABBREVIATION), found.start())
    if word is None:
        return False
    last = word[0].casefold()
    is_initial = len(last) == 1 and last.isalpha()
    is_numbering = last.isdigit() and word.start() == start
    return is_initial or is_numbering or last in _ABBREVIATIONS
