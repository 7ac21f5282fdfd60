"""`lethe dead-letters` and `lethe retry` against a running API: what they print and how they end."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.errors import CommandError, Exit
from cli.main import app
from lethe.ingestion.requests import Receipt
from lethe.model.ids import new_id
from tests.integration.installation import Installation, environment_of
from tests.integration.test_api_process import api
from tests.integration.test_letters import NOISE, is_gone, letter

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]


@dataclass(frozen=True)
class Cli:
    """The command, with what it finds the API by."""

    environment: dict[str, str]

    async def run(self, *arguments: str) -> str:
        result = await asyncio.to_thread(CliRunner().invoke, app, arguments, env=self.environment)
        if result.exception:
            raise result.exception
        return result.stdout

    async def refused(self, code: Exit, *arguments: str) -> str:
        with pytest.raises(CommandError) as raised:
            await self.run(*arguments)
        assert raised.value.exit_code is code
        return raised.value.message

    async def json(self, *arguments: str) -> dict[str, Any]:
        return json.loads(await self.run(*arguments))


async def until_gone(installation: Installation, *receipts: Receipt) -> None:
    for receipt in receipts:
        while not await is_gone(installation, receipt):
            await asyncio.sleep(0.1)


async def test_failures_are_listed_shown_retried_and_discarded(prepared: Installation) -> None:
    async with prepared.worker(), api(prepared.settings) as lethe:
        cli = Cli(environment_of(prepared.settings) | {"LETHE_API__PORT": str(lethe.client.base_url.port)})
        assert await cli.run("dead-letters", "list", "--text") == "no dead letters\n"

        receipts = [await prepared.ingest(NOISE, f"file:///cli/noise-{number}.bin") for number in range(3)]
        letters = [await letter(prepared, receipt, 1) for receipt in receipts]
        listed = await cli.json("dead-letters", "list", "--limit", "2")
        assert [item["id"] for item in listed["items"]] == [each.id for each in sorted(letters, key=_newest)[:2]]
        assert listed["next_cursor"]
        rows = await cli.run("dead-letters", "list", "--text", "--state", "open", "--class", "permanent")
        assert [row.split()[1:5] for row in rows.splitlines()] == [
            ["STATE", "CLASS", "CODE", "STEP"],
            *[["open", "permanent", "unsupported_type", "validate_document"]] * 3,
        ]
        assert (await cli.json("dead-letters", "list", "--code", "no_text"))["items"] == []
        shown = await cli.run("dead-letters", "show", letters[0].id, "--text")
        assert f"document_id: {receipts[0].document_id}" in shown.splitlines()

        assert (await cli.json("retry", letters[0].id))["action"] == "retry"
        await letter(prepared, receipts[0], 2)
        said = await cli.run("dead-letters", "discard", letters[0].id, "--text")
        assert said == f"discard: document {receipts[0].document_id}\n"
        await until_gone(prepared, receipts[0])
        done = await cli.run("dead-letters", "discard", "--code", "unsupported_type", "--text")
        assert done == "discard: 2 of 2, 0 skipped\n"
        await until_gone(prepared, *receipts)

        assert "name one dead letter" in await cli.refused(Exit.USAGE, "retry")
        assert "name one dead letter" in await cli.refused(Exit.USAGE, "retry", letters[0].id, "--all")
        assert "dead_letter_not_found" in await cli.refused(Exit.FAILED, "dead-letters", "show", new_id())


def _newest(each: Any) -> tuple[float, str]:
    return -each.created_at.timestamp(), each.id
