"""The forms of personal data. What a pattern proposes, a check confirms."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from lethe.ports.detection import DataKind
from lethe.privacy.detection.checks import is_address, is_card, is_iban, is_ssn
from lethe.privacy.detection.phones import is_phone

CONTEXT_CHARACTERS: Final = 60


@dataclass(frozen=True, slots=True)
class Pattern:
    """``confirms`` gets the match; the score is ``beside`` where a word of ``words`` stands near, else ``alone``.

    A score of 0 is no finding: such a form means something only in its context.
    """

    kind: DataKind
    form: re.Pattern[str]
    confirms: Callable[[str], bool]
    alone: float
    beside: float
    words: re.Pattern[str]


def _words(*words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(words)})", re.IGNORECASE)


def compact(text: str) -> str:
    """Letters and digits alone."""
    return "".join(character for character in text if character.isalnum())


def _anything(_: str) -> bool:
    return True


_LOCAL: Final = r"[\w+][\w!#$%&'*+/=?^`{|}~.-]{0,63}"
_DOMAIN: Final = r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_][\w-]{0,61}[^\W_]"
_PHONE_WORDS: Final = _words(
    "phone", "tele?(?:phone|fono|fon)?", "cell", "mobile?", "mobil", "handy", "fax", "call", "dial", "ring", "reach",
    "whatsapp", "sms", "text me", "answer", "office", "hotline", "extension", "ext", "rufnummer", "anruf",
    "numéro", "número", "móvil", "portable", "тел", "звон",
)  # fmt: skip

PATTERNS: Final[Sequence[Pattern]] = (
    Pattern(DataKind.EMAIL, re.compile(rf"(?<![\w.+-]){_LOCAL}@{_DOMAIN}"), _anything, 1.0, 1.0, _words("mail")),
    Pattern(
        DataKind.IBAN,
        re.compile(r"(?<!\w)[A-Za-z]{2}\d{2}(?:[ \u00a0-]?[A-Za-z0-9]{4}){2,7}(?:[ \u00a0-]?[A-Za-z0-9]{1,4})?(?!\w)"),
        lambda text: is_iban(compact(text)),
        1.0,
        1.0,
        _words("iban"),
    ),
    Pattern(
        DataKind.CARD,
        re.compile(r"(?<![\w.-])\d(?:[ \u00a0-]?\d){11,18}(?![\w-])"),
        lambda text: is_card(compact(text)),
        0.9,
        1.0,
        _words("card", "credit", "visa", "master", "amex", "karte"),
    ),
    Pattern(
        DataKind.SSN,
        re.compile(r"(?<![\w.-])(?:\d{3}-\d{2}-\d{4}|\d{3} \d{2} \d{4})(?![\w-])"),
        lambda text: is_ssn(compact(text)),
        0.7,
        1.0,
        _words("ssn", "social", "security"),
    ),
    Pattern(
        DataKind.IP,
        re.compile(r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4})(?![\w:]|\.\d)"),
        is_address,
        0.8,
        1.0,
        _words("ip", "address", "host"),
    ),
    Pattern(
        DataKind.PHONE,
        re.compile(
            r"(?<![\w.:/+-])(?<!\d,)(?:\+ ?|00|\()?\(?\d[\d().\u00a0 /\u2010-\u2013-]{4,22}\d"
            r"(?:\s?(?:x|ext\.?|extension)\s?\d{1,6})?(?![\w]|[.,:/-]\d)"
        ),
        is_phone,
        0.4,
        0.8,
        _PHONE_WORDS,
    ),
)
