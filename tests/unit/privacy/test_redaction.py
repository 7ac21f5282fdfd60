"""A person is taken out of a text; the others stay, character by character."""

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lethe.model.documents import SubjectMention
from lethe.privacy.discovery.judging import Confidence, judged
from lethe.privacy.discovery.person import Person
from lethe.privacy.discovery.redaction import Redactor, Span, redact
from tests.population.documents import EXACT, NAMES, Form, documents
from tests.population.people import Invented, people

MARIA = Person.of([SubjectMention("name", "Maria Müller"), SubjectMention("email", "maria@example.org")])
POPULATION = people()
PLACEHOLDER = re.compile(r"\[(?:email|phone|number|person)\]")


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Maria Müller (maria@example.org) and Jon Berg.", "[person] ([email]) and Jon Berg."),
        ("Maria Müller's bag; later Müller left with Maria.", "[person]'s bag; later [person] left with [person]."),
        ("Maria Müller and Peter Müller", "[person] and Peter Müller"),
        ("Anneliese Maria Müller and Maria Müller-Lang", "Anneliese Maria Müller and Maria Müller-Lang"),
        ("nobody", "nobody"),
    ],
)
def test_she_is_taken_out(text: str, left: str) -> None:
    assert Redactor(MARIA).redact([text]) == [left]


def test_a_document_is_seen_as_one() -> None:
    texts = ["Minutes", "Dr. Müller spoke.", "Write to maria@example.org."]
    assert Redactor(MARIA).redact(texts) == ["Minutes", "[person] spoke.", "Write to [email]."]
    assert Redactor(MARIA).redact(texts[:2]) == texts[:2]
    assert Redactor(MARIA, Confidence.UNCERTAIN).redact(texts[:2]) == ["Minutes", "[person] spoke."]


def test_a_placeholder_names_nobody() -> None:
    odd = Person.of([SubjectMention("staff_number", "person"), SubjectMention("name", "Ann Lee")])
    assert Redactor(odd).redact(["Ann Lee, a person"]) == ["[…], a [number]"]


def test_overlapping_spans_become_one() -> None:
    spans = [Span(4, 6, "[b]"), Span(2, 5, "[a]"), Span(8, 9, "[c]"), Span(9, 10, "[d]")]
    assert redact("0123456789", spans) == "01[a]67[c][d]"


def test_nothing_of_a_person_is_left_and_everything_of_others_is() -> None:
    """Every document of the population that names somebody, without each one it names."""
    for written in documents(POPULATION[:40]):
        for truth in written.truths:
            person = Person.of(POPULATION[truth.person].identifiers)
            (left,) = Redactor(person, Confidence.UNCERTAIN).redact([written.text])
            assert judged(person.find(left), is_linked=False) == []
            (careful,) = Redactor(person).redact([written.text])
            for other in (each for each in written.truths if each.person != truth.person):
                assert written.text[other.start : other.end] in careful


names = st.sampled_from(POPULATION)
forms = st.sampled_from([*NAMES.values(), *EXACT.values()])
fillers = st.text(st.sampled_from("ab .,\n-'()@0123456789"), max_size=12)


@settings(max_examples=100, deadline=None)
@given(names, st.lists(st.tuples(fillers, forms), max_size=5), fillers, st.randoms(use_true_random=False))
def test_whatever_stands_around_nothing_is_left(
    person: Invented, pieces: list[tuple[str, Form]], end: str, rng: random.Random
) -> None:
    text = "".join(f"{filler} {form(rng, person)} " for filler, form in pieces) + end
    seeker = Person.of(person.identifiers)
    (left,) = Redactor(seeker, Confidence.UNCERTAIN).redact([text])
    assert judged(seeker.find(left), is_linked=False) == []
    # What is left is the text in its order, with placeholders between.
    kept = PLACEHOLDER.split(left.replace("[…]", "[person]"))
    assert re.fullmatch(".*".join(map(re.escape, kept)), text, re.DOTALL)
