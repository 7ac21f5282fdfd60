"""Same questions in other words, and near misses: the words decide, the real local model's embeddings only propose."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from lethe.adapters.embedding.minilm import MiniLmEmbedder
from lethe.answering.same_question import Difference, difference
from lethe.answering.synonyms import DENIALS, TURNS
from lethe.answering.wording import plain_wording
from lethe.model.politeness import without_politeness
from lethe.ports.embedding import InputKind
from lethe.settings import CacheSettings
from tests.unit.answering.near_misses import Pair, near_misses

_PARAPHRASES = Path(__file__).with_name("paraphrases.tsv")

_ONE_MEANING = (
    "before prior", "after following", "until till", "above over", "below under beneath", "inside within", "versus vs",
    "can could may might", "must need required", "should ought", "less fewer", "least fewest", "previous former",
    "other another", "if whether", "i we", "me us", "my our", "mine ours", "not no cannot", "except excluding",
)  # fmt: skip

Record = Callable[[str, object], None]


def paraphrases() -> list[Pair]:
    """Questions that ask the same; the last kind, reworded freely, is there to be told apart from the rest."""
    return [Pair(*line.split("\t")) for line in _PARAPHRASES.read_text(encoding="utf-8").splitlines()]


def test_no_near_miss_is_taken_for_the_same_question_however_close_its_embedding(record_property: Record) -> None:
    pairs = near_misses()
    assert len(pairs) >= 200
    assert {pair.kind for pair in pairs} >= {"number", "name", "negation", "date", "placed"}
    both_ways = [pair for pair in pairs if not (difference(pair.one, pair.other) and difference(pair.other, pair.one))]
    record_property("near_misses", len(pairs))
    record_property("false_hits", len(both_ways))
    assert both_ways == []


async def test_a_third_of_paraphrases_find_the_answer(record_property: Record) -> None:
    pairs = paraphrases()
    assert len(pairs) >= 100
    same_words = [pair for pair in pairs if plain_wording(pair.one) == plain_wording(pair.other)]
    asking_same = [pair for pair in pairs if pair not in same_words and difference(pair.one, pair.other) is None]
    texts = sorted({text for pair in asking_same for text in (pair.one, pair.other)})
    vectors = dict(zip(texts, await MiniLmEmbedder(2).embed(texts, InputKind.QUERY), strict=True))
    least = CacheSettings().similarity
    similar = [pair for pair in asking_same if float(vectors[pair.one] @ vectors[pair.other]) >= least]
    hits = Counter(pair.kind for pair in (*same_words, *similar))
    record_property("paraphrases", len(pairs))
    record_property("hits_by_the_same_words", len(same_words))
    record_property("hits_by_similarity", len(similar))
    record_property("hits_by_kind", dict(hits))
    assert hits.total() >= 0.3 * len(pairs)
    assert similar


def test_no_two_turns_share_a_name_and_only_the_words_of_a_group_do() -> None:
    found: dict[str, set[str]] = {}
    for word, name in (TURNS | DENIALS).items():
        found.setdefault(name, set()).add(word)
    assert {frozenset(words) for words in found.values() if len(words) > 1} == {
        frozenset(words.split()) for words in _ONE_MEANING
    }


@pytest.mark.parametrize(
    ("one", "other", "what"),
    [
        ("What changed in 2023?", "What changed in 2024?", Difference.FIGURES),
        ("Flights of 3 to 5 hours?", "Flights of 5 to 3 hours?", Difference.FIGURES),
        ("Is it open on Monday?", "Is it open on Tuesday?", Difference.DATES),
        ("Who may enter?", "Who may not enter?", Difference.DENIAL),
        ("When was it built?", "Where was it built?", Difference.KIND),
        ("Who is the harbour master?", "Who was the harbour master?", Difference.TENSE),
        ("What happens before lunch?", "What happens after lunch?", Difference.TURN),
        ("Who runs Acme?", "Who runs Borealis?", Difference.WORDS),
        ("Who works in IT?", "Who works in it?", Difference.TURN),
        ("Do dogs chase cats?", "Do cats chase dogs?", Difference.ORDER),
        ("Wer zahlt die Miete?", "Wer zahlt die Miete nicht?", Difference.WORDS),
        ("What is the height of the tower?", "What's the tower's height?", None),
        ("In 2024, how many ships were lost?", "How many ships were lost in 2024?", None),
        ("How do I buy a ticket?", "How to purchase tickets, please?", None),
    ],
)
def test_what_differs_is_named(one: str, other: str, what: Difference | None) -> None:
    assert difference(one, other) is what


@pytest.mark.parametrize(
    ("question", "rest"),
    [
        ("Hello, could you please tell me where the keys are?", "where the keys are?"),
        ("Hello Kitty price", "Hello Kitty price"),
        ("Well water quality?", "Well water quality?"),
        ("Please", "Please"),
        ("Könnten Sie mir bitte sagen, wann die Fähre fährt?", "wann die Fähre fährt?"),
        ("Is it free? Thanks a lot!", "Is it free"),
    ],
)
def test_politeness_is_taken_off_and_nothing_else(question: str, rest: str) -> None:
    assert without_politeness(question) == rest


def test_an_acronym_keeps_its_case_unless_all_is_shouted() -> None:
    assert plain_wording("What does the WHO say?") != plain_wording("What does the who say?")
    assert plain_wording("WHAT DOES THE WHO SAY?") == plain_wording("what does the who say")
    assert plain_wording("Is -5 allowed in .NET?") == "is -5 allowed in .net"
