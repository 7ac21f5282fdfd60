"""What answers depend on: another setting of it is another way of making them, which finds none of the old."""

from collections.abc import Mapping
from typing import Any

import pytest

from lethe.answering.caching import keys
from lethe.answering.caching.keys import CachePolicy
from lethe.settings import (
    BelowThreshold,
    CohereSettings,
    GroundingSettings,
    GuardSettings,
    RerankProvider,
    RerankSettings,
    RetrievalSettings,
    Settings,
)


@pytest.mark.parametrize(
    "section",
    [
        {"retrieval": RetrievalSettings(alpha=0.1)},
        {"rerank": RerankSettings(provider=RerankProvider.COHERE)},
        {"cohere": CohereSettings(rerank_model="rerank-v4")},
        {"guards": GuardSettings(passage_score=0.1)},
        {"grounding": GroundingSettings(below=BelowThreshold.PASSAGES)},
    ],
    ids=lambda section: next(iter(section)),
)
def test_a_changed_setting_that_answers_depend_on_is_another_way_of_making_them(section: Mapping[str, Any]):
    settings = Settings()
    changed = CachePolicy.from_settings(settings.model_copy(update=dict(section)), "spec")
    assert changed.profile != CachePolicy.from_settings(settings, "spec").profile


def test_changed_rules_of_the_guards_are_another_way_too(monkeypatch: pytest.MonkeyPatch):
    before = CachePolicy.from_settings(Settings(), "spec")
    monkeypatch.setattr(keys, "GUARDS_REVISION", "guards-0")
    assert CachePolicy.from_settings(Settings(), "spec").profile != before.profile
