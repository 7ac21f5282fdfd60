"""What the settings refuse."""

from typing import Any

import pytest

from lethe.settings import AnsweringSettings, Environment, ModelTier, Settings, load_settings

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


def test_the_chain_is_of_the_providers_that_have_a_key() -> None:
    assert Settings().chat_chain == ()
    keyed = Settings(openai={"api_key": "k"}, cohere={"api_key": "k", "chat_model": "one", "chat_model_strong": "one"})  # pyright: ignore[reportArgumentType]
    assert [(entry.name, entry.tier) for entry in keyed.chat_chain] == [
        ("openai:gpt-4o-mini", ModelTier.CHEAP),
        ("openai:gpt-4o", ModelTier.STRONG),
        ("cohere:one", ModelTier.ANY),
    ]
    off = keyed.model_copy(update={"answering": AnsweringSettings(generate=False)})
    assert off.chat_chain == ()


def test_a_chain_is_written_as_names_or_objects() -> None:
    written = ["openai:llama3:8b", "cohere:command:strong", {"provider": "azure", "model": "m", "deployment": "d"}]
    chain = AnsweringSettings.model_validate({"chain": written}).chain
    assert [(entry.provider, entry.model, entry.tier, entry.deployment) for entry in chain] == [
        ("openai", "llama3:8b", "any", ""),
        ("cohere", "command", "strong", ""),
        ("azure", "m", "any", "d"),
    ]


@pytest.mark.parametrize("written", [["openai"], ["nobody:model"], ["openai:"], ["openai:a", "openai:a:cheap"]])
def test_a_chain_that_names_no_model_or_one_twice_is_refused(written: list[str]) -> None:
    with pytest.raises(ValueError, match="chain"):
        AnsweringSettings.model_validate({"chain": written})


def test_prices_are_by_provider_and_model() -> None:
    settings = AnsweringSettings()
    assert settings.price("openai:gpt-4o").output_micros == 10_000_000
    assert settings.price("openai:own").input_micros == 0


def test_several_api_processes_need_redis() -> None:
    several: dict[str, Any] = {"api": {"processes": 2}}
    with pytest.raises(ValueError, match=r"needs redis\.url"):
        Settings(**several)
    assert Settings(**several, redis={"url": "redis://cache:6379/0"}).api.processes == 2  # pyright: ignore[reportArgumentType]


def test_credentials_of_sources_are_written_as_json_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    written = (
        '[{"name": "wiki", "addresses": ["https://wiki.example"], "token": "hunter2", "options": {"key": "hunter3"}}]'
    )
    monkeypatch.setenv("LETHE_SOURCES__CREDENTIALS", written)
    (entry,) = load_settings().sources.credentials
    assert (entry.token.get_secret_value(), entry.options["key"].get_secret_value()) == ("hunter2", "hunter3")
    assert "hunter" not in repr(load_settings())
    monkeypatch.setenv("LETHE_SOURCES__CREDENTIALS", '[{"name": "wiki"}]')  # for every address there is
    with pytest.raises(ValueError, match="addresses"):
        load_settings()
