"""Sentences of our own with labelled personal data of nobody, made by a seed: the form that needs no other data.

Half of the sentences hold things that only look like personal data: dates, versions, prices, failed checksums.
"""

import random
from collections.abc import Callable, Mapping
from typing import Final

from bench.detection.labelled import Label, Labelled
from lethe.ports.detection import DataKind

SEED: Final = 20_260
_GIVEN: Final = ("Mara", "Jonas", "Sofia", "Émile", "Katarzyna", "Owen", "Priya", "Luca")
_FAMILY: Final = ("Lindqvist", "Okafor", "Brandt", "Moreau", "Nowak", "Hughes", "Raman", "Bianchi")
_DOMAINS: Final = ("example.org", "mail.example.com", "post.example.co.uk", "beispiel.example")
_SENTENCES: Final = (
    "Please write to {} before Friday.",
    "It was signed by {}, who is on leave.",
    "Contact: {}\nOffice hours 9-17.",
    "The form says {}; the rest is illegible.",
    "({}) was noted at the door.",
)
_PHONE_SENTENCES: Final = ("Call {} after noon.", "Tel.: {}", "My mobile is {}, any time.", "Reach the office at {}.")
_HARMLESS: Final = (
    "Version {a}.{b}.{c} was built on 20{b}-0{d}-1{d}.",
    "Between 19{b} and 20{b} prices rose from {a},{b}{d}0.00 to {c},{b}{d}0.00.",
    "The meeting at 1{d}:{b}:00 in room {b}{d} is moved to 0{d}.1{d}.20{b}.",
    "Part {b}{d}{a}-{c}{b} fits; see section {a}.{d}.{c} and table {b}.",
    "Order {a}{b}{c}{d}{b}{c}{a} holds {c} items at {a}.{b} each.",
    "Rating 4.{d} of 5, read {a}{b} {c}{b}0 times (std::map, @reviewer, {d}/{c}).",
)


def invented(count: int = 2_000) -> list[Labelled]:
    """As many sentences."""
    rng = random.Random(SEED)
    return [_labelled(rng) if number % 2 else _harmless(rng) for number in range(count)]


def _labelled(rng: random.Random) -> Labelled:
    kind = rng.choice(list(_MAKERS))
    value = _MAKERS[kind](rng)
    before, after = rng.choice(_PHONE_SENTENCES if kind is DataKind.PHONE else _SENTENCES).split("{}")
    return Labelled(before + value + after, (Label(kind, len(before), len(before) + len(value)),))


def _harmless(rng: random.Random) -> Labelled:
    digits = {name: rng.randint(1, 9) for name in "acd"} | {"b": rng.randint(10, 28)}
    return Labelled(rng.choice(_HARMLESS).format(**digits), ())


def _digits(rng: random.Random, count: int) -> str:
    return "".join(str(rng.randint(0, 9)) for _ in range(count))


def _email(rng: random.Random) -> str:
    given, family = rng.choice(_GIVEN).lower(), rng.choice(_FAMILY).lower()
    return f"{given}{rng.choice(('.', '_', '-', ''))}{family}@{rng.choice(_DOMAINS)}"


def _phone(rng: random.Random) -> str:
    form = rng.choice(
        ("+49 30 {6}", "+44 20 {4} {4}", "(0{2}) {3}-{4}", "0{3}/{6}", "+1-{3}-{3}-{4}", "0{2} {3} {2} {2}")
    )
    for count in (2, 3, 4, 6):
        while f"{{{count}}}" in form:
            form = form.replace(f"{{{count}}}", str(rng.randint(2, 9)) + _digits(rng, count - 1), 1)
    return form


def _card(rng: random.Random) -> str:
    body = rng.choice("45") + _digits(rng, 14)
    doubled = [int(digit) * (2 if place % 2 == 0 else 1) for place, digit in enumerate(body)]
    total = sum(value - 9 if value > 9 else value for value in doubled)
    number = f"{body}{-total % 10}"
    return rng.choice((number, " ".join(number[start : start + 4] for start in range(0, 16, 4))))


def _iban(rng: random.Random) -> str:
    account = _digits(rng, 18)
    check = 98 - int(account + "131400") % 97  # DE00, letters as numbers
    number = f"DE{check:02d}{account}"
    return rng.choice((number, " ".join(number[start : start + 4] for start in range(0, 22, 4))))


def _ssn(rng: random.Random) -> str:
    return f"{rng.randint(100, 665)}-{rng.randint(10, 99)}-{rng.randint(1000, 9999)}"


def _ip(rng: random.Random) -> str:
    return f"203.0.{rng.randint(1, 250)}.{rng.randint(1, 250)}"


_MAKERS: Final[Mapping[DataKind, Callable[[random.Random], str]]] = {
    DataKind.EMAIL: _email,
    DataKind.PHONE: _phone,
    DataKind.CARD: _card,
    DataKind.IBAN: _iban,
    DataKind.SSN: _ssn,
    DataKind.IP: _ip,
}
