"""Probing the API for somebody while they are being erased: found before on every route, then never again."""

import os
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Final, cast

import pytest
import pytest_asyncio

from lethe.settings import ErasureSettings, KeySettings, LimitSettings, WeaviateSettings
from tests.conftest import settings_at
from tests.integration.installation import installation
from tests.integration.probing import FREE, SHARED, TIDES, WISH, Planted, Probes, plant, probe, shows
from tests.integration.test_api_process import ApiProcess, api

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(600)]

PROBES: Final = int(os.environ.get("LETHE_TEST_FENCE_PROBES", "100"))
"""Requests while the person is erased, at least; 2,000 for the full count."""
PAUSE: Final = 20.0 / PROBES
PURGED_SECONDS: Final = 480.0


@dataclass(frozen=True, slots=True)
class Erased:
    """The API after an erasure that was probed from its fence until it was purged."""

    lethe: ApiProcess
    planted: Planted
    control: list[str]
    begun: tuple[int, str, int]
    untouched: tuple[dict[str, set[str]], dict[str, set[str]]]
    probes: Probes


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def erased(
    temporal_address: str, weaviate: WeaviateSettings, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Erased]:
    """Nothing waits long, so that the purge is reached."""
    settings = settings_at(tmp_path_factory.mktemp("probed"))
    quick = settings.model_copy(
        update={
            "limits": LimitSettings(drop_after_seconds=1),
            "keys": KeySettings(cache_seconds=1),
            "erasure": ErasureSettings(drain_seconds=1),
            "testing": settings.testing.model_copy(update={"free_embedder": True}),
        }
    )
    async with installation(quick, temporal_address, weaviate) as at, at.worker(), api(at.settings) as lethe:
        planted = await plant(lethe.client)
        control = [f"{route}" for route in planted.routes if not shows(await route.ask(lethe.client))]
        before = await planted.untouched()
        begun = await lethe.client.post("/v1/erasures", json=WISH)
        told = (begun.status_code, begun.json()["state"], begun.json()["documents"])
        probes = await probe(planted, begun.headers["location"], PROBES, PAUSE, PURGED_SECONDS)
        yield Erased(lethe, planted, control, told, (before, await planted.untouched()), probes)


async def test_who_is_being_erased_is_found_on_no_route(erased: Erased) -> None:
    assert erased.control == [], "the control: every route shows the person before"
    assert erased.begun == (202, "fenced", 2)
    assert erased.probes.is_purged
    assert erased.probes.count >= PROBES
    assert erased.probes.shown == []


async def test_others_are_found_all_the_while(erased: Erased) -> None:
    assert erased.probes.missed == []
    before, after = erased.untouched
    assert before == after
    assert all(before.values())


async def test_a_document_about_others_too_says_everything_of_them(erased: Erased) -> None:
    said = " ".join(await erased.planted.texts_of_shared())
    assert [tide for tide in TIDES if tide not in said] == []
    assert "[person] pays the ferry late." in said
    assert "Mara Lind pays the ferry late." in SHARED


async def test_who_was_erased_is_refused_and_no_text_of_theirs_is_kept(erased: Erased) -> None:
    client = erased.lethe.client
    sent = await client.post("/v1/documents", json={"text": FREE[0] + "And again."})
    location = sent.headers["location"]
    document = await erased.lethe.ready(location)
    failure = cast("dict[str, str]", document["failure"])
    assert (document["status"], failure["code"], failure["step"]) == ("failed", "subject_suppressed", "parse_document")
    letters = (await client.get("/v1/dead-letters", params={"code": "subject_suppressed"})).json()["items"]
    assert sent.json()["document_id"] in [letter["document_id"] for letter in letters]
    assert "lind" not in str(letters).casefold()
    retried = await client.post(f"/v1/dead-letters/{letters[0]['id']}/retry", json={})
    assert retried.status_code == 202
    assert (await client.get(f"{location}/chunks")).json()["items"] == []
