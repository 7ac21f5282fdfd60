"""What the groundedness score is worth. Prints one JSON line.

python -m bench.grounding                     pairs made from the samples, and sentences worded by hand
python -m bench.grounding --corpus <folder>   also from a corpus.jsonl (BEIR form) that nothing was fitted on
"""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.grounding.figures import THRESHOLD, area, figures_of, scores_of
from bench.grounding.free_pairs import free_pairs
from bench.grounding.pairs import Kind, Pair, corpus, pairs, samples
from lethe.adapters.embedding.minilm import MiniLmEmbedder
from lethe.answering.grounding import Claim, Source
from lethe.answering.meaning import ground

EACH = 150
SEED = 5
REQUIRED = {"number_swapped_recall": 0.95, "auc": 0.95}


def main() -> int:
    """Exit code 1 if a figure is out of bounds."""
    parser = argparse.ArgumentParser(prog="python -m bench.grounding")
    parser.add_argument("--corpus", type=Path)
    arguments = parser.parse_args()
    started = time.process_time()
    made = pairs(EACH, SEED, samples())
    scores = scores_of(made)
    milliseconds = 1000 * (time.process_time() - started) / len(made)
    figures: dict[str, Any] = {"samples": figures_of(made, scores), "cpu_ms_per_sentence": round(milliseconds, 2)}
    if arguments.corpus:
        others = pairs(EACH, SEED, corpus(arguments.corpus))
        figures["corpus"] = figures_of(others, scores_of(others))
    figures["worded_by_hand"] = asyncio.run(_by_hand(free_pairs()))
    ok = all(figures["samples"][name] >= least for name, least in REQUIRED.items())
    print(json.dumps({"name": "grounding", "figures": figures, "ok": ok}))
    return 0 if ok else 1


async def _by_hand(made: Sequence[Pair]) -> dict[str, Any]:
    """Few words in common, plausible falsehoods: what rules alone, and rules with the local embedder, make of it."""
    embedder = MiniLmEmbedder(2)
    with_meaning = [
        (await ground([Claim(one.sentence, (1,))], {1: Source(one.passage, one.headings)}, embedder)).score
        for one in made
    ]
    embedder.close()
    return {"pairs": len(made), "words": _split(made, scores_of(made)), "words_and_meaning": _split(made, with_meaning)}


def _split(made: Sequence[Pair], scores: Sequence[float]) -> dict[str, float]:
    true = [score for pair, score in zip(made, scores, strict=True) if pair.kind is Kind.PARAPHRASED]
    false = [score for pair, score in zip(made, scores, strict=True) if pair.kind is Kind.UNRELATED]
    return {
        "true_flagged": round(sum(score < THRESHOLD for score in true) / len(true), 3),
        "false_flagged": round(sum(score < THRESHOLD for score in false) / len(false), 3),
        "auc": round(area(true, false), 4),
    }


if __name__ == "__main__":
    sys.exit(main())
