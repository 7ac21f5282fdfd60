"""Questions about a corpus, no two alike: a run of words of one of its sentences, asked for."""

import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

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
