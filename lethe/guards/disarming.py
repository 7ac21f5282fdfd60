"""Retrieved text without what a model could take for the frame of its prompt."""

import re
from typing import Final

from lethe.guards.text import HIDING

_OPENERS: Final = re.compile(
    r"<<<(?=\s*/?\s*(?:passage|question)\b)"  # our own markers
    r"|<(?=\|[a-z_]{2,24}\|?>)|<<(?=/?sys>>)|\[(?=/?inst\])"  # tokens of chat templates
    r"|<(?=/?\s*(?:system|context|passages?|documents?|sources?|instructions?|prompt|question|user|assistant|human)\b[^<>\n]{0,80}>)",
    re.IGNORECASE,
)
_ROLE: Final = re.compile(r"(?m)^(\s*(?:#{1,6}\s*)?(?:system|assistant|human|user|developer))(?=:)", re.IGNORECASE)


def disarmed(text: str) -> str:
    """The same to a reader; markers, tokens of chat templates and turns of a conversation are broken by a space.

    Characters that only hide something are left out: a model reads them, a person does not.
    """
    visible = text if text.isascii() else HIDING.sub("", text)
    return _ROLE.sub(r"\1 ", _OPENERS.sub(lambda opener: " ".join(opener.group()) + " ", visible))
