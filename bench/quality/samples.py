"""What CI runs: the samples and the golden questions, no data from outside this tree, wide limits."""

import json
from pathlib import Path

from bench.corpora import ROOT
from bench.installation import running, say
from bench.quality.measures import quality
from bench.quality.runs import MODES, PATIENCE, Collection
from bench.relevance import TestSet
from bench.report import Report

LEAST = {"bm25": 0.7, "dense": 0.5, "hybrid": 0.75}
"""nDCG@10: finds an accident, no regression."""
LEAST_RECALL = 0.99


def quick() -> Report:
    """Every answerable golden question, whose one relevant document is known."""
    report = Report()
    golden = json.loads((ROOT / "tests" / "e2e" / "golden_questions.json").read_text())
    asked = [each for each in golden if each["answerable"]]
    data = TestSet(
        documents={},
        questions={each["id"]: each["question"] for each in asked},
        judged={each["id"]: {Path(each["document"]).stem: 1} for each in asked},
    )
    with running(is_free=False, extra=PATIENCE) as installation:
        taken = installation.ingest(ROOT / "samples")
        report.require(not taken.failures, f"failed: {taken.failures[:3]}")
        collection = Collection("samples", data, installation)
        for name, mode in MODES.items():
            found = quality(collection.ask(mode), data.judged)
            report.figures[name] = found.figures
            say(f"{name}: {found.figures}")
            report.require(found.ndcg >= LEAST[name], f"{name}: nDCG@10 {found.ndcg:.3f} is below {LEAST[name]}")
            report.require(
                found.recall >= LEAST_RECALL, f"{name}: recall@100 {found.recall:.3f} is below {LEAST_RECALL}"
            )
    report.figures["questions"] = len(asked)
    return report
