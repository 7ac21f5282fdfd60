"""The gate from figures alone."""

from dataclasses import replace

import pytest

from lethe.contracts.migrations import GateFigures, MigrationReport
from lethe.indexing.migration.gate import Shadow, failures, figures, ndcg, overlap, p95
from lethe.ports.vectors import Hit
from lethe.settings import MigrationSettings

SETTINGS = MigrationSettings()


def hits(*names: str) -> list[Hit]:
    return [Hit(name, "version", f"document of {name}", 1.0) for name in names]


def shadow(before: list[Hit], after: list[Hit], relevant: str = "") -> Shadow:
    return Shadow(frozenset({f"document of {relevant}"} if relevant else ()), before, after, 10.0, 20.0)


def test_ndcg_is_one_for_the_best_order_and_falls_with_the_place() -> None:
    wanted = {"document of a", "document of b"}
    assert ndcg(hits("a", "b", "c"), wanted) == 1.0
    assert ndcg(hits("c", "a", "b"), wanted) == pytest.approx((0.6309 + 0.5) / 1.6309, abs=1e-4)
    assert ndcg(hits("c"), wanted) == ndcg([], wanted) == 0.0


def test_passages_of_one_document_count_once() -> None:
    twice = [*hits("a"), Hit("a2", "version", "document of a", 0.9), *hits("b")]
    assert ndcg(twice, {"document of b"}) == pytest.approx(0.6309, abs=1e-4)


def test_overlap_and_percentile() -> None:
    assert overlap(shadow(hits("a", "b"), hits("b", "c"))) == 0.5
    assert (p95([]), p95([3.0]), p95([float(each) for each in range(1, 101)])) == (0.0, 3.0, 95.0)


def test_figures_leave_out_what_nobody_judged_and_what_found_nothing() -> None:
    found = figures([shadow(hits("a"), hits("a"), "a"), shadow([], hits("b")), shadow(hits("a", "b"), hits("c"))])
    assert (found.questions, found.judged, found.ndcg_before, found.ndcg_after) == (3, 1, 1.0, 1.0)
    assert (found.overlap, found.p95_ms_before, found.p95_ms_after) == (0.5, 10.0, 20.0)
    nothing = figures([])
    assert (nothing.overlap, nothing.ndcg_before) == (None, None)


def test_what_a_liked_answer_cites_is_no_judgement_and_counts_as_far_as_it_is_found_still() -> None:
    liked = replace(shadow(hits("a", "b"), hits("b", "c")), cited=frozenset({"document of a", "document of b", "gone"}))
    nothing_left = replace(shadow(hits("a"), hits("a")), cited=frozenset({"gone"}))
    found = figures([liked, nothing_left, shadow(hits("a"), hits("a"))])
    assert (found.judged, found.ndcg_before) == (0, None)
    assert (found.liked, found.cited_kept) == (1, 0.5)


def test_one_slow_question_is_not_the_median() -> None:
    quick = shadow(hits("a"), hits("a"))
    found = figures([quick, quick, replace(quick, ms_after=3_000.0)])
    assert (found.median_ms_before, found.median_ms_after, found.p95_ms_after) == (10.0, 20.0, 3_000.0)


JUDGED = {"questions": 9, "judged": 9, "ndcg_before": 0.6, "overlap": 0.1}


@pytest.mark.parametrize(
    ("report", "is_same", "codes"),
    [
        ({}, True, []),
        ({"foreign": 1, "broken": 1, "moved": 1}, True, ["vectors_foreign", "vectors_broken", "vectors_moved"]),
        ({"sample_failed": 1}, False, ["vectors_of_another_model"]),
        ({"vectors": 40, "sampled": 40, "missing": 1}, True, ["vectors_missing"]),
        ({"vectors": 1_000, "sampled": 100}, True, []),
        ({"vectors": 1_000, "sampled": 99}, True, ["vectors_unsampled"]),
        ({"vectors": 1}, True, ["vectors_unsampled"]),
        ({"figures": {"liked": 9, "cited_kept": 0.5, "overlap": 0.3}}, False, []),
        ({"figures": {"liked": 9, "cited_kept": 0.4, "overlap": 0.3}}, False, ["cited_lost"]),
        ({"figures": {"liked": 4, "cited_kept": 0.4, "overlap": 0.3}}, False, []),
        ({"figures": JUDGED | {"ndcg_after": 0.7}}, False, []),
        ({"figures": JUDGED | {"ndcg_after": 0.57}}, False, ["ndcg_lower"]),
        ({"figures": JUDGED | {"ndcg_after": 0.57, "judged": 4, "overlap": 0.3}}, False, []),
        ({"figures": JUDGED | {"ndcg_after": 0.6, "judged": 4}}, False, ["overlap_low"]),
        ({"figures": JUDGED | {"ndcg_after": 0.6, "overlap": 0.5}}, True, ["overlap_low"]),
        ({"figures": {"median_ms_before": 10.0, "median_ms_after": 249.0}}, True, []),
        ({"figures": {"median_ms_before": 100.0, "median_ms_after": 301.0}}, True, ["slower"]),
        ({"figures": {"median_ms_after": 20.0, "p95_ms_after": 3_000.0}}, True, []),
    ],
)
def test_what_is_not_good_enough_is_named(report: dict[str, object], is_same: bool, codes: list[str]) -> None:
    made = MigrationReport.model_validate(report)
    assert made.figures == GateFigures.model_validate(report.get("figures", {}))
    assert failures(made, SETTINGS, is_same_model=is_same) == codes
