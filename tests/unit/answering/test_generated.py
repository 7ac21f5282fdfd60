"""A model's words made sentences with sources: markers, matching, what is left out."""

import pytest

from lethe.answering.body import AnswerBody
from lethe.answering.citation_markers import Markers
from lethe.answering.generated import Cited, cite
from lethe.ports.search import Passage
from tests.unit.answering.passages import passage

SHOWN = {
    1: passage("Ships pass at night. The lighthouse of Varnholm is 31 metres tall."),
    2: passage("The keeper of Varnholm is called Edda. She has held the post since 1998."),
    3: passage("Bread is baked from flour."),
}


def cited(text: str, *, is_cut: bool = False, shown: dict[int, Passage] | None = None) -> tuple[Cited, Markers]:
    """As the words come, a few characters at a time."""
    known = SHOWN if shown is None else shown
    markers = Markers(known.keys())
    said = "".join(markers.feed(text[start : start + 3]) for start in range(0, len(text), 3)) + markers.close()
    return cite(said, markers, known, "en", is_cut=is_cut), markers


def read(answer: Cited) -> str:
    return AnswerBody(sentences=answer.sentences).text


@pytest.mark.parametrize(
    "marker", ["[2]", " [2]", "【2】", "[passage 2]", "[Source 2]", "[^2]", "[ 2 ]"], ids=lambda text: text.strip()
)
def test_markers_of_all_kinds_are_understood_wherever_they_stand(marker: str) -> None:
    for text in (f"The keeper is Edda{marker}.", f"The keeper is Edda.{marker}", f"{marker} The keeper is Edda."):
        answer, _ = cited(text)
        assert (read(answer), answer.sources) == ("The keeper is Edda. [1]", (2,))


def test_citations_are_numbered_by_first_mention() -> None:
    answer, _ = cited("Flour is needed [3]. The tower is 31 metres tall [1][3]. The keeper is Edda [2, 3].")
    assert read(answer) == "Flour is needed. [1] The tower is 31 metres tall. [2][1] The keeper is Edda. [3][1]"
    assert answer.sources == (3, 1, 2)


def test_a_sentence_points_to_the_sentence_it_comes_from() -> None:
    answer, _ = cited("It is 31 metres tall [1]. In 1998 she took the post [2].")
    found = [SHOWN[n].text[s.start : s.end] for n, s in zip((1, 2), answer.sentences, strict=True)]
    assert found == ["The lighthouse of Varnholm is 31 metres tall.", "She has held the post since 1998."]


def test_invented_citations_are_taken_out_and_counted() -> None:
    answer, markers = cited("The tower of Varnholm is 31 metres tall [7]. The keeper is Edda [2][99].")
    assert markers.invented == 2
    assert read(answer) == "The tower of Varnholm is 31 metres tall. [2] The keeper is Edda. [1]"
    assert answer.matched == 1


def test_an_uncited_statement_gets_the_passage_that_says_it_or_is_left_out() -> None:
    answer, _ = cited("The lighthouse of Varnholm is 31 metres tall. It was built by Romans in stone.")
    assert (read(answer), answer.sources) == ("The lighthouse of Varnholm is 31 metres tall. [1]", (1,))
    assert (answer.matched, answer.dropped) == (1, 1)


def test_a_number_that_no_passage_has_is_no_match() -> None:
    answer, _ = cited("The lighthouse of Varnholm is 41 metres tall.")
    assert (answer.sentences, answer.dropped) == ((), 1)


@pytest.mark.parametrize("phrase", ["Answer:", "Here it is:", "Is there anything else you want to know?", "***"])
def test_phrases_without_a_statement_are_left_out_and_not_counted(phrase: str) -> None:
    answer, _ = cited(f"{phrase}\n- The keeper is Edda [2].")
    assert (read(answer), answer.dropped) == ("The keeper is Edda. [1]", 0)


def test_of_a_cut_answer_the_broken_sentence_is_left_out() -> None:
    answer, _ = cited("The keeper is Edda [2]. The tower is 31 metr", is_cut=True)
    assert (read(answer), answer.dropped) == ("The keeper is Edda. [1]", 0)
    assert cited("The tower is 31 [1", is_cut=True)[0].sentences == ()


def test_what_is_no_marker_stays() -> None:
    answer, markers = cited("The keeper [Edda] wrote array[i] and (2) notes [2].")
    assert read(answer) == "The keeper [Edda] wrote array[i] and (2) notes. [1]"
    assert markers.invented == 0


def test_nothing_said_is_nothing() -> None:
    assert cited("")[0] == Cited((), (), 0, 0)
