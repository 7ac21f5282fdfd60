"""Families of attacks that were read while the rules were written, and how many of the others are suspected.

The set: github leolee99/PIGuard, datasets/ (MIT): valid.json (labelled, with the family as `source`) and
NotInject_*.json (harmless prompts full of trigger words).
"""

import json
import random
from collections.abc import Sequence
from pathlib import Path
from statistics import mean
from typing import Any, Final

from bench.corpora import ROOT
from lethe.answering.attack_bank import AttackBank
from lethe.answering.screening import question_score
from lethe.guards.injection import suspect_passage

SEED: Final = 22
THRESHOLD: Final = 0.5
_AS_PASSAGES: Final = ("BIPIA", "PINT_documents")
"""Families of what stands in documents; the others are asked."""


def split(families: Sequence[str]) -> tuple[list[str], list[str]]:
    """Families read while writing rules, and families only measured on. The larger half was read."""
    shuffled = sorted(families)
    random.Random(SEED).shuffle(shuffled)
    middle = (len(shuffled) + 1) // 2
    return shuffled[:middle], shuffled[middle:]


def halves(prompts: Sequence[str]) -> tuple[list[str], list[str]]:
    """Harmless prompts looked at while writing rules, and the others."""
    shuffled = list(prompts)
    random.Random(SEED).shuffle(shuffled)
    return shuffled[: len(shuffled) // 2], shuffled[len(shuffled) // 2 :]


async def figures_of(folder: Path, bank: AttackBank) -> dict[str, Any]:
    """Recall by family with the share of harmless prompts suspected beside it; by rules alone, and with the bank."""
    rows = json.loads((folder / "valid.json").read_text())
    attacks = {row["source"] for row in rows if row["label"] == 1}
    read, measured = split(sorted(attacks))
    notinject = [
        row["prompt"]
        for name in ("one", "two", "three")
        for row in json.loads((folder / f"NotInject_{name}.json").read_text())
    ]
    looked_at, not_looked_at = halves(notinject)
    figures: dict[str, Any] = {"read": read, "measured_on": measured}
    for name, with_bank in (("rules", None), ("rules_and_bank", bank)):
        recall = {family: await _share(_prompts(rows, family), family, with_bank) for family in sorted(attacks)}
        harmless = {row["source"] for row in rows if row["label"] == 0 and not row["source"].startswith("NotInject")}
        figures[name] = {
            "recall_measured_on": round(_weighted(rows, measured, recall), 3),
            "notinject_not_looked_at": await _share(not_looked_at, "", with_bank),
            "recall_read": round(_weighted(rows, read, recall), 3),
            "notinject_looked_at": await _share(looked_at, "", with_bank),
            "recall": recall,
            "harmless": {
                family: await _share(_prompts(rows, family), family, with_bank) for family in sorted(harmless)
            },
        }
    return figures


def _prompts(rows: Sequence[dict[str, Any]], family: str) -> list[str]:
    return [row["prompt"] for row in rows if row["source"] == family]


def _weighted(rows: Sequence[dict[str, Any]], families: Sequence[str], recall: dict[str, float]) -> float:
    return mean(recall[row["source"]] for row in rows if row["source"] in families)


async def _share(prompts: Sequence[str], family: str, bank: AttackBank | None) -> float:
    scores = [await _score(prompt, family, bank) for prompt in prompts]
    return round(sum(score >= THRESHOLD for score in scores) / len(scores), 3)


async def _score(prompt: str, family: str, bank: AttackBank | None) -> float:
    if family == "PINT_documents":
        return suspect_passage(prompt).score
    if family.startswith(_AS_PASSAGES):
        return suspect_passage(_in_a_document(prompt)).score
    return (await question_score(prompt, bank)).score


def _in_a_document(attack: str) -> str:
    paragraphs = (ROOT / "samples" / "product-heron-3.md").read_text().split("\n\n")
    return "\n\n".join([*paragraphs[2:5], attack, *paragraphs[8:10]])
