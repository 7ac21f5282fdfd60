"""What of the passages a language model is shown: in order, within a budget, with a note where text is missing."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from lethe.answering.compression import Rated, rate, relevant
from lethe.answering.tokens import count_tokens
from lethe.ports.search import Passage


@dataclass(frozen=True, slots=True)
class Shown:
    """A passage as the model sees it. ``number`` is its citation's; ``passage`` an index into the passages given."""

    number: int
    passage: int
    text: str


@dataclass(frozen=True, slots=True)
class Context:
    """The passages shown. ``tokens_saved``: of what all passages in full would take (both estimated)."""

    shown: tuple[Shown, ...]
    tokens: int
    tokens_saved: int


def build_context(question: str, passages: Sequence[Passage], budget: int, *, compress: bool = True) -> Context:
    """Passages numbered from 1, best first, those of one document together in its order.

    With ``compress`` sentences that tell nothing about the question are left out even where they would fit; without,
    only what does not fit is, the least relevant first.
    """
    rated = rate(question, passages)
    order = _order(passages)
    wanted = relevant(rated) if compress else [set(range(len(one))) for one in rated]
    kept = _fitting(rated, _without_repeats(rated, wanted, order), passages, budget)
    shown: list[Shown] = []
    for index in order:
        if kept[index]:
            text = _head(passages[index]) + _cut(rated[index], kept[index])
            shown.append(Shown(len(shown) + 1, index, text))
    tokens = sum(count_tokens(one.text) for one in shown)
    whole = sum(count_tokens(_head(passage) + passage.text) for passage in passages)
    return Context(tuple(shown), tokens, max(0, whole - tokens))


def left_out(sentences: int) -> str:
    """The note where sentences are missing."""
    return f"[... {sentences} sentence{'s' if sentences > 1 else ''} left out ...]"


def _order(passages: Sequence[Passage]) -> list[int]:
    """Documents by their best passage, each document's passages as they follow one another in it."""
    of_version = defaultdict[str, list[int]](list)
    for index, passage in enumerate(passages):
        of_version[passage.version_id].append(index)
    return [index for group in of_version.values() for index in sorted(group, key=lambda one: passages[one].ordinal)]


def _without_repeats(
    rated: Sequence[Sequence[Rated]], wanted: Sequence[Collection[int]], order: Sequence[int]
) -> list[set[int]]:
    """Overlapping chunks repeat sentences; a model is shown the first."""
    seen: set[str] = set()
    kept: list[set[int]] = [set() for _ in rated]
    for index in order:
        for place in sorted(wanted[index]):
            text = " ".join(rated[index][place].sentence.text.casefold().split())
            if text not in seen:
                seen.add(text)
                kept[index].add(place)
    return kept


def _fitting(
    rated: Sequence[Sequence[Rated]], wanted: Sequence[Collection[int]], passages: Sequence[Passage], budget: int
) -> list[set[int]]:
    """The most relevant of the wanted sentences that the budget holds, heads of their passages and notes counted."""
    note = count_tokens(left_out(99))
    kept: list[set[int]] = [set() for _ in rated]
    spent = 0
    by_score = sorted(
        ((index, place) for index, places in enumerate(wanted) for place in places),
        key=lambda at: (-rated[at[0]][at[1]].score, at),
    )
    for index, place in by_score:
        cost = rated[index][place].tokens + note
        if not kept[index]:
            cost += count_tokens(_head(passages[index])) + note
        if spent + cost <= budget:
            kept[index].add(place)
            # A sentence beside one that is kept has no note between them; the last of a passage may need one.
            spent += cost - (note if {place - 1, place + 1} & kept[index] else 0)
    return kept


def _head(passage: Passage) -> str:
    """What the passage is from: the title and the place, which headings answer questions too."""
    title = " ".join(passage.title.split())
    place = " ".join(passage.place.split())
    return f"({title}; {place})\n" if title else f"({place})\n"


def _cut(rated: Sequence[Rated], kept: Collection[int]) -> str:
    """The kept sentences in order, each on its line, with notes."""
    lines: list[str] = []
    missing = 0
    for place, one in enumerate(rated):
        if place in kept:
            if missing:
                lines.append(left_out(missing))
            lines.append(one.sentence.text)
            missing = 0
        else:
            missing += 1
    if missing:
        lines.append(left_out(missing))
    return "\n".join(lines)
