"""What may not leave in an answer."""

from enum import StrEnum


class Leak(StrEnum):
    """Kept with counts in provenance; never quotes what was removed."""

    LINK = "link"
    IMAGE = "image"
    HTML = "html"
    ECHO = "echo"
    SECRET = "secret"  # noqa: S105 (a kind of leak)
    HIDDEN = "hidden"
    ENDLESS = "endless"
