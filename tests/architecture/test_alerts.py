"""The alert rules: each metric they name exists in the code, and compose's Prometheus reads them."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY

import lethe.telemetry

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "ops/alerts").glob("*.yml"))
RULES: list[dict[str, Any]] = [
    rule for file in FILES for group in yaml.safe_load(file.read_text())["groups"] for rule in group["rules"]
]
WANTED = {
    *("RetrievalSlow", "ErrorRate", "QuestionsSlow", "CacheRarelyHit", "QueueLong", "CostRises", "DeadLettersGrow"),
    *("StoreDown", "ErasureLate", "ErasureRegression", "EmbeddingModelChanged", "SourceOverdue", "PrecisionLow"),
}
NAME = re.compile(r"\b(?:rag|llm|queue|retriever)_[a-z0-9_]+")
DURATION = re.compile(r"(?:\d+(?:ms|[smhdwy]))+")
BY_PROMETHEUS = {"up"}


def exported() -> set[str]:
    """What a scrape may show: every series of every metric there is, without one of each label."""
    assert lethe.telemetry.QUERIES
    suffixes = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}
    return {metric.name + suffix for metric in REGISTRY.collect() for suffix in suffixes.get(metric.type, ())}


def labels_of(metric: str) -> set[str]:
    """The labels its declaration has, and those Prometheus adds."""
    declared = {
        name: set(each._labelnames)
        for each in vars(lethe.telemetry).values()
        if hasattr(each, "_labelnames")
        for name in (each._name,)
    }
    base = re.sub(r"_(total|bucket|sum|count)$", "", metric)
    return declared.get(base, declared.get(metric, set())) | {"le", "job", "instance"}


def test_every_alert_that_is_promised_has_a_rule() -> None:
    assert {rule["alert"] for rule in RULES} >= WANTED
    assert len({rule["alert"] for rule in RULES}) == len(RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule["alert"]))
def test_a_rule_names_what_there_is(rule: dict[str, Any]) -> None:
    assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
    assert rule["labels"]["severity"] in {"info", "warning", "critical"}
    assert rule["annotations"]["summary"].endswith(".")
    assert DURATION.fullmatch(rule.get("for", "1m"))
    expr = rule["expr"]
    assert all(expr.count(left) == expr.count(right) for left, right in ("()", "[]", "{}"))
    assert all(DURATION.fullmatch(window) for window in re.findall(r"\[([^\]]*)\]", expr))
    names = set(NAME.findall(expr))
    assert names <= exported(), names - exported()
    assert names or expr.split()[0] in BY_PROMETHEUS
    for name, selector in re.findall(r"([a-z0-9_]+)\{([^}]*)\}", expr):
        assert set(re.findall(r"(\w+)\s*(?:=~|=|!=|!~)", selector)) <= labels_of(name)
    for grouping in re.findall(r"by \(([^)]*)\)", expr):
        wanted = {label.strip() for label in grouping.split(",")}
        assert any(wanted <= labels_of(name) for name in names)


def test_a_misspelt_metric_would_be_noticed() -> None:
    assert "rag_queries_total" in exported()
    assert "rag_question_total" not in exported()
    assert labels_of("rag_queries_total") >= {"mode"}


def test_a_reopened_erasure_is_counted_from_the_start() -> None:
    """A series that first appears with 1 has not increased, as Prometheus sees it."""
    for after in ("verification", "certificate"):
        assert REGISTRY.get_sample_value("rag_erasures_reopened_total", {"after": after}) is not None


def test_compose_reads_them() -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    prometheus = compose["services"]["prometheus"]
    assert "./ops/alerts:/etc/prometheus/alerts:ro" in prometheus["volumes"]
    config = yaml.safe_load((ROOT / "ops/prometheus/prometheus.yml").read_text())
    assert config["rule_files"] == ["/etc/prometheus/alerts/*.yml"]
    targets = [t for job in config["scrape_configs"] for each in job["static_configs"] for t in each["targets"]]
    assert {target.partition(":")[0] for target in targets} <= set(compose["services"])
    assert set(prometheus["secrets"]) <= set(compose["secrets"])
