"""Every fitted number of the extractive answer, with its source. `python -m bench.answers` measures them again.

Fitted on xquad-en (240 paragraphs, 1,190 questions, five passages each): a question is answerable as it stands, and not
when its paragraph is taken out of the corpus (hard: the rest of its article stays) or its article (easy). On 400
held-out questions with MiniLM, at FLOOR: 86 % of the answerable ones are answered, 82 % with the right span; 88 % of
the hard and 98 % of the easy unanswerable ones are not. FLOOR itself was chosen on these and half of the golden set.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

REVISION: Final = "extractive-3"
"""Goes into provenance: raised with any change of these numbers or of the features they weigh."""

MAX_CANDIDATES: Final = 3
"""Most sentences whose meaning is compared, 5 to 10 ms each on two cores. With 4 as many questions of xquad-en are
answered right, with 8 of 254 tokens 2 of 199 more, at more than twice the time; of the golden ones as many with any of
them.
"""
SENTENCE_TOKENS: Final = 64
"""Of each of them: of a table row or a listing that goes on for long, the beginning."""
MAX_SENTENCES: Final = 3
SENTENCE_MARGIN: Final = 2.0
"""A further sentence is taken if it scores at most this much below the best."""

# Order of sentences: a softmax regression over the sentences of each question, rounded.
WEIGHT_SENTENCE: Final = 6.0
WEIGHT_PREVIOUS: Final = 1.5
WEIGHT_HEADINGS: Final = 0.6
WEIGHT_EXPECTED: Final = 2.0
WEIGHT_PASSAGE: Final = 4.0
WEIGHT_SIMILARITY: Final = 4.5

# xquad has neither headings nor questions in its texts; these are judged, and checked on the golden questions.
WEIGHT_FRAGMENT: Final = -2.0
"""Of what reads like a heading or a signature: FRAGMENT_WORDS at most, no digit, no full stop."""
FRAGMENT_WORDS: Final = 5
WEIGHT_QUESTION_BEFORE: Final = 5.0
"""Instead of WEIGHT_PREVIOUS for the REPLY_SENTENCES after a question in the text (a list of questions and answers)."""
REPLY_SENTENCES: Final = 3


@dataclass(frozen=True, slots=True)
class Relevance:
    """A logistic regression of "the best sentence answers" over its features (relevance.Candidate)."""

    covered: float
    passage_covered: float
    similarity: float
    misses_name: float
    offset: float


BY_WORDS: Final = Relevance(covered=1.5, passage_covered=6.3, similarity=0.0, misses_name=-1.3, offset=-4.2)
BY_MODEL: Final[Mapping[str, Relevance]] = {
    "all-MiniLM-L6-v2-int8": Relevance(covered=2.6, passage_covered=3.5, similarity=8.9, misses_name=-0.7, offset=-7.8),
}
"""Cosines of different models are on different scales: a model that is not here is not asked, words alone decide."""

FLOOR: Final = 0.3
"""On the log-odds scale; below it there is no answer."""

# By words, on the same scale. Beyond these the model is not asked, nor about sentences SENTENCE_MARGIN behind the first
# by words: 1.25 sentences a question of xquad-en are compared instead of 3, 1.34 of the golden ones. Of 1,191 askings
# of xquad-en 7 come out otherwise, 2 of them wrongly; of 109 golden ones 1, as right as it was.
HOPELESS: Final = -2.0
"""There is no answer, whatever the sentences mean: at -1 the first ones are lost."""
CERTAIN: Final = 3.0
"""The one sentence left is the answer: it and its passage have nearly all words of the question."""
