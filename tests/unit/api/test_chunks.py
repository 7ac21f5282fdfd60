"""Chunks over HTTP: in order, with their neighbours, for who may read the document."""

from dataclasses import replace
from typing import Any

import pytest

from lethe.model.documents import Chunk, Status
from lethe.model.ids import Id, chunk_id, new_id
from lethe.privacy.sealing import Purpose, seal_text
from tests.unit.api.world import World

CHUNKS = 5


async def live_document(world: World, readers: list[Id] | None = None) -> tuple[Id, list[Id]]:
    """A document whose live version has five chunks; its id and theirs."""
    receipt = (await world.upload(readers=readers or [world.tenant_id])).json()
    tenant_id, document_id, version_id = world.tenant_id, receipt["document_id"], receipt["version_id"]
    key = await world.services.keyring.get(tenant_id, version_id)
    chunks = [
        Chunk(
            tenant_id=tenant_id,
            id=chunk_id(version_id, ordinal),
            version_id=version_id,
            document_id=document_id,
            ordinal=ordinal,
            sealed_text=seal_text(key, Purpose.CHUNK_TEXT, f"text {ordinal}"),
            sealed_section=seal_text(key, Purpose.CHUNK_SECTION, "Rivers > Lethe"),
            text_hmac="h",
            start=ordinal * 10,
            end=ordinal * 10 + 6,
            tokens=2,
            language="en",
        )
        for ordinal in range(CHUNKS)
    ]
    async with world.services.ledger.write() as uow:
        await uow.tenants.lock(tenant_id)
        document = await uow.documents.get(tenant_id, document_id)
        version = await uow.versions.get(tenant_id, version_id)
        assert document
        assert version
        await uow.chunks.replace(tenant_id, version_id, chunks)
        await uow.versions.update(replace(version, status=Status.READY, live_from=1, chunk_count=CHUNKS))
        await uow.documents.update(
            replace(document, status=Status.READY, live_version_id=version_id, live_submission=version.submission)
        )
    return document_id, [chunk.id for chunk in chunks]


def texts(found: list[dict[str, Any]]) -> list[str]:
    return [chunk["text"] for chunk in found]


async def test_pages_of_chunks_are_in_order(world: World) -> None:
    document, ids = await live_document(world)
    first = (await world.get(f"/v1/documents/{document}/chunks", params={"limit": 3})).json()
    rest = (await world.get(f"/v1/documents/{document}/chunks", params={"cursor": first["next_cursor"]})).json()
    assert [chunk["id"] for chunk in first["items"] + rest["items"]] == ids
    assert [chunk["ordinal"] for chunk in first["items"] + rest["items"]] == list(range(CHUNKS))


@pytest.mark.parametrize(
    ("ordinal", "params", "before", "after"),
    [
        (2, {}, ["text 1"], ["text 3"]),
        (2, {"before": 0, "after": 0}, [], []),
        (1, {"before": 5, "after": 2}, ["text 0"], ["text 2", "text 3"]),
        (4, {"before": 2, "after": 50}, ["text 2", "text 3"], []),
    ],
)
async def test_a_chunk_and_its_neighbours(
    world: World, ordinal: int, params: dict[str, int], before: list[str], after: list[str]
) -> None:
    document, ids = await live_document(world)
    response = await world.get(f"/v1/documents/{document}/chunks/{ids[ordinal]}", params=params)
    assert response.status_code == 200
    found = response.json()
    assert (found["chunk"]["id"], found["chunk"]["section"]) == (ids[ordinal], "Rivers > Lethe")
    assert (texts(found["before"]), texts(found["after"])) == (before, after)


async def test_a_chunk_that_is_not_of_the_served_version_is_not_found(world: World) -> None:
    document, ids = await live_document(world)
    other, _ = await live_document(world)
    for path in (f"{document}/chunks/{new_id()}", f"{document}/chunks/not-an-id", f"{other}/chunks/{ids[0]}"):
        response = await world.get(f"/v1/documents/{path}")
        assert (response.status_code, response.json()["code"]) == (404, "chunk_not_found")


async def test_neighbours_are_for_the_readers_of_the_document_only(world: World) -> None:
    document, ids = await live_document(world, readers=[new_id()])
    for key in (world.reader, world.foreign_admin):
        response = await world.get(f"/v1/documents/{document}/chunks/{ids[0]}", key)
        assert (response.status_code, response.json()["code"]) == (404, "document_not_found")
    async with world.services.ledger.write() as uow:
        await uow.tenants.lock(world.tenant_id)
        row = await uow.documents.get(world.tenant_id, document)
        assert row
        await uow.documents.update(replace(row, deleted_at=world.clock.now()))
    assert (await world.get(f"/v1/documents/{document}/chunks/{ids[0]}")).status_code == 404


@pytest.mark.parametrize("params", [{"before": -1}, {"after": 51}, {"before": "x"}])
async def test_a_senseless_number_of_neighbours_is_refused(world: World, params: dict[str, object]) -> None:
    document, ids = await live_document(world)
    response = await world.get(f"/v1/documents/{document}/chunks/{ids[0]}", params=params)
    assert response.status_code == 422
