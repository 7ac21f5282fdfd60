"""Numbers with units, and dates, in forms that can be compared: 1,000 = 1000, twelve = 12, 3 % = 3 percent."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from lethe.answering.numerals import NUMERAL, VAGUE, value_of

_COMMA_DECIMALS: Final = frozenset(
    {"de", "es", "fr", "it", "nl", "pt", "ru", "da", "sv", "fi", "no", "ro", "tr", "el", "hu"}
)

_UNITS: Final = """
    percent 1: % percent prozent pct porcentaje
    time 1: second seconds sec secs s sekunde sekunden segundo segundos seconde secondes
    time 60: minute minutes min mins minuten minuto minutos
    time 3600: hour hours h hr hrs stunde stunden hora horas heure heures
    time 86400: day days d tag tage tagen día días jour jours
    time 604800: week weeks woche wochen semana semanas semaine semaines
    months 1: month months monat monate monaten mes meses mois
    months 12: year years yr yrs jahr jahre jahren año años an ans
    length 0.001: mm millimetre millimetres millimeter millimeters
    length 0.01: cm centimetre centimetres centimeter centimeters
    length 1: m metre metres meter meters metern metros
    length 1000: km kilometre kilometres kilometer kilometers kilometern
    mass 0.001: g gram grams gramm
    mass 1: kg kilogram kilograms kilo kilos kilogramm
    mass 1000: t tonne tonnes tonnen
    volume 0.001: ml millilitre millilitres milliliter milliliters
    volume 1: l litre litres liter liters litros
    eur 1: € eur euro euros
    usd 1: $ usd dollar dollars
    gbp 1: £ gbp pound pounds
    celsius 1: °c celsius
    volt 1: v volt volts
    ampere 1: a ampere amperes amp amps
    watt 1: w watt watts
    energy 1: wh
    energy 1000: kwh
"""
"""Dimension and factor of each unit: within a dimension 2 years are 24 months; a word that is not here is no unit."""


def _measures() -> dict[str, tuple[str, float]]:
    measures: dict[str, tuple[str, float]] = {}
    for line in _UNITS.strip().splitlines():
        kind, _, names = line.partition(":")
        dimension, factor = kind.split()
        measures |= dict.fromkeys(names.split(), (dimension, float(factor)))
    return measures


_MEASURES: Final = _measures()
_SCALES: Final = {"thousand": 1e3, "million": 1e6, "millions": 1e6, "billion": 1e9, "k": 1e3, "mio": 1e6}
_MONTHS: Final = {
    "jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6, "jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11,
    "dec": 12,
    "mär": 3, "mai": 5, "okt": 10, "dez": 12, "ene": 1, "abr": 4, "ago": 8, "dic": 12, "fév": 2, "avr": 4, "aoû": 8,
    "déc": 12,
}  # fmt: skip
_MONTH: Final = (
    r"(?:jan(?:uary|uar|vier|\.)?|feb(?:ruary|ruar|rero|\.)?|fév(?:rier)?|mar(?:ch|zo|s|\.)?|märz|apr(?:il|\.)?|abr(?:il)?|avr(?:il)?|may|mai|mayo"
    r"|june?|juni|juin|junio|july?|juli|juillet|julio|aug(?:ust|\.)?|ago(?:sto)?|août|sept?(?:ember|iembre|embre|\.)?|o[ck]t(?:ober|ubre|obre|\.)?"
    r"|nov(?:ember|iembre|embre|\.)?|de[cz](?:ember|iembre|embre|\.)?|dic(?:iembre)?|déc(?:embre)?|ene(?:ro)?)"
)
_DATE: Final = re.compile(
    rf"""
    \b(?P<iso_year>\d{{4}})-(?P<iso_month>\d{{2}})(?:-(?P<iso_day>\d{{2}}))?\b
    | \b(?P<day>\d{{1,2}})(?:st|nd|rd|th|\.)?\s+(?:of\s+|de\s+)?(?P<month>{_MONTH})\b
      (?:,?\s+(?:de\s+)?(?P<year>\d{{4}})\b)?
    | \b(?P<us_month>{_MONTH})\s+(?P<us_day>\d{{1,2}})(?:st|nd|rd|th)?\b(?!\s?%)(?:,?\s+(?P<us_year>\d{{4}})\b)?
    | \b(?P<only_month>{_MONTH})\s+(?P<only_year>\d{{4}})\b
    | \b(?P<first>\d{{1,2}})(?P<mark>[./])(?P<second>\d{{1,2}})(?P=mark)(?P<short_year>\d{{4}})\b
    """,
    re.VERBOSE | re.IGNORECASE,
)
_CLOCK: Final = re.compile(
    r"\b(?P<hour>\d{1,2})(?:[:.](?P<minute>[0-5]\d))?\s?(?P<half>[ap]\.?m\b\.?)|\b(?P<h24>[01]?\d|2[0-4]):(?P<m24>[0-5]\d)\b",
    re.IGNORECASE,
)


def _number(spaces: str) -> re.Pattern[str]:
    return re.compile(
        r"(?<![\w.,])(?P<sign>[-−–](?=\d)(?<!\w[-−–]))?(?P<currency>[$€£]\s?|(?:EUR|USD|GBP|CHF)\s)?"
        rf"(?P<number>\d{{1,3}}(?:[{spaces}]\d{{3}})+(?!\d)|\d+(?:[.,]\d+)*)"
        r"(?P<ordinal>st|nd|rd|th)?(?:(?P<gap>[\s-]?)(?P<unit>%|°\s?C|[€$£]|[^\W\d_]+))?"
    )


_NUMBER: Final = _number("\u00a0\u202f\u2009'’")
_NUMBER_WITH_SPACES: Final = _number(" \u00a0\u202f\u2009'’")
"""Not in English: in "Heron 3 250 m" the 3 is the buoy's."""
LABEL: Final = "label"
_NUMBERED_NAME: Final = re.compile(r"(?:^|\W)[A-Z][\w-]*\s$")
_AFTER: Final = re.compile(r"[\s-]{0,2}(?P<unit>%|°\s?C|[€$£]|[^\W\d_]+)")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number and what it counts: ``values`` what it may mean ("1.000" is 1 or 1000), ``factor`` its unit's.

    ``dimension``: of the unit; empty: none told; LABEL: it numbers a name ("Heron 3").
    """

    values: frozenset[float]
    dimension: str = ""
    factor: float = 1.0

    def agrees(self, other: "Quantity") -> bool:
        """Whether one may stand for the other; a missing unit contradicts none."""
        if self.dimension and other.dimension:
            if self.dimension != other.dimension:
                return False
            return _meet(self.scaled(), other.scaled())
        return _meet(self.values, other.values)

    def scaled(self) -> set[float]:
        """The values in the dimension's smallest unit."""
        return {value * self.factor for value in self.values}


def _meet(some: Collection[float], others: Collection[float]) -> bool:
    return any(abs(one - other) <= 1e-9 * max(1.0, abs(one)) for one in some for other in others)


def is_unit(word: str) -> bool:
    """Whether a small-letter word is a unit or a currency."""
    return word in _MEASURES


@dataclass(frozen=True, slots=True)
class Date:
    """A date as far as it is told; 0 is untold."""

    year: int
    month: int
    day: int

    def follows_from(self, other: "Date") -> bool:
        """Whether it says no more than the other does, and the same; a year may stand elsewhere."""
        if self.day and not other.day:
            return False
        return all(
            not mine or not its or mine == its
            for mine, its in ((self.year, other.year), (self.month, other.month), (self.day, other.day))
        )


@dataclass(frozen=True, slots=True)
class Figures:
    """All numbers and dates of a text."""

    quantities: tuple[Quantity, ...]
    dates: tuple[tuple[Date, ...], ...]
    """For each date in the text its readings: 3/5/2024 has two."""


def figures(text: str, language: str, *, claimed: bool) -> Figures:
    """``claimed``: of an answer, where "one" and "half" claim no number. Of a source they may prove one."""
    dates: list[tuple[Date, ...]] = []
    quantities: list[Quantity] = []
    rest = text
    for match in _DATE.finditer(text):
        if readings := tuple(_readings(match)):
            dates.append(readings)
            rest = _blanked(rest, match)
    for match in _CLOCK.finditer(rest):
        quantities.append(Quantity(frozenset({_minutes(match)}), "clock"))
        rest = _blanked(rest, match)
    quantities += _written(rest, language)
    quantities += _spelled(rest, claimed=claimed)
    if not claimed:
        quantities += [Quantity(frozenset({float(one.year)})) for each in dates for one in each[:1] if one.year]
    return Figures(tuple(quantities), tuple(dates))


def _blanked(text: str, match: re.Match[str]) -> str:
    return text[: match.start()] + " " * (match.end() - match.start()) + text[match.end() :]


def _readings(match: re.Match[str]) -> Iterator[Date]:
    part = match.groupdict()
    if part["iso_year"]:
        yield from _dated(part["iso_year"], part["iso_month"], part["iso_day"])
    elif part["day"]:
        yield from _dated(part["year"], str(_MONTHS.get(part["month"][:3].lower(), 0)), part["day"])
    elif part["us_month"]:
        yield from _dated(part["us_year"], str(_MONTHS.get(part["us_month"][:3].lower(), 0)), part["us_day"])
    elif part["only_month"]:
        yield from _dated(part["only_year"], str(_MONTHS.get(part["only_month"][:3].lower(), 0)), "0")
    else:
        yield from _dated(part["short_year"], part["second"], part["first"])
        if part["mark"] == "/":
            yield from _dated(part["short_year"], part["first"], part["second"])


def _dated(year: str | None, month: str, day: str | None) -> Iterator[Date]:
    if 1 <= int(month) <= 12 and 0 <= int(day or 0) <= 31:
        yield Date(int(year or 0), int(month), int(day or 0))


def _minutes(match: re.Match[str]) -> float:
    if match["h24"]:
        return float(int(match["h24"]) * 60 + int(match["m24"]))
    hour = int(match["hour"]) % 12 + (12 if match["half"][0] in "pP" else 0)
    return float(hour * 60 + int(match["minute"] or 0))


def _written(text: str, language: str) -> Iterator[Quantity]:
    pattern = _NUMBER_WITH_SPACES if language in _COMMA_DECIMALS else _NUMBER
    for match in pattern.finditer(text):
        unit = (match["unit"] or "").casefold().replace(" ", "")
        values = _values(match["number"], language)
        scale = _SCALES.get(unit, 1.0)
        if scale != 1.0 and (after := _AFTER.match(text, match.end())):
            unit = after["unit"].casefold().replace(" ", "")
        currency = (match["currency"] or "").strip().casefold()
        if (
            not match["ordinal"]
            and not match["gap"]
            and unit
            and unit not in _MEASURES
            and scale == 1.0
            and match["unit"].isalpha()
        ):
            continue  # an identifier ("3a", "27B")
        dimension, factor = _MEASURES.get(currency or unit, ("", 1.0))
        sign = -1.0 if match["sign"] else 1.0
        if not dimension and _NUMBERED_NAME.search(text[: match.start()]):
            dimension = LABEL
        yield Quantity(frozenset(sign * value * scale for value in values), dimension, factor)


def _values(number: str, language: str) -> set[float]:
    digits = re.sub(r"[ \u00a0\u202f\u2009'’]", "", number)
    if digits.isdigit():
        return {float(digits)}
    marks = re.findall(r"[.,]", digits)
    readings: set[float] = set()
    is_grouped = re.fullmatch(r"\d{1,3}(?:[.,]\d{3})+", digits) is not None and len(set(marks)) == 1
    if is_grouped:
        readings.add(float(re.sub(r"[.,]", "", digits)))
    if len(marks) == 1 and not (is_grouped and _groups(marks[0], language)):
        readings.add(float(digits.replace(",", ".")))
    if len(set(marks)) == 2 and digits.count(marks[-1]) == 1:
        whole, _, fraction = digits.rpartition(marks[-1])
        readings.add(float(f"{re.sub(r'[.,]', '', whole)}.{fraction}"))
    return readings or {float(re.sub(r"[.,]", "", digits))}


def _groups(mark: str, language: str) -> bool:
    """Whether three digits after this mark are thousands for sure."""
    return mark == ("." if language in _COMMA_DECIMALS else ",")


def _spelled(text: str, *, claimed: bool) -> Iterator[Quantity]:
    for match in NUMERAL.finditer(text):
        if claimed and match.group().casefold() in VAGUE:
            continue
        before = text[: match.start()].rstrip()
        if before and before[-1].isdigit():
            continue  # "3 million" was read as digits and a scale
        after = _AFTER.match(text, match.end())
        dimension, factor = _MEASURES.get(after["unit"].casefold() if after else "", ("", 1.0))
        yield Quantity(frozenset({value_of(match.group())}), dimension, factor)
