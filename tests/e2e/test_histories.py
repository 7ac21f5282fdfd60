"""P5 over everything that the demo and the golden questions, which come before this file, left in Temporal."""

import asyncio
import base64
import binascii
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from google.protobuf.json_format import MessageToDict
from temporalio.client import Client
from temporalio.common import SearchAttributePair, TypedSearchAttributes

from tests.e2e.conftest import Demo
from tests.integration.parsing.files import encrypted_pdf
from workflows.attributes import REF

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

CANARY = "quillfeather-zanzibar-7741"
WORDS = {CANARY, "Heron", "mooring", "Mereholt", "Straker", "password"}
PLACES = ("id", "input", "summary", "details", "memo", "attribute")


def test_no_history_and_no_log_holds_a_word_of_a_document(demo: Demo, tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir()
    locked = encrypted_pdf(tmp_path / "locked" / f"{CANARY}.pdf").read_bytes() + f"\n%{CANARY}\n".encode()
    receipts = [
        demo.api.post(
            "/v1/documents", json={"text": f"The password is {CANARY}.", "title": CANARY, "source_uri": f"mem:{CANARY}"}
        ),
        _upload(demo, f"{CANARY}.docx", b"PK\x03\x04" + CANARY.encode() * 40),
        _upload(demo, f"{CANARY}.pdf", locked),
    ]
    documents = [demo.ended(receipt.json()["document_id"]) for receipt in receipts]
    assert [document["status"] for document in documents] == ["ready", "failed", "failed"]
    assert [document["failure"]["step"] for document in documents[1:]] == ["validate_document", "parse_document"]
    assert CANARY in demo.ask(f"What is the password quillfeather {CANARY}?")["answer"]

    address = demo.stack.address("temporal")
    asyncio.run(_scanner_finds_what_is_planted(address))
    histories = asyncio.run(_histories(address, f"WorkflowId != '{CANARY}-id'"))
    kinds = {workflow_id.partition("/")[0] for workflow_id in histories}
    assert {"ingest-document", "ingest-bulk", "answer-question"} <= kinds
    for workflow_id, text in histories.items():
        assert not [word for word in WORDS if word.casefold() in text.casefold()], workflow_id
    logs = [*demo.stack.folder.logs.iterdir()]
    assert len(logs) > 4
    assert [log.name for log in logs if CANARY in log.read_text(errors="replace")] == []


def _upload(demo: Demo, name: str, data: bytes) -> httpx.Response:
    return demo.api.post("/v1/documents", data={"source_uri": f"file:///{name}"}, files={"file": (name, data)})


async def _scanner_finds_what_is_planted(address: str) -> None:
    """The positive control: a workflow that nobody runs, with a word in each place that can hold one."""
    client = await Client.connect(address)
    planted = {place: f"{CANARY}-{place}" for place in PLACES}
    handle = await client.start_workflow(
        "apply-metadata",
        planted["input"],
        id=planted["id"],
        task_queue="nobody-polls",
        static_summary=planted["summary"],
        static_details=planted["details"],
        memo={"note": planted["memo"]},
        search_attributes=TypedSearchAttributes([SearchAttributePair(REF, planted["attribute"])]),
    )
    try:
        async with asyncio.timeout(90):
            while not (found := await _histories(address, f"WorkflowId = '{planted['id']}'")):
                await asyncio.sleep(0.1)  # listings come after starts
        (text,) = found.values()
        assert [place for place, word in planted.items() if word not in text] == []
    finally:
        await handle.terminate()


async def _histories(address: str, query: str) -> dict[str, str]:
    client = await Client.connect(address)
    found: dict[str, str] = {}
    async for execution in client.list_workflows(query):
        history = await client.get_workflow_handle(execution.id, run_id=execution.run_id).fetch_history()
        listed = MessageToDict(execution.raw_info)
        found[f"{execution.id}/{execution.run_id}"] = "\n".join(_texts([execution.id, listed, history.to_json_dict()]))
    return found


def _texts(value: Any) -> Iterator[str]:
    """Every string below, and every payload as it reads: inputs, results, failures, summaries, memos, attributes."""
    if isinstance(value, dict):
        for name, each in value.items():  # pyright: ignore[reportUnknownVariableType]
            yield str(name)  # pyright: ignore[reportUnknownArgumentType]
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:  # pyright: ignore[reportUnknownVariableType]
            yield from _texts(each)
    else:
        yield str(value)
        try:
            yield base64.b64decode(str(value), validate=True).decode(errors="replace")
        except (binascii.Error, ValueError):
            return
