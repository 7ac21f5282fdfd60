"""Bulk ingestions of an installation under test: made, filled, watched, and what was paid for them."""

import asyncio
import json
import random
import time
from collections.abc import Mapping, Sequence

from lethe.adapters.clock import SystemClock
from lethe.ingestion.bulk.ingestions import Ingestions
from lethe.ingestion.bulk.receiving import Receiving
from lethe.ingestion.bulk.views import IngestionView
from lethe.ingestion.requests import UploadRequest
from lethe.model.ids import Id
from lethe.model.operations import Dispatch, DispatchKind
from lethe.model.workflow_ids import dispatch_id
from tests.integration.installation import Installation, once
from workflows.starters import Starters

_WORDS = ("buoy", "harbour", "signal", "winter", "rope", "ledger", "captain", "sensor", "depth", "chart", "fog")


def note(seed: int, paragraphs: int = 1) -> str:
    """A short text, different for each seed."""
    rng = random.Random(seed)
    lines = [" ".join(rng.choice(_WORDS) for _ in range(14)).capitalize() + f" {seed}." for _ in range(4 * paragraphs)]
    return "\n\n".join(" ".join(lines[4 * at : 4 * at + 4]) for at in range(paragraphs))


def use_cases(installation: Installation) -> Ingestions:
    return Ingestions(installation.ledger, installation.keyring, SystemClock())


def receiving(installation: Installation) -> Receiving:
    return Receiving(installation.ledger, installation.keyring, installation.uploads, SystemClock())


async def fill(
    installation: Installation, texts: Mapping[str, str | bytes], *, window: int = 4, close: bool = True
) -> Id:
    """An ingestion of these documents by their URIs; its workflow is not started."""
    caller = installation.caller
    ingestion = await receiving(installation).start(caller, window)
    await add(installation, ingestion.id, texts)
    if close:
        await use_cases(installation).close(caller, ingestion.id)
    return ingestion.id


async def add(installation: Installation, ingestion_id: Id, texts: Mapping[str, str | bytes]) -> None:
    bulk = receiving(installation)
    for uri, text in texts.items():
        data = text.encode() if isinstance(text, str) else text
        request = UploadRequest(source_uri=uri, filename=uri.rpartition("/")[2])
        await bulk.take(installation.caller, ingestion_id, request, once(data))


def workflow_id(installation: Installation, ingestion_id: Id) -> str:
    return dispatch_id(DispatchKind.INGEST_BULK, installation.caller.tenant_id, ingestion_id)


async def start(installation: Installation, ingestion_id: Id) -> None:
    dispatch = Dispatch(
        installation.caller.tenant_id,
        workflow_id(installation, ingestion_id),
        DispatchKind.INGEST_BULK,
        ingestion_id,
        SystemClock().now(),
    )
    await Starters(installation.client).start(dispatch)


async def look(installation: Installation, ingestion_id: Id) -> None:
    await Starters(installation.client).look(installation.caller.tenant_id, ingestion_id)


async def result(installation: Installation, ingestion_id: Id) -> dict[str, object]:
    handle = installation.client.get_workflow_handle(workflow_id(installation, ingestion_id), result_type=dict)
    return await handle.result()


async def until(installation: Installation, ingestion_id: Id, done: int, seconds: float = 120.0) -> IngestionView:
    """The ingestion as soon as that many of its documents need nothing more."""
    bulk = use_cases(installation)
    deadline = time.monotonic() + seconds
    while True:
        view = await bulk.get(installation.caller, ingestion_id)
        if view.done >= done:
            return view
        assert time.monotonic() < deadline, view
        await asyncio.sleep(0.1)


def embedded(installation: Installation) -> int:
    """Texts that any worker of the installation had embedded so far, killed ones included: from their logs."""
    log = installation.settings.state / "worker.log"
    # The last line may be half written.
    lines = log.read_text().split("\n")[:-1] if log.exists() else []
    told = [json.loads(line) for line in lines if line.startswith("{")]
    return sum(line["count"] for line in told if line["event"] == "embedded")


async def live_documents(installation: Installation, ingestion_id: Id) -> list[Id]:
    """By position, so that two ingestions of the same files compare."""
    bulk = use_cases(installation)
    items = await bulk.items(installation.caller, ingestion_id, None, 0, 10_000)
    return [item.document_id for item in items.views if item.document_id]


def uris(prefix: str, texts: Sequence[str]) -> dict[str, str]:
    return {f"file:///{prefix}/note-{number:04}.txt": text for number, text in enumerate(texts)}


async def mark(installation: Installation, ingestion_id: Id) -> tuple[int, int]:
    """What tells whether a worker has been at it: documents that are done, and texts embedded."""
    return (await use_cases(installation).get(installation.caller, ingestion_id)).done, embedded(installation)


async def until_more(
    installation: Installation, ingestion_id: Id, since: tuple[int, int], seconds: float = 90.0
) -> None:
    deadline = time.monotonic() + seconds
    while await mark(installation, ingestion_id) == since:
        assert time.monotonic() < deadline, since
        await asyncio.sleep(0.05)
