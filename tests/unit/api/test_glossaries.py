"""The tenant's glossary over HTTP."""

import httpx
import pytest

from tests.unit.api.world import World

PATH = "/v1/tenant/glossary"


async def put(world: World, entries: object) -> httpx.Response:
    headers = {"X-API-Key": world.admin}
    return await world.client.put(PATH, json={"entries": entries}, headers=headers)


async def test_it_is_read_and_replaced_by_an_admin(world: World) -> None:
    assert (await world.get(PATH)).json() == {"entries": {}, "changed_at": None, "changed_by": None}
    answer = await put(world, {" PTO ": ["annual leave"]})
    assert answer.json()["entries"] == {"PTO": ["annual leave"]}
    assert (await world.get(PATH)).json() == answer.json()


@pytest.mark.parametrize(
    "entries",
    [{"": ["x"]}, {"a": []}, {"a": [" "]}, {"a": ["\u0000"]}, {"a": ["x" * 101]}, {"a": ["x"] * 11}, {"a": "x"}, []],
)
async def test_what_is_no_glossary_is_refused(world: World, entries: object) -> None:
    assert (await put(world, entries)).status_code == 422
