"""What a person is also written as, what is somebody else, and what the rest of a document adds."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lethe.model.documents import SubjectMention
from lethe.privacy.discovery.folding import Folded, fold
from lethe.privacy.discovery.judging import Confidence, judged
from lethe.privacy.discovery.matches import Reason
from lethe.privacy.discovery.person import Person
from lethe.privacy.identifiers import SearchedText, text_key

IDENTIFIERS = [
    SubjectMention("name", "Maria Anna Müller"),
    SubjectMention("email", "maria.mueller@example.org"),
    SubjectMention("phone", "+49 30 901820"),
    SubjectMention("staff_number", "E-10442"),
]
MARIA = Person.of(IDENTIFIERS)
VAN_DER_BERG = Person.of([SubjectMention("name", "van der Berg, Jan")])
SANTOS = Person.of([SubjectMention("name", "Zoë dos Santos")])


@pytest.mark.parametrize(
    ("text", "reason", "found"),
    [
        ("Maria Anna Müller came", Reason.NAME, "Maria Anna Müller"),
        ("by Maria  Anna\n   Mueller's hand", Reason.NAME, "Maria  Anna\n   Mueller"),
        ("MARIA ANNA MULLER", Reason.NAME, "MARIA ANNA MULLER"),
        ("Mari\u0301a Anna Mu\u0308ller", Reason.NAME, "Mari\u0301a Anna Mu\u0308ller"),
        ("maria anna müller", Reason.NAME_LOWER_CASE, "maria anna müller"),
        ("Maria Anna Müller-Lang came", Reason.NAME_IN_LONGER, "Maria Anna Müller"),
        ("Ursula Maria Anna Müller", Reason.NAME_IN_LONGER, "Maria Anna Müller"),
        ("Müller, Maria", Reason.NAME_REVERSED, "Müller, Maria"),
        ("Müller, M.", Reason.NAME_REVERSED, "Müller, M."),
        ("met M. Muller", Reason.NAME_INITIALS, "M. Muller"),
        ("met M. A. Muller", Reason.NAME_INITIALS, "M. A. Muller"),
        ("Muller M. et al.", Reason.NAME_INITIALS, "Muller M."),
        ("Frau Dr. Müller", Reason.NAME_TITLE, "Frau Dr. Müller"),
        ("Maria K. Müller", Reason.NAME_MIDDLE, "Maria K. Müller"),
        ("Maria Müller", Reason.NAME_SHORT, "Maria Müller"),
        ("Maria Mulelr", Reason.NAME_TYPO, "Maria Mulelr"),
        ("Mueler, Maria", Reason.NAME_TYPO, "Mueler, Maria"),
        ("mueller_maria.pdf", Reason.NAME_HANDLE, "mueller_maria"),
        ("log-in mmueller,", Reason.NAME_HANDLE, "mmueller"),
        ("MARIA.MUELLER@EXAMPLE.ORG.", Reason.EMAIL, "MARIA.MUELLER@EXAMPLE.ORG"),
        ("maria.mueller+news@example.org", Reason.EMAIL_TAGGED, "maria.mueller+news@example.org"),
        ("maria.mueller (at) example (dot) org", Reason.EMAIL_DISGUISED, "maria.mueller (at) example (dot) org"),
        ("maria.mueller@elsewhere.example", Reason.EMAIL_LOCAL_PART, "maria.mueller"),
        ("+49 (0)30 901-820", Reason.PHONE, "+49 (0)30 901-820"),
        ("(030) 901820", Reason.PHONE, "030) 901820"),
        ("004930901820", Reason.PHONE, "004930901820"),
        ("e10442", Reason.NUMBER, "e10442"),
    ],
)
def test_she_is_found(text: str, reason: Reason, found: str) -> None:
    assert [(match.reason, text[match.start : match.end]) for match in MARIA.find(text)] == [(reason, found)]


@pytest.mark.parametrize(
    "text",
    [
        "the miller made flour",
        "Marian Mullerton and Mariana Mullera",
        "ana.mueller@example.org.uk",
        "030 901821, 1030901820555",
        "E-104423 and XE-10442",
        "a müller in lower case is a trade",
    ],
)
def test_who_is_somebody_else_is_left(text: str) -> None:
    assert MARIA.find(text) == []


def test_particles_apostrophes_and_letters_of_other_keyboards() -> None:
    assert [match.reason for match in VAN_DER_BERG.find("Jan van der Berg; Mr van der Berg; J. Berg")] == [
        Reason.NAME,
        Reason.NAME_TITLE,
        Reason.NAME_INITIALS,
    ]
    assert [match.reason for match in SANTOS.find("Zoe dos Santos; zoe.dossantos")] == [Reason.NAME, Reason.NAME_HANDLE]


def test_an_alias_is_likely_beside_a_second_signal_and_uncertain_alone() -> None:
    def confidences(text: str, *, is_linked: bool = False) -> list[Confidence]:
        return [confidence for _, confidence in judged(MARIA.find(text), is_linked=is_linked)]

    assert confidences("Dr. Müller left.") == [Confidence.UNCERTAIN]
    assert confidences("Dr. Müller left.", is_linked=True) == [Confidence.LIKELY]
    assert confidences("Dr. Müller, extension 030 901820") == [Confidence.LIKELY, Confidence.CERTAIN]
    assert confidences("Dr. Müller (maria.mueller+x@example.org)") == [Confidence.LIKELY, Confidence.LIKELY]
    assert confidences("Dr. Müller and M. Müller") == [Confidence.UNCERTAIN] * 2
    # Alone the family name means nobody.
    assert confidences("So said Müller.") == []
    assert confidences("Maria Anna Müller came. So said Müller.") == [Confidence.CERTAIN, Confidence.LIKELY]
    assert confidences("Maria Anna Müller came. So said Peter Müller.") == [Confidence.CERTAIN, Confidence.UNCERTAIN]


@settings(deadline=None)
@given(st.text())
def test_a_span_of_the_folded_text_leads_back(text: str) -> None:
    folded = Folded(text)
    assert folded.text == fold(text)
    for place in range(len(folded.text)):
        start, end = folded.span(place, place + 1)
        assert 0 <= start < end <= len(text)
        assert folded.text[place] in fold(text[start:end])


@settings(deadline=None)
@given(st.text(max_size=40), st.text(max_size=40))
def test_she_is_found_whatever_stands_around(before: str, after: str) -> None:
    text = f"{before} maria.mueller@example.org {after}"
    assert any(match.start <= len(before) + 1 < match.end for match in MARIA.find(text))


WRITTEN = [
    (SubjectMention("name", "Maria Anna Müller"), ["Maria", "Anna", "Müller"]),
    (SubjectMention("email", "maria.mueller@example.org"), ["maria.mueller@example.org"]),
    (SubjectMention("phone", "+49 30 901820"), ["+49", "30", "90", "1820"]),
    (SubjectMention("staff_number", "E-10442"), ["E", "10442"]),
    (SubjectMention("name", "王小明"), ["王小明"]),
]
GAPS = st.sampled_from([" ", "  ", ", ", "-", ".", "_", "/", "\n", "", ": ", "(", ")"])
EDGES = st.sampled_from(["", "x", "1", " ", ".", "_", "@", "王"])


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(WRITTEN), EDGES, st.lists(GAPS, min_size=3, max_size=3), EDGES)
def test_what_the_fence_hides_is_found_as_well(
    written: tuple[SubjectMention, list[str]], before: str, gaps: list[str], after: str
) -> None:
    """The fence drops texts that hold an identifier by its own rule: none of them may be left behind by discovery."""
    identifier, parts = written
    text = before + "".join(part + gap for part, gap in zip(parts[:-1], gaps, strict=False)) + parts[-1] + after
    if SearchedText.of(text).holds(identifier.kind, text_key(identifier.kind, identifier.value)):
        assert Person.of([identifier]).find(text)
