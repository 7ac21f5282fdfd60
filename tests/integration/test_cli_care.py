"""`lethe audit`, `lethe quarantine` and `lethe delete` against a running API: what they print and how they end."""

from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio

from cli.errors import Exit
from lethe.model.ids import new_id
from tests.integration.installation import Installation, environment_of
from tests.integration.snapshot import vector_store
from tests.integration.test_api_process import api
from tests.integration.test_audit import active_build, chunk_ids, ingested
from tests.integration.test_cli_letters import Cli

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cli(free: Installation) -> AsyncGenerator[Cli]:
    """A worker and the API run."""
    async with free.worker(), api(free.settings) as lethe:
        yield Cli(environment_of(free.settings) | {"LETHE_API__PORT": str(lethe.client.base_url.port)})


async def test_an_audit_says_what_differed_and_ends_with_1_if_anything_did(free: Installation, cli: Cli) -> None:
    (chunk_id, *_) = await chunk_ids(free, await ingested(free, 3, "cli-audit"))
    header, *rows = (await cli.run("audit", "--text")).splitlines()
    assert header.split() == ["STORE", "EXPECTED", "FOUND", "ORPHANS", "HOLES", "STALE", "REPAIRED", "REFUSED"]
    assert [row.split() for row in rows] == [
        ["blob", "3", "6", "0", "0", "0", "0", "0"],
        ["keyword", "3", "3", "0", "0", "0", "0", "0"],
        ["vector", "3", "3", "0", "0", "0", "0", "0"],
    ]
    build = await active_build(free)
    async with vector_store(free) as client:
        await client.collections.use(build.collection).with_tenant(build.physical_tenant).data.delete_by_id(chunk_id)
    with pytest.raises(SystemExit) as ended:
        await cli.run("audit")
    assert ended.value.code == Exit.FAILED
    assert [count["holes"] for count in (await cli.json("audit"))["counts"]] == [0, 0, 0]
    begun = await cli.json("audit", "--wait-seconds", "0")
    assert (begun["state"], begun["counts"]) == ("running", [])


async def test_documents_are_hidden_listed_and_shown_again(free: Installation, cli: Cli) -> None:
    receipts = await ingested(free, 2, "cli-hide")
    assert await cli.run("quarantine", "--text") == "nothing is in quarantine\n"
    by_source = await cli.json("quarantine", "--prefix", "file:///cli-hide", "--reason", "malware")
    assert (by_source["documents"], by_source["reason"]) == (2, "malware")
    said = await cli.run("quarantine", "--document", receipts[0].document_id, "--text")
    assert said.endswith("hides 1 documents\n")
    listed = (await cli.run("quarantine", "--text")).splitlines()
    assert [row.split()[1:] for row in listed] == [
        ["REASON", "DOCUMENTS", "WHAT"],
        ["review", "1", receipts[0].document_id],
        ["malware", "2", "file:///cli-hide"],
    ]
    hidden = await cli.json("documents", "--status", "quarantined")
    assert {item["id"] for item in hidden["items"]} == {each.document_id for each in receipts}
    for line in listed[1:]:
        quarantine_id = line.split()[0]
        assert await cli.run("quarantine", "--lift", quarantine_id, "--text") == f"{quarantine_id} is lifted\n"
    assert (await cli.json("quarantine"))["items"] == []

    message = await cli.refused(Exit.USAGE, "quarantine", "--prefix", "file:///a", "--lift", new_id())
    assert message == "give one of --document, --prefix, --ingestion and --lift"
    assert "quarantine_not_found" in await cli.refused(Exit.FAILED, "quarantine", "--lift", new_id())


async def test_what_fits_is_counted_and_deleted(free: Installation, cli: Cli) -> None:
    first = await ingested(free, 3, "cli-drop", metadata={"team": "yard"})
    others = await ingested(free, 2, "cli-drop-not")
    assert await cli.run("delete", "--prefix", "file:///cli-drop", "--dry-run", "--text") == "3 documents fit\n"
    said = await cli.run("delete", first[0].document_id, new_id(), "--text")
    assert said == "1 documents are deleted, 1 were gone or not yours to delete\n"
    begun = await cli.json("delete", "--filter", '{"team": "yard"}', "--wait-seconds", "0")
    assert (begun["action"], begun["state"]) == ("delete", "running")
    counted = await cli.json("delete", "--filter", '{"team": "yard"}', "--dry-run")
    while counted["matched"]:  # it is done when the other one is
        counted = await cli.json("delete", "--filter", '{"team": "yard"}', "--dry-run")
    left = {item["source_uri"] for item in (await cli.json("documents"))["items"]}
    assert {f"file:///cli-drop-not/{n}.txt" for n in range(len(others))} <= left
    assert not any(uri.startswith("file:///cli-drop/") for uri in left)

    one_of = "give document ids, or one of --prefix, --filter and --ingestion"
    assert await cli.refused(Exit.USAGE, "delete") == one_of
    assert await cli.refused(Exit.USAGE, "delete", new_id(), "--prefix", "file:///a") == one_of
    assert "ingestion_id" in await cli.refused(Exit.FAILED, "delete", "--ingestion", "nonsense")
