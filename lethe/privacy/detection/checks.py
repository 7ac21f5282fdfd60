"""What the digits of an identifier must satisfy."""

import ipaddress
import re
from typing import Final

_IBAN_LENGTHS: Final = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BR": 29, "BY": 28,
    "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "DO": 28, "EE": 20, "EG": 29, "ES": 24, "FI": 18,
    "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28, "HR": 21, "HU": 28, "IE": 22,
    "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LC": 32, "LI": 21, "LT": 20,
    "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MR": 27, "MT": 31, "MU": 30, "NL": 18,
    "NO": 15, "PK": 24, "PL": 28, "PS": 29, "PT": 25, "QA": 29, "RO": 24, "RS": 22, "SA": 24, "SE": 24, "SI": 19,
    "SK": 24, "SM": 27, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20,
}  # fmt: skip
_LONG_GROUP: Final = re.compile(r"[0-9a-fA-F]{3}")
_CARD_LENGTHS: Final = range(12, 20)
_SSN_DIGITS: Final = 9


def is_card(digits: str) -> bool:
    """Luhn's checksum (ISO/IEC 7812-1), the length and a first digit that networks give."""
    if len(digits) not in _CARD_LENGTHS or digits[0] not in "23456" or len(set(digits)) == 1:
        return False
    doubled = (int(digit) * 2 for digit in digits[-2::-2])
    single = sum(int(digit) for digit in digits[::-2])
    return (single + sum(value - 9 if value > 9 else value for value in doubled)) % 10 == 0


def is_iban(compact: str) -> bool:
    """The length of its country and the remainder modulo 97 (ISO 13616, ISO 7064)."""
    compact = compact.upper()
    if not compact.isascii() or not compact.isalnum() or len(compact) != _IBAN_LENGTHS.get(compact[:2]):
        return False
    digits = "".join(str(int(character, 36)) for character in compact[4:] + compact[:4])
    return int(digits) % 97 == 1


def is_ssn(digits: str) -> bool:
    """A number of the United States' Social Security that may have been given: no checksum, three groups."""
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    return len(digits) == _SSN_DIGITS and area not in {"000", "666"} and group != "00" and serial != "0000"


def is_address(text: str) -> bool:
    """An IP address, of a machine that may stand for a person; not this host's own."""
    if text.count(":") in {1, 2} and not _LONG_GROUP.search(text):
        return False  # a time, or a name in a program
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return not (address.is_loopback or address.is_unspecified)
