import pytest

from lethe.answering.grounding import Claim, Flaw, Source, Verdict, check, judge

WARRANTY = {
    1: Source(
        "The warranty on the Heron 2 is 24 months from the date of delivery. Batteries are not covered after twelve "
        "months. Repairs cost EUR 1,200 and 3 % of buoys need one. The service centre opened on 3 May 2024.",
        "Heron 2",
    )
}


@pytest.mark.parametrize(
    "text",
    [
        "The warranty is two years from delivery.",
        "A repair costs 1200 euros.",
        "Three percent of the buoys need a repair.",
        "Batteries are not covered after 12 months.",
        "The service centre opened on 2024-05-03.",
        "The service centre opened on May 3rd, 2024.",
    ],
)
def test_what_the_passage_says_in_other_words_is_supported(text: str):
    checked = check([Claim(text, (1,))], WARRANTY)
    assert checked.claims[0].flaws == ()
    assert judge(checked, replace=True) is Verdict.ACCEPT


@pytest.mark.parametrize(
    ("text", "flaw"),
    [
        ("The warranty is 36 months from delivery.", Flaw.NUMBER),
        ("The warranty is 24 days from delivery.", Flaw.NUMBER),
        ("The Heron 3 has a warranty of 24 months.", Flaw.NUMBER),
        ("The warranty on the X-900 is 24 months.", Flaw.NUMBER),
        ("The service centre opened on 4 May 2024.", Flaw.NUMBER),
        ("The service centre was opened by Marta Ilves.", Flaw.NAME),
        ("Batteries are covered after twelve months.", Flaw.NEGATION),
        ("The warranty on the Heron 2 is not 24 months.", Flaw.NEGATION),
        ("Penguins eat krill and live in colonies.", Flaw.UNRELATED),
    ],
)
def test_what_the_passage_does_not_say_is_told_with_its_kind(text: str, flaw: Flaw):
    checked = check([Claim(text, (1,))], WARRANTY)
    assert flaw in checked.claims[0].flaws
    assert judge(checked, replace=False) is Verdict.FLAG
    assert judge(checked, replace=True) is Verdict.PASSAGES


def test_a_claim_without_a_passage_is_not_supported():
    checked = check([Claim("The warranty is 24 months.", ()), Claim("The warranty is 24 months.", (7,))], WARRANTY)
    assert checked.flaws == (Flaw.UNCITED,)
    assert checked.score == 0


@pytest.mark.parametrize(
    ("text", "question", "is_proven"),
    [
        ("The thermistors last 30 years.", "How long do thirty thermistors last?", False),
        ("The thermistors last 30 years.", "Do the thermistors last 30 years?", True),
        ("All 30 thermistors last.", "How long do thirty thermistors last?", True),
        ("The thermistors of Heron 3 last.", "Do the thermistors of heron 3 last?", True),
        ("The thermistors cost 40 euros.", "What do 40 thermistors cost?", False),
    ],
)
def test_a_figure_of_the_question_takes_no_unit(text: str, question: str, is_proven: bool):
    passages = {1: Source("The thermistors last for as long as the buoy does, and their cost is part of its cost.")}
    found = check([Claim(text, (1,))], passages, question=question).claims[0]
    assert (Flaw.NUMBER not in found.flaws) == is_proven


def test_a_claim_may_join_what_two_passages_say_and_repeat_the_question():
    passages = {1: Source("The Heron 2 weighs 40 kg."), 2: Source("The Heron 3 weighs 55 kg.")}
    claim = Claim("The Heron 2 weighs 40 kg and the Heron 3 weighs 55 kg.", (1, 2))
    assert check([claim], passages).score > 0.9
    assert check([Claim("In Tallinn it weighs 40 kg.", (1,))], passages).claims[0].flaws == (Flaw.NAME,)
    assert check([Claim("In Tallinn it weighs 40 kg.", (1,))], passages, question="In Tallinn?").claims[0].flaws == ()


def test_an_answer_scores_the_mean_and_names_the_places_of_what_is_unsupported():
    checked = check(
        [Claim("Repairs cost EUR 1,200.", (1,)), Claim("Repairs cost EUR 1,300.", (1,))], WARRANTY, threshold=0.5
    )
    assert checked.unsupported == (1,)
    assert checked.score == pytest.approx((checked.claims[0].score + checked.claims[1].score) / 2, abs=1e-3)
    assert check([], WARRANTY).score == 1.0
