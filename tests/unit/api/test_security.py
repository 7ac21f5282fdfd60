"""Every route but health needs a key, and a key may do what its role allows."""

from dataclasses import replace
from typing import Any

import httpx
import pytest
from starlette.routing import Mount, Route

from api.app import create_app
from api.security import DOCS, DOCS_ASSETS, HEALTH
from lethe.model.ids import new_id
from lethe.model.principals import Role
from lethe.settings import ApiSettings
from tests.unit.api.world import World


def _all_paths(world: World) -> set[tuple[str, str]]:
    app = create_app(world.services)
    schema = {(method.upper(), path) for path, item in app.openapi()["paths"].items() for method in item}
    mounts = {("GET", f"{route.path}/x") for route in app.routes if isinstance(route, Mount)}
    pages = {("GET", route.path) for route in app.routes if isinstance(route, Route)}
    return schema | mounts | pages


async def test_every_route_but_health_answers_401_without_a_key(world: World) -> None:
    paths = _all_paths(world)
    assert len(paths) >= 17
    opened: set[str] = set()
    for method, template in sorted(paths):
        for headers in (
            {},
            {"X-API-Key": "lethe_wrong"},
            {"Authorization": "Bearer "},
            {"Authorization": "Basic eDp5"},
        ):
            response = await world.client.request(method, template.format_map(_Ids()), headers=headers, content=b"{")
            if response.status_code != 401:
                opened.add(template)
                continue
            assert response.json()["code"] == "unauthenticated"
            assert response.headers["www-authenticate"]
    assert opened == {HEALTH}


class _Ids(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return new_id()


async def test_the_api_page_takes_the_key_as_a_browser_can_give_it(world: World) -> None:
    basic = httpx.BasicAuth("anyone", world.reader)
    for path in (*DOCS, DOCS_ASSETS + "swagger-ui.css"):
        refused = await world.client.get(path)
        assert refused.status_code == 401
        assert "Basic" in refused.headers["www-authenticate"]
        assert (await world.client.get(path, auth=basic)).status_code == 200
    # Only there: everywhere else a browser must not be made to send the key by itself.
    assert (await world.client.get("/v1/documents", auth=basic)).status_code == 401


async def test_the_settings_may_open_the_api_page(world: World) -> None:
    settings = world.services.settings.model_copy(update={"api": ApiSettings(public_docs=True)})
    app = create_app(replace(world.services, settings=settings))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://lethe") as client:
        for path in (*DOCS, DOCS_ASSETS + "swagger-ui.css"):
            assert (await client.get(path)).status_code == 200
        assert (await client.get("/v1/documents")).status_code == 401


async def test_the_api_page_loads_nothing_from_elsewhere(world: World) -> None:
    page = (await world.get("/docs")).text
    assert "https://" not in page
    for asset in ("swagger-ui-bundle.js", "swagger-ui.css", "favicon.png"):
        assert asset in page
        assert (await world.get(DOCS_ASSETS + asset)).status_code == 200
    assert (await world.get("/openapi.json")).json()["info"]["title"] == "Lethe"


@pytest.mark.parametrize("header", ["X-API-Key", "Authorization"])
async def test_a_key_is_taken_in_both_headers(world: World, header: str) -> None:
    value = world.reader if header == "X-API-Key" else f"Bearer {world.reader}"
    assert (await world.client.get("/v1/documents", headers={header: value})).status_code == 200


async def test_roles(world: World) -> None:
    missing = f"/v1/documents/{new_id()}"
    assert (await world.upload(key=world.reader)).status_code == 403
    for call, path in (("delete", missing), ("patch", missing)):
        options: dict[str, Any] = {"json": {}} if call == "patch" else {}
        response = await getattr(world.client, call)(path, headers={"X-API-Key": world.reader}, **options)
        assert (response.status_code, response.json()["code"]) == (403, "forbidden")
    for path in ("/v1/keys", "/v1/dead-letters", f"/v1/dead-letters/{new_id()}"):
        assert (await world.get(path, world.writer)).status_code == 403
    assert (await world.post("/v1/keys", world.writer, json={"role": "admin"})).status_code == 403
    assert (await world.upload(key=world.writer)).status_code == 202


async def test_a_made_key_works_until_it_is_revoked(world: World) -> None:
    group = new_id()
    made = (await world.post("/v1/keys", json={"role": "reader", "groups": [group]})).json()
    assert len(made["secret"]) == len("lethe_") + 43
    assert (await world.get("/v1/documents", made["secret"])).status_code == 200
    listed = (await world.get("/v1/keys")).json()["items"]
    assert listed[0]["id"] == made["id"]
    assert listed[0]["groups"] == [group]
    assert all("secret" not in key for key in listed)
    gone = await world.client.delete(f"/v1/keys/{made['id']}", headers={"X-API-Key": world.admin})
    assert gone.status_code == 204
    assert (await world.get("/v1/documents", made["secret"])).status_code == 401
    again = await world.client.delete(f"/v1/keys/{made['id']}", headers={"X-API-Key": world.admin})
    assert (again.status_code, again.json()["code"]) == (404, "key_not_found")


async def test_the_last_admin_key_stays(world: World) -> None:
    admins = [key for key in (await world.get("/v1/keys")).json()["items"] if key["role"] == "admin"]
    response = await world.client.delete(f"/v1/keys/{admins[0]['id']}", headers={"X-API-Key": world.admin})
    assert (response.status_code, response.json()["code"]) == (409, "last_admin_key")
    assert (await world.get("/v1/keys")).status_code == 200


async def test_keys_are_paged(world: World) -> None:
    await world.key(world.tenant_id, Role.READER)
    first = (await world.get("/v1/keys", params={"limit": 3})).json()
    second = (await world.get("/v1/keys", params={"limit": 3, "cursor": first["next_cursor"]})).json()
    ids = [key["id"] for key in first["items"] + second["items"]]
    assert len(ids) == len(set(ids)) == 4
    assert second["next_cursor"] is None
