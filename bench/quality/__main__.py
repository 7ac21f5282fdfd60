"""`make bench-quality`: see bench/README.md for what each figure means.

    python -m bench.quality [FOLDER] [--sets cranfield,xquad/de,xquad/es,xquad/ru] [--questions 0] [--alphas 0.3,0.7]
    python -m bench.quality --quick

A set of FOLDER holds `corpus.jsonl` ({_id, title, text}), `queries.jsonl` ({_id, text}) and `qrels/test.tsv`. `--quick`
takes the samples and the golden questions of this tree instead.
"""

import argparse
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from bench.corpora import DATA, spread
from bench.installation import say
from bench.quality.measures import quality
from bench.quality.runs import MODES, RERANKED, ingested
from bench.quality.samples import quick
from bench.relevance import TestSet, read
from bench.report import Report, ended, told
from lethe.settings import Settings

SETS = ("cranfield", "xquad/de", "xquad/es", "xquad/ru")
LEAST = {"cranfield": 0.43}
"""nDCG@10 of hybrid search as shipped; a set that is not here must not fall below keywords alone."""
SEARCH_LOSES = 0.005
"""nDCG@10 that dense search may differ by from the embedder alone over the same chunks."""
CHUNKING_LOSES = 0.01
"""nDCG@10 that dense search may lose against the embedder alone over whole documents, in a language that it knows."""


def main() -> int:
    arguments = _arguments()
    if arguments.quick:
        return ended("bench-quality", {"samples": quick()})
    return ended("bench-quality", {name: told(name, _measured(name, arguments)) for name in arguments.sets.split(",")})


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.quality")
    parser.add_argument("folder", nargs="?", type=Path, default=DATA)
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--questions", type=int, default=0, help="of each set, spread evenly; 0: all")
    parser.add_argument("--alphas", default="", help="asked besides the default, to tune it")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "lethe-bench-vectors")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="environment of the stack")
    parser.add_argument("--quick", action="store_true", help="samples/ and the golden questions: for CI")
    return parser.parse_args()


def _measured(name: str, arguments: argparse.Namespace) -> Report:
    data = _some(read(arguments.folder / name), arguments.questions)
    extra = dict(each.split("=", 1) for each in arguments.set)
    modes = {**MODES, **({"hybrid_rerank": RERANKED} if "LETHE_RERANK__PROVIDER" in extra else {})}
    modes |= {f"alpha {each}": {"alpha": float(each)} for each in arguments.alphas.split(",") if each}
    with ingested(name, data, extra) as collection:
        found = {name: quality(collection.ask(mode), data.judged) for name, mode in modes.items()}
        say(f"{name}: " + ", ".join(f"{mode} {each.ndcg:.4f}" for mode, each in found.items()))
        found["embedder_whole"], found["embedder_chunks"] = collection.alone(Settings(), arguments.cache)
    figures = {mode: each.figures for mode, each in found.items()}
    report = Report({"documents": len(data.documents), "questions": len(data.questions), **figures})
    _judge(name, {mode: each.ndcg for mode, each in found.items()}, report)
    return report


def _judge(name: str, ndcg: Mapping[str, float], report: Report) -> None:
    least = LEAST.get(name, ndcg["bm25"])
    report.require(ndcg["hybrid"] >= least, f"hybrid {ndcg['hybrid']:.4f} is below {least:.4f}")
    apart = abs(ndcg["dense"] - ndcg["embedder_chunks"])
    report.require(apart <= SEARCH_LOSES, f"dense search is {apart:.4f} from the embedder alone")
    lost = ndcg["embedder_whole"] - ndcg["dense"]
    if name in LEAST:
        report.require(lost <= CHUNKING_LOSES, f"chunking loses {lost:.4f}")


def _some(data: TestSet, count: int) -> TestSet:
    return replace(data, questions={name: data.questions[name] for name in spread(list(data.questions), count)})


if __name__ == "__main__":
    sys.exit(main())
