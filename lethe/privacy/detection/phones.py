"""Telephone numbers: which runs of digits may be one, and when two of them are the same."""

import re
from typing import Final

FEWEST_DIGITS: Final = 7
MOST_DIGITS: Final = 15
_COUNTRY_DIGITS: Final = 3
_NATIONAL_DIGITS: Final = 9
_EXTENSION: Final = re.compile(r"\s?(?:x|ext\.?|extension)\s?\d{1,6}$", re.IGNORECASE)
_YEAR: Final = r"(?:1[89]|20)\d\d"
_DATE: Final = re.compile(
    rf"{_YEAR}[-./ ]\d{{1,2}}[-./ ]\d{{1,2}}(?: .*)?"
    rf"|\d{{1,2}}[-./ ]\d{{1,2}}[-./ ]{_YEAR}|{_YEAR} ?[-\u2013/] ?{_YEAR}"
)
_SSN: Final = re.compile(r"\d{3}([- ])\d{2}\1\d{4}")
_GAP: Final = re.compile(r"[.\s/\u2010-\u2013-]{3,}")
_SEPARATOR: Final = re.compile(r"[().\s/\u2010-\u2013-]")


def is_phone(text: str) -> bool:
    """Whether the run of digits is written as a number is dialled."""
    number = _EXTENSION.sub("", text)
    digits = digits_of(number)
    if not FEWEST_DIGITS <= len(digits) <= MOST_DIGITS or len(set(digits)) == 1:
        return False
    is_other = _DATE.fullmatch(number.strip()) or _SSN.fullmatch(number) or _GAP.search(number)
    return not is_other and number.count("(") == number.count(")")


def is_dialled(text: str) -> bool:
    """Whether it is a number without a word that says so: a "+", a leading zero, or groups of many digits."""
    grouped = bool(_SEPARATOR.search(text.strip()))
    return text.startswith(("+", "0", "(")) or (grouped and len(digits_of(text)) >= _NATIONAL_DIGITS)


def digits_of(text: str) -> str:
    """Its digits, as ASCII."""
    return "".join(str(int(character)) for character in text if character.isdecimal())


def spellings(value: str) -> frozenset[str]:
    """The strings of digits the number is dialled by: with its country's code, or a zero, or neither.

    A number given without "+" or "00" is its own national form; a country's code has one to three digits, so for the
    others each is tried. Two numbers that share a spelling by chance would agree in at least seven digits.
    """
    number = _EXTENSION.sub("", value).replace("(0)", "")
    digits = digits_of(number)
    if number.strip().startswith("+"):
        international = digits
    elif digits.startswith("00"):
        international = digits[2:]
    else:
        national = digits.removeprefix("0")
        return frozenset(_long({digits, national, f"0{national}"}))
    found = {international, f"00{international}"}
    for cut in range(1, _COUNTRY_DIGITS + 1):
        country, national = international[:cut], international[cut:].removeprefix("0")
        found |= {national, f"0{national}", f"{country}0{national}", f"00{country}0{national}"}
    return frozenset(_long(found))


def _long(spelled: set[str]) -> set[str]:
    return {each for each in spelled if len(each) >= FEWEST_DIGITS}
