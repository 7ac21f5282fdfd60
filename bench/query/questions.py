"""Questions about a corpus, no two alike: a run of words of one of its sentences, asked for."""

import random
import re
from collections.abc import AsyncGenerator, Iterator, Sequence
from pathlib import Path

from lethe.answering.attack_bank import AttackBank
from lethe.answering.screening import question_score
from lethe.ports.embedding import Embedder
from lethe.settings import GuardSettings

SEED = 20_261_121
WORDS = 6
_WORD = re.compile(r"[A-Za-z][A-Za-z-]{2,}")
_FORMS = ("What is said about {}?", "Where is {} explained?", "Why {}?", "Which document mentions {}?")


def distinct_questions(files: Sequence[Path]) -> Iterator[str]:
    """Without end, in an order that the seed alone decides."""
    draw = random.Random(SEED)
    texts = [_WORD.findall(path.read_text(errors="ignore")) for path in files]
    texts = [words for words in texts if len(words) > WORDS]
    asked: set[str] = set()
    while True:
        words = draw.choice(texts)
        start = draw.randrange(len(words) - WORDS)
        question = draw.choice(_FORMS).format(" ".join(words[start : start + WORDS]).lower())
        if question not in asked:
            asked.add(question)
            yield question


async def unsuspected(questions: Iterator[str], embedder: Embedder) -> AsyncGenerator[str]:
    """Those that do not look like an attack, so that they go to a model: words of a document sometimes do."""
    bank, suspected = AttackBank(embedder), GuardSettings().question_score
    for question in questions:
        if (await question_score(question, bank)).score < suspected:
            yield question
