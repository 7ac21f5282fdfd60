"""Pairs of an answer's sentence and a passage, made from the samples: seeded, so that a figure can be had again."""

import json
import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from bench.corpora import ROOT
from lethe.answering.sentences import sentences

PASSAGE_CHARACTERS: Final = 900
_LEFT_OUT: Final = frozenset({"README.md", "betriebsanweisung-batterielager.md"})
_FIGURE: Final = re.compile(r"(?<![\w.,-])\d+(?:[.,]\d+)*(?![\w-])")
_COUNT: Final = re.compile(
    r"(?<![\w.,-])(?<![A-Z][a-z]{2} )(?<![A-Z][a-z]{3} )(?<![A-Z][a-z]{4} )\d+(?:[.,]\d+)*(?![\w.,-])(?! (?:January"
    r"|February|March|April|May|June|July|August|September|October|November|December))"
)
"""Not the number of a name (Heron 3) or of a day: nobody writes those as words."""
_IS_PROSE: Final = re.compile(r"^[A-Z][^|#:]{35,280}\.$")


class Kind(StrEnum):
    VERBATIM = "verbatim"
    PARAPHRASED = "paraphrased"
    NUMBER = "number_swapped"
    NEGATED = "negated"
    UNRELATED = "unrelated"


SUPPORTED: Final = frozenset({Kind.VERBATIM, Kind.PARAPHRASED})


@dataclass(frozen=True, slots=True)
class Pair:
    """A sentence said to come from ``passage`` of ``document``; ``how`` it was made."""

    kind: Kind
    sentence: str
    passage: str
    document: str
    how: str = ""
    headings: str = ""


@dataclass(frozen=True, slots=True)
class _Place:
    document: str
    passage: str
    sentence: str


def pairs(each: int, seed: int, texts: Mapping[str, str]) -> list[Pair]:
    """Up to ``each`` pairs of every kind, from sentences of the texts (by name) chosen by the seed."""
    chosen = random.Random(seed)
    places = list(_places(texts))
    makers: dict[Kind, Callable[[_Place, Sequence[_Place], random.Random], tuple[str, str] | None]] = {
        Kind.VERBATIM: lambda place, _, __: (place.sentence, ""),
        Kind.PARAPHRASED: lambda place, _, choose: _paraphrased(place.sentence, choose),
        Kind.NUMBER: lambda place, _, choose: _number_swapped(place, choose),
        Kind.NEGATED: lambda place, _, __: _negated(place.sentence),
        Kind.UNRELATED: _unrelated,
    }
    made: list[Pair] = []
    for kind, make in makers.items():
        of_kind: list[Pair] = []
        for place in chosen.sample(places, len(places)):
            changed = make(place, places, chosen)
            if changed is not None and len(of_kind) < each:
                of_kind.append(Pair(kind, changed[0], place.passage, place.document, changed[1]))
        made += of_kind
    return made


def samples() -> dict[str, str]:
    """The samples' prose in English, by file name."""
    files = [*sorted((ROOT / "samples").glob("*.md")), *sorted((ROOT / "samples").glob("*.txt"))]
    files += sorted((ROOT / "bench" / "sample_sources").glob("*.md"))
    return {path.name: path.read_text() for path in files if path.name not in _LEFT_OUT}


def corpus(folder: Path) -> dict[str, str]:
    """The texts of a corpus.jsonl (BEIR form), by id: texts that nothing was fitted on."""
    lines = (folder / "corpus.jsonl").read_text().splitlines()
    return {str(one["_id"]): str(one["text"]) for one in (json.loads(line) for line in lines)}


def _places(texts: Mapping[str, str]) -> Iterator[_Place]:
    for name, text in texts.items():
        for passage in passages_of(text):
            for sentence in sentences(passage, "en"):
                if _IS_PROSE.match(sentence.text):
                    yield _Place(name, passage, " ".join(sentence.text.split()))


def passages_of(text: str) -> Iterator[str]:
    """Runs of paragraphs of at most PASSAGE_CHARACTERS, where one is not longer itself."""
    passage = ""
    for paragraph in re.split(r"\n\s*\n", text):
        if passage and len(passage) + len(paragraph) > PASSAGE_CHARACTERS:
            yield passage
            passage = ""
        passage = f"{passage}\n\n{paragraph}".strip()
    if passage:
        yield passage


_ONES: Final = (
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)
_REWORDED: Final = (
    (r"\bmust\b", "has to"),
    (r"\bmay\b", "is allowed to"),
    (r"\bis made\b", "is manufactured"),
    (r"\bneeds?\b", "requires"),
    (r"\bbecause\b", "since"),
    (r"\bat least\b", "no less than"),
    (r"\bat most\b", "no more than"),
    (r"\bevery year\b", "each year"),
    (r"\bbefore\b", "prior to"),
    (r"\bwithin\b", "in at most"),
    (r"\bput\b", "placed"),
    (r"\busually\b", "as a rule"),
    (r"\bkeep\b", "retain"),
    (r"\bshould\b", "ought to"),
    (r"\bpaid\b", "reimbursed"),
    (r"\bstarts?\b", "begins"),
    (r"\bshow(?:s|ed)?\b", "displays"),
)
_FRAMES: Final = ("According to the document, {}", "The passage says that {}", "In short, {}", "Yes: {}")


def _paraphrased(sentence: str, choose: random.Random) -> tuple[str, str] | None:
    """Words replaced, numbers written otherwise, clauses turned, a frame around: the meaning stays."""
    changed = sentence
    how: list[str] = []
    for pattern, other in _REWORDED:
        new = re.sub(pattern, other, changed)
        if new != changed:
            changed, how = new, [*how, "words"]
    new = _COUNT.sub(_written_otherwise, changed)
    if new != changed:
        changed, how = new, [*how, "figures"]
    turned = re.fullmatch(r"(If|When|After|Before|In|With) ([^,]{8,80}), ([^,]{12,120})\.", changed)
    if turned:
        changed, how = f"{turned[3][0].upper()}{turned[3][1:]} {turned[1].lower()} {turned[2]}.", [*how, "turned"]
    if not how:
        return None
    if choose.random() < 0.4:
        first = (
            changed if changed.split()[0].isupper() or changed.startswith("Heron") else changed[0].lower() + changed[1:]
        )
        changed, how = choose.choice(_FRAMES).format(first), [*how, "framed"]
    return changed, "+".join(how)


def _written_otherwise(match: re.Match[str]) -> str:
    number = match.group()
    if number.isdigit() and int(number) <= 12:
        return _ONES[int(number)]
    if number.isdigit() and len(number) > 4:
        return f"{int(number):,}"
    return number.replace(",", "") if re.fullmatch(r"\d{1,3}(,\d{3})+", number) else number


def _number_swapped(place: _Place, choose: random.Random) -> tuple[str, str] | None:
    """One number replaced: in turn by any other of its size, and by another one of the same passage."""
    found = list(_FIGURE.finditer(place.sentence))
    if not found:
        return None
    match = choose.choice(found)
    others = sorted(set(_FIGURE.findall(place.passage)) - {m.group() for m in found})
    from_passage = bool(others) and choose.random() < 0.5
    other = choose.choice(others) if from_passage else _other_number(match.group(), choose)
    swapped = f"{place.sentence[: match.start()]}{other}{place.sentence[match.end() :]}"
    return swapped, "same_passage" if from_passage else "any"


def _other_number(number: str, choose: random.Random) -> str:
    digits = [place for place, character in enumerate(number) if character.isdigit()]
    while True:
        place = choose.choice(digits)
        other = number[:place] + choose.choice("123456789") + number[place + 1 :]
        if other != number:
            return other


_NEGATIONS: Final = (
    (r"\b(is|are|was|were|must|may|can|will|should|has to|have to|does|do|cannot) not\b", r"\1"),
    (r"\bcannot\b", "can"),
    (r"\bnever\b", "always"),
    (r"\bno longer\b", "still"),
    (r"\bwithout\b", "with"),
    (r"\b(is|are|was|were|must|may|can|will|should)\b(?! not)", r"\1 not"),
)


def _negated(sentence: str) -> tuple[str, str] | None:
    for number, (pattern, other) in enumerate(_NEGATIONS):
        changed, count = re.subn(pattern, other, sentence, count=1)
        if count:
            return changed, "added" if number == len(_NEGATIONS) - 1 else "taken"
    return None


def _unrelated(place: _Place, places: Sequence[_Place], choose: random.Random) -> tuple[str, str] | None:
    other = choose.choice(places)
    return None if other.document == place.document else (other.sentence, "")
