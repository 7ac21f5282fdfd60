"""Three hundred invented people among 2,500 documents: who is found, who is missed, who is taken for somebody else."""

import random
from collections import Counter
from collections.abc import Callable

from lethe.privacy.discovery.folding import Folded
from lethe.privacy.discovery.judging import Confidence, judged
from lethe.privacy.discovery.person import Person
from tests.population.documents import Group, documents
from tests.population.people import COUNT, Invented, people

POPULATION = people()
DOCUMENTS = documents(POPULATION)
FOLDED = [Folded(each.text) for each in DOCUMENTS]
CONCERNED = [{*each.linked, *(truth.person for truth in each.truths)} for each in DOCUMENTS]
OTHERS = 40


def test_the_population_is_what_it_says() -> None:
    assert len({person.name for person in POPULATION}) == len(POPULATION) == COUNT
    for written in DOCUMENTS:
        assert all(written.text[truth.start : truth.end].strip() for truth in written.truths)
    assert documents(people()) == DOCUMENTS


def test_people_are_found_in_text(record_property: Callable[[str, object], None]) -> None:
    found, missed = Counter[Group](), list[str]()
    right, taken = Counter[Confidence](), Counter[Confidence]()
    for person in POPULATION:
        seeker = Person.of(person.identifiers)
        for number in _looked_at(person):
            written = DOCUMENTS[number]
            matches = judged(seeker.find_in(FOLDED[number]), is_linked=person.number in written.linked)
            for truth in (each for each in written.truths if each.person == person.number):
                if any(match.start < truth.end and truth.start < match.end for match, _ in matches):
                    found[written.group] += 1
                else:
                    missed.append(f"{written.group.value}, {truth.form}: {written.text[truth.start : truth.end]}")
            for match, confidence in matches:
                is_right = any(
                    match.start < truth.end and truth.start < match.end
                    for truth in written.truths
                    if truth.person == person.number
                )
                (right if is_right else taken)[confidence] += 1
    for group in (Group.EXACT, Group.NAMES):
        total = found[group] + sum(each.startswith(group.value) for each in missed)
        record_property(f"recall, {group.value}", f"{found[group]} of {total}")
    for confidence in Confidence:
        total = right[confidence] + taken[confidence]
        record_property(f"precision, {confidence.value}", f"{right[confidence]} of {total}")
    record_property("missed", "; ".join(missed) or "none")
    assert found[Group.EXACT] >= 0.99 * _truths(Group.EXACT)
    assert found[Group.NAMES] >= 0.95 * _truths(Group.NAMES)
    assert right[Confidence.CERTAIN] >= 0.99 * (right[Confidence.CERTAIN] + taken[Confidence.CERTAIN])


def _truths(group: Group) -> int:
    return sum(len(written.truths) for written in DOCUMENTS if written.group is group)


def _looked_at(person: Invented) -> list[int]:
    """The person's own documents, those of everybody of the same family name, and some of the others."""
    alike = {other.number for other in POPULATION if other.family in person.family or person.family in other.family}
    names = [number for number, concerned in enumerate(CONCERNED) if not concerned.isdisjoint(alike)]
    rest = random.Random(person.number).sample(range(len(DOCUMENTS)), OTHERS)
    return sorted({*names, *rest})
