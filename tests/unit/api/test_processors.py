"""Which outside processors a tenant lets have its texts, over HTTP."""

from dataclasses import replace
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from api.app import create_app
from lethe.privacy.provider_policy import ProviderPolicy, configured_processors
from lethe.settings import AnsweringSettings, CohereSettings, EmbeddingProvider, EmbeddingSettings, Settings
from tests.unit.api.world import World

PATH = "/v1/tenant/processors"


async def put(world: World, allowed: object, key: str | None = None) -> httpx.Response:
    return await world.client.put(PATH, headers={"X-API-Key": key or world.admin}, json={"allowed": allowed})


async def read(world: World) -> dict[str, Any]:
    return (await world.get(PATH)).json()


async def test_nobody_has_decided_at_first(world: World) -> None:
    assert await read(world) == {"allowed": None, "processors": [], "changed_at": None, "changed_by": None}
    assert (await world.get(f"{PATH}/changes")).json()["items"] == []


async def test_a_change_is_in_force_and_kept_with_who_made_it(world: World) -> None:
    for allowed in (["openai", "cohere", "openai"], [], None):
        changed = await put(world, allowed)
        assert changed.status_code == 200
        assert changed.json() == await read(world)
    page = (await world.get(f"{PATH}/changes", params={"limit": 2})).json()
    rest = (await world.get(f"{PATH}/changes", params={"limit": 2, "cursor": page["next_cursor"]})).json()
    changes = [*page["items"], *rest["items"]]
    assert [each["allowed"] for each in changes] == [None, [], ["cohere", "openai"]]
    assert {each["principal_id"] for each in changes} == {(await read(world))["changed_by"]}
    assert changes[0]["created_at"] == (await read(world))["changed_at"]


async def test_saying_it_again_changes_nothing(world: World) -> None:
    first = (await put(world, ["openai", "cohere"])).json()
    assert (await put(world, ["cohere", "openai"])).json() == first
    assert len((await world.get(f"{PATH}/changes")).json()["items"]) == 1


async def test_it_says_what_the_policy_means_for_the_configured_processor(world: World) -> None:
    settings = Settings(
        embedding=EmbeddingSettings(provider=EmbeddingProvider.COHERE),
        cohere=CohereSettings(api_key=SecretStr("k"), region="eu-north"),
        answering=AnsweringSettings(generate=False),
    )
    policy = ProviderPolicy(world.services.ledger, world.clock, configured_processors(settings))
    app = create_app(replace(world.services, provider_policy=policy))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://lethe") as client:
        there = replace(world, client=client)
        for allowed, is_allowed in ((["openai"], False), (["cohere"], True), ([], False), (None, True)):
            assert (await put(there, allowed)).json()["processors"] == [
                {
                    "provider": "cohere",
                    "region": "eu-north",
                    "model": "embed-v4.0",
                    "operation": "embed",
                    "is_allowed": is_allowed,
                }
            ]


async def test_only_admins_and_only_their_own_tenant(world: World) -> None:
    for key in (world.writer, world.reader):
        assert (await put(world, [], key)).status_code == 403
        for path in (PATH, f"{PATH}/changes"):
            assert (await world.get(path, key)).status_code == 403
    await put(world, [], world.foreign_admin)
    assert (await read(world))["allowed"] is None


@pytest.mark.parametrize("body", [{}, {"allowed": ["minilm"]}, {"allowed": "openai"}, {"allowed": [1]}])
async def test_what_is_no_policy_is_refused(world: World, body: dict[str, Any]) -> None:
    refused = await world.client.put(PATH, headers={"X-API-Key": world.admin}, json=body)
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_request")
