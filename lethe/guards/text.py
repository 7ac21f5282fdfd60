"""Copies of a text in which disguises are undone: for judging only, what is stored, searched and shown stays."""

import re
import unicodedata
from typing import Final

TAG_FIRST: Final = 0xE0000
TAG_LAST: Final = 0xE007F
"""Invisible twins of ASCII: a model reads them, a person does not."""

_TAGS: Final = re.compile(f"[{chr(TAG_FIRST)}-{chr(TAG_LAST)}]")
_TAG_RUN: Final = re.compile(f"(?<!\U0001f3f4)[{chr(0xE0020)}-{chr(0xE007E)}]{{3,}}")
"""Emoji flags of regions are a black flag and tags; a run without the flag before it is hidden text."""
_INVISIBLE: Final = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff"
    "\uffa0\U000e0100-\U000e01ef]"
)
HIDING: Final = re.compile("[\u200b\u2060-\u2064\ufeff\U000e0000-\U000e01ef\u202a-\u202e\u2066-\u2069]")
"""Those of the invisible that no script and no emoji needs inside a text."""

# What looks like a Latin letter in Cyrillic and Greek, and is used for one.
_LOOKALIKES: Final = str.maketrans(
    "авеһіјкмнорсѕтухԁԛԝѵгьαβεικνορτυχωγ",
    "abehijkmhopcstyxdqwvrbabeikvoptuxwy",
)
_MIXED: Final = re.compile(r"(?=\w*[a-z])(?=\w*[\u0370-\u052f])\w+")
_DIGITS_FOR_LETTERS: Final = str.maketrans("01345789@$", "oieastbgas")
_WITH_DIGITS: Final = re.compile(
    r"(?<![\w@$])(?=[a-z0-9@$]*[a-z][a-z0-9@$]*[a-z])(?=[a-z@$]*[0-9@$])[a-z0-9@$]{4,24}(?![\w@$])"
)
_SPACED: Final = re.compile(r"(?<!\w)(?:[^\W\d_][ .\-_*]){4,}[^\W\d_](?!\w)")
_SPACES: Final = re.compile(r"\s+")


def has_hidden_text(text: str) -> bool:
    """Whether it carries characters whose only use in prose is to hide something from a person's eye."""
    if text.isascii():
        return False
    return _TAG_RUN.search(text) is not None or len(HIDING.findall(text)) > 3


def comparable(text: str) -> str:
    """Folded to one line of small letters; hidden text made visible, lookalikes, digits for letters, spacing undone."""
    if not text.isascii():
        text = _TAGS.sub(lambda tag: _untagged(tag.group()), text)
        text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    folded = text.casefold()
    if not folded.isascii():
        folded = _MIXED.sub(lambda word: word.group().translate(_LOOKALIKES), folded)
    folded = _WITH_DIGITS.sub(lambda word: word.group().translate(_DIGITS_FOR_LETTERS), folded)
    folded = _SPACED.sub(lambda word: re.sub(r"[ .\-_*]", "", word.group()), folded)
    return _SPACES.sub(" ", folded).strip()


def _untagged(tag: str) -> str:
    return chr(ord(tag) - TAG_FIRST) if 0xE0020 <= ord(tag) <= 0xE007E else ""
