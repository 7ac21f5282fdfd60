"""How well personal data is detected, per kind and level. Ends with one JSON line.

python -m bench.detection                       sentences of our own, made by a seed
python -m bench.detection --labelled <file>     also presidio-research's generated sentences
"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bench.corpora import ROOT
from bench.detection.invented import invented
from bench.detection.labelled import Labelled, counted, of_presidio
from bench.report import Report, ended, told
from lethe.adapters.detection import make_detector
from lethe.ports.detection import DataKind, PersonalDataDetector
from lethe.settings import DetectionLevel

CHUNK_CHARACTERS: Final = 1_200
LEAST_PRECISION: Final = 0.95
LEAST_RECALL: Final = 0.95
NAMED: Final = frozenset({DataKind.PERSON, DataKind.LOCATION})
"""Found by a small model: told, not required."""


def main() -> int:
    """Exit code 1 if a kind is found worse than required."""
    parser = argparse.ArgumentParser(prog="python -m bench.detection")
    parser.add_argument("--labelled", type=Path, help="generated_large.json of presidio-research")
    parser.add_argument("--levels", default="patterns,names", help="which levels, separated by commas")
    arguments = parser.parse_args()
    levels = {level: make_detector(DetectionLevel(level)) for level in arguments.levels.split(",")}
    reports: dict[str, Report] = {}
    for level, detector in levels.items():
        reports[f"invented_{level}"] = told(f"invented, {level}", measured(invented(), detector))
        if arguments.labelled:
            sentences = of_presidio(arguments.labelled)
            reports[f"labelled_{level}"] = told(f"labelled, {level}", measured(sentences, detector))
        reports[f"samples_{level}"] = told(f"samples, {level}", on_documents(detector))
    return ended("detection", reports)


def measured(sentences: Sequence[Labelled], detector: PersonalDataDetector) -> Report:
    """Precision, recall and F1 of each kind the sentences label."""
    report = Report()
    started = time.process_time()
    counts = counted(sentences, detector)
    seconds = time.process_time() - started
    report.figures["kb_per_cpu_s"] = round(sum(len(each.text) for each in sentences) / 1000 / seconds)
    for kind, count in counts.items():
        if count.right + count.missed == 0 or (kind in NAMED and count.right + count.wrong == 0):
            continue
        figures = report.figures[kind.value] = count.figures()
        if kind not in NAMED:
            report.require(figures["precision"] >= LEAST_PRECISION, f"{kind}: precision {figures['precision']}")
            report.require(figures["recall"] >= LEAST_RECALL, f"{kind}: recall {figures['recall']}")
    return report


def on_documents(detector: PersonalDataDetector) -> Report:
    """How often something is found in ordinary documents, and what a chunk costs."""
    files = [path for path in (ROOT / "samples").iterdir() if path.suffix in {".md", ".txt", ".csv", ".eml", ".html"}]
    texts = [path.read_text() for path in files]
    chunks = [
        text[start : start + CHUNK_CHARACTERS] for text in texts for start in range(0, len(text), CHUNK_CHARACTERS)
    ]
    started = time.process_time()
    found = [finding for chunk in chunks for finding in detector.detect(chunk)]
    milliseconds = 1000 * (time.process_time() - started) / len(chunks)
    by_kind = {kind.value: sum(each.kind is kind for each in found) for kind in DataKind}
    return Report({"chunks": len(chunks), "found": by_kind, "cpu_ms_per_chunk": round(milliseconds, 3)})


if __name__ == "__main__":
    sys.exit(main())
