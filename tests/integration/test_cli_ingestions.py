"""`lethe ingest` and `lethe ingestions` as processes, over a real API and a worker."""

import asyncio
import io
import json
import os
import pty
import subprocess
import sys
import tarfile
import time
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from cli.errors import Exit
from tests.integration.installation import Installation, environment_of
from tests.integration.test_api_process import api

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]


@dataclass(frozen=True)
class Shell:
    """The command line of an installation that runs."""

    environment: dict[str, str]
    client: httpx.AsyncClient

    async def lethe(
        self, *arguments: str, expect: Exit = Exit.OK, stderr: int = subprocess.PIPE
    ) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "cli.main", *arguments]
        ended = await asyncio.to_thread(
            subprocess.run, command, env=self.environment, stdout=subprocess.PIPE, stderr=stderr, text=True, check=False
        )
        assert ended.returncode == expect, f"{arguments}: {ended.returncode}\n{ended.stdout}\n{ended.stderr}"
        return ended

    async def json(self, *arguments: str, expect: Exit = Exit.OK) -> dict[str, Any]:
        """What it prints to a pipe."""
        return json.loads((await self.lethe(*arguments, expect=expect)).stdout)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shell(free: Installation) -> AsyncGenerator[Shell]:
    async with free.worker(), api(free.settings) as lethe:
        environment = environment_of(free.settings) | {"LETHE_API__PORT": str(lethe.client.base_url.port)}
        yield Shell(environment, lethe.client)


async def test_a_folder_with_failures(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "tide.md").write_text("# Tide\n\nThe tide turns at six.")
    (tmp_path / "deep" / "buoy.txt").write_text("The buoy is green.")
    (tmp_path / "empty.txt").write_text("")
    (tmp_path / "noise.bin").write_bytes(b"\x00\x01" * 400)
    done = await shell.json("ingest", str(tmp_path), expect=Exit.SOME_FAILED)
    assert (done["added"], done["updated"], done["skipped"], done["failed"]) == (2, 0, 0, 2)
    failed = {Path(each["path"]).name: each["code"] for each in done["failures"]}
    assert failed == {"empty.txt": "empty_document", "noise.bin": "unsupported_type"}
    shown = await shell.json("ingestions", "show", done["ingestion_id"])
    assert (shown["total"], shown["added"], shown["failed"], shown["is_open"]) == (4, 2, 2, False)
    assert {each["name"].rpartition("/")[2]: each["code"] for each in shown["failures"]} == failed
    text = (await shell.lethe("ingestions", "show", done["ingestion_id"], "--text")).stdout
    assert "added: 2" in text.splitlines()
    assert f"  {(tmp_path / 'noise.bin').as_uri()}: unsupported_type" in text.splitlines()


async def test_an_archive_is_unpacked_and_its_failures_are_told(shell: Shell) -> None:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        for name, text in {"tide.md": "The tide turned.", "../out.txt": "No.", "deep/none.txt": ""}.items():
            info = tarfile.TarInfo(name)
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text.encode()))
    sent = {"archive": ("notes.tgz", made.getvalue(), "application/gzip")}
    response = await shell.client.post("/v1/ingestions", data={"source_prefix": "tgz:///"}, files=sent)
    place, deadline = response.headers["Location"], time.monotonic() + 90
    while (await shell.client.get(place)).json()["state"] != "done":
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)
    shown = await shell.json("ingestions", "show", response.json()["id"])
    assert (shown["total"], shown["added"], shown["failed"]) == (3, 1, 2)
    assert {(each["name"], each["code"]) for each in shown["failures"]} == {
        ("../out.txt", "unsafe_document"),
        ("deep/none.txt", "empty_document"),
    }
    (item,) = (await shell.client.get(f"{place}/documents")).json()["items"]
    assert (item["name"], item["status"]) == ("tgz:///tide.md", "ready")


async def test_more_failures_than_are_shown_are_said_to_be_more(shell: Shell) -> None:
    for number, has_more in ((50, False), (51, True)):
        body = {"documents": [{"text": ""}] * number}
        made = (await shell.client.post("/v1/ingestions", json=body)).json()["id"]
        shown = await shell.json("ingestions", "show", made)
        assert (shown["failed"], len(shown["failures"]), shown["has_more_failures"]) == (number, 50, has_more)
        text = (await shell.lethe("ingestions", "show", made, "--text")).stdout
        assert ("there are more" in text) == has_more


async def test_progress_is_shown_on_a_terminal(shell: Shell, tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"{number}.txt").write_text(f"The lamp was lit {number} times.")
    ours, theirs = pty.openpty()
    reading = asyncio.create_task(asyncio.to_thread(read_all, ours))
    try:
        done = await shell.lethe("ingest", str(tmp_path), stderr=theirs)
    finally:
        os.close(theirs)
    shown = await reading
    assert json.loads(done.stdout)["added"] == 3
    assert "ingesting" in shown
    assert "3/3" in shown


def read_all(terminal: int) -> str:
    """What is written to a terminal until nobody has it open."""
    pieces: list[bytes] = []
    with suppress(OSError), os.fdopen(terminal, "rb", buffering=0) as file:
        while piece := file.read(65_536):
            pieces.append(piece)
    return b"".join(pieces).decode()


async def test_an_ingestion_is_listed_and_steered(shell: Shell) -> None:
    opened = [(await shell.client.post("/v1/ingestions", json={"open": True})).json()["id"] for _ in range(2)]
    listed = await shell.json("ingestions", "list", "--limit", "1")
    assert ([each["id"] for each in listed["items"]], bool(listed["next_cursor"])) == ([opened[1]], True)
    text = (await shell.lethe("ingestions", "list", "--limit", "2", "--text")).stdout.splitlines()
    assert text[0].split()[:3] == ["ID", "STATE", "TOTAL"]
    assert [line.split()[:3] for line in text[1:3]] == [[each, "open", "0"] for each in reversed(opened)]
    paused = await shell.lethe("ingestions", "pause", opened[0], "--text")
    assert paused.stdout == f"{opened[0]} is paused: 0 of 0 done\n"
    assert (await shell.json("ingestions", "resume", opened[0]))["state"] == "open"
    for each in opened:
        assert (await shell.json("ingestions", "cancel", each))["state"] == "cancelled"
    refused = await shell.lethe("ingestions", "pause", opened[0], expect=Exit.FAILED)
    assert "ingestion_closed" in refused.stderr
    missing = await shell.lethe("ingestions", "show", "01a1fd00-0000-7000-8000-000000000000", expect=Exit.FAILED)
    assert "ingestion_not_found" in missing.stderr
