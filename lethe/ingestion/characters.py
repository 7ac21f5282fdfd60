"""Characters that carry no meaning for a reader, made into those that do."""

import re
import unicodedata
from typing import Final

_LIGATURES: Final = {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}
_LINE_ENDS: Final = re.compile(r"\r\n?|[\v\f\x85\u2028\u2029]")
_SPACES: Final = re.compile(r"[\t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_LINE_END_HYPHENS: Final = re.compile(r"[\u00ad\u0002\ufffe](?=[ \t]*\n)")
"""A soft hyphen at a line's end was printed; PDFium writes U+0002 or U+FFFE for it."""
_INVISIBLE: Final = re.compile(
    "[\u00ad\u0000-\u0008\u000e-\u001f\u007f-\u0084\u0086-\u009f"  # soft hyphen, controls
    "\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb"  # zero width, direction, fillers
    "\ufdd0-\ufdef\ufffe\uffff\U000e0000-\U000e007f]"  # non-characters, tags (text that only a model sees)
)
_SURROGATES: Final = re.compile("[\ud800-\udfff]")
_VIRAMA: Final = 9
"""The combining class of the signs that join two Indic letters into one."""
_RUNS: Final = re.compile(r" {2,}")


def normalise(text: str) -> str:
    """NFC text with line feeds and plain spaces, without invisible characters; joiners inside words stay."""
    text = _LINE_ENDS.sub("\n", text)
    text = _LINE_END_HYPHENS.sub("-", text)
    text = _INVISIBLE.sub("", _SPACES.sub(" ", text))
    text = _SURROGATES.sub("\ufffd", text)
    for ligature, letters in _LIGATURES.items():
        text = text.replace(ligature, letters)
    return unicodedata.normalize("NFC", text)


def squeeze(text: str) -> str:
    """Each line stripped, runs of spaces made one, empty lines dropped."""
    lines = (_RUNS.sub(" ", line).strip() for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def starts_cluster(text: str, position: int) -> bool:
    """Whether a cut before ``position`` leaves every character with its marks (UAX #29, the rules that matter here)."""
    if position <= 0 or position >= len(text):
        return True
    after, before = text[position], text[position - 1]
    if before == "\r" and after == "\n":
        return False
    return not (
        unicodedata.category(after) in {"Mn", "Mc", "Me"}
        or after in "\u200c\u200d"
        or before == "\u200d"
        or (unicodedata.combining(before) == _VIRAMA and unicodedata.category(after) == "Lo")
        or "\U0001f3fb" <= after <= "\U0001f3ff"
        or (_is_regional(after) and _odd_regionals_before(text, position))
    )


def _is_regional(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _odd_regionals_before(text: str, position: int) -> bool:
    count = 0
    while position - count - 1 >= 0 and _is_regional(text[position - count - 1]):
        count += 1
    return count % 2 == 1
