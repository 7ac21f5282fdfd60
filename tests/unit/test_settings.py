"""What the settings refuse."""

from typing import Any

import pytest

from lethe.settings import Environment, Settings

POSTGRES = "postgresql+asyncpg://lethe@db/lethe"
PRODUCTION: dict[str, Any] = {
    "environment": Environment.PRODUCTION,
    "sql": {"url": POSTGRES, "keyring_url": f"{POSTGRES}_keys"},
    "weaviate": {"url": "https://vectors.internal", "api_key": "given"},
}


def test_production_takes_what_is_given_on_purpose() -> None:
    assert Settings(**PRODUCTION).sql_url == POSTGRES


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"sql": {"url": POSTGRES}}, "needs sql.keyring_url"),
        ({"sql": {"keyring_url": POSTGRES}}, "needs sql.url"),
        ({"sql": {"url": "sqlite+aiosqlite:///a.db", "keyring_url": POSTGRES}}, "PostgreSQL for sql.url"),
        ({"weaviate": {"url": "https://vectors.internal"}}, "needs weaviate.api_key"),
        ({"testing": {"failpoint": "parse_document:before"}}, "testing"),
        ({"testing": {"free_embedder": True}}, "testing"),
    ],
)
def test_production_refuses_what_development_starts_with(change: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Settings(**(PRODUCTION | change))
    development: dict[str, Any] = {**PRODUCTION, **change, "environment": Environment.DEVELOPMENT}
    Settings(**development)
