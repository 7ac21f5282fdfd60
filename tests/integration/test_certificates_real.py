"""Thirty people of one tenant are erased at once from a whole installation, and each certificate names nobody."""

import asyncio
import base64
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
import pytest_asyncio
from pydantic import SecretStr

from cli import verify_erasure as verifier
from lethe.adapters.certifying import certificate_issuer
from lethe.adapters.clock import SystemClock
from lethe.adapters.witness.client import HttpWitness
from lethe.ingestion.requests import Receipt
from lethe.model.documents import SubjectMention
from lethe.model.erasures import ErasureBasis, IdentifierKind
from lethe.model.ids import Id, new_id
from lethe.model.indexes import BuildKind
from lethe.model.operations import Dispatch, DispatchKind
from lethe.model.workflow_ids import erasure_workflow_id
from lethe.privacy.erasure.intake import Erasures, ErasureWish
from lethe.settings import ErasureSettings, KeySettings, LimitSettings, WeaviateSettings, WitnessSettings
from tests.conftest import settings_at
from tests.integration.canaries.forms import Canary
from tests.integration.installation import Installation, installation
from tests.integration.test_witness_process import TOKEN, running
from tests.servers.ports import reserved_ports
from tests.unit.certificates.forms import forms
from workflows.starters import Starters

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(600), pytest.mark.slow]

PEOPLE: Final = 30


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Who was erased, and what the request's answer gave."""

    identifiers: tuple[tuple[IdentifierKind, str], ...]
    erasure_id: Id
    nonce: str


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def witnessed(
    temporal_address: str, weaviate: WeaviateSettings, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Installation]:
    """Nothing waits long, and a witness cosigns."""
    port, folder = reserved_ports(1)[0], tmp_path_factory.mktemp("witnessed")
    settings = settings_at(folder / "state").model_copy(
        update={
            "limits": LimitSettings(drop_after_seconds=1),
            "keys": KeySettings(cache_seconds=1),
            "erasure": ErasureSettings(drain_seconds=1),
            "witness": WitnessSettings(url=f"http://127.0.0.1:{port}", token=SecretStr(TOKEN)),
        }
    )
    async with (
        running(folder / "witness", port),
        installation(settings, temporal_address, weaviate) as ready,
        ready.worker(),
    ):
        yield ready


async def _plant(at: Installation) -> list[tuple[tuple[IdentifierKind, str], ...]]:
    """A document each: of half of them alone, of the others with somebody who stays."""
    people, begun = list[tuple[tuple[IdentifierKind, str], ...]](), list[Receipt]()
    for number in range(PEOPLE):
        canary = Canary()
        family = Canary().name
        name = f"{canary.name} {family}"
        phone = f"+49 171 {2_000_000 + number * 7_919}"
        text = f"{name} wrote from {canary.mail} on line {phone}."
        subjects = [SubjectMention("email", canary.mail)]
        if number % 2:
            subjects.append(SubjectMention("email", "eve@example.org"))
            text += " Eve answered."
        begun.append(await at.ingest(text, subjects=tuple(subjects)))
        people.append(((IdentifierKind.NAME, name), (IdentifierKind.EMAIL, canary.mail), (IdentifierKind.PHONE, phone)))
    for receipt in begun:
        await at.result(receipt)
    return people


async def _begin(at: Installation, identifiers: tuple[tuple[IdentifierKind, str], ...]) -> Forgotten:
    erasures = Erasures(at.ledger, at.keyring, SystemClock(), at.settings.erasure)
    erasure_id, tenant_id = new_id(), at.caller.tenant_id
    await erasures.begin(at.caller, ErasureWish(identifiers, ErasureBasis.SUBJECT_REQUEST, "asked"), erasure_id)
    nonce = await erasures.nonce(at.caller, erasure_id)
    workflow_id = erasure_workflow_id(tenant_id, erasure_id)
    kind = DispatchKind.ERASE_SUBJECT
    await Starters(at.client).start(Dispatch(tenant_id, workflow_id, kind, erasure_id, SystemClock().now()))
    return Forgotten(identifiers, erasure_id, nonce)


async def _certificates(at: Installation, people: list[Forgotten]) -> tuple[list[bytes], str, str]:
    """With the log's key and the witness's, as they are published."""
    witness = HttpWitness.from_settings(at.settings)
    issuer = certificate_issuer(at.settings, witness, at.ledger, SystemClock())
    texts = [(await issuer.get(at.caller.tenant_id, each.erasure_id)).text for each in people]
    published = await issuer.published()
    await witness.close()
    return texts, published.log_key, published.witness_key


async def test_each_of_thirty_is_certified_and_no_certificate_names_anybody(
    witnessed: Installation, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    at = witnessed
    people = [await _begin(at, each) for each in await _plant(at)]
    for each in people:
        done = await at.client.get_workflow_handle(erasure_workflow_id(at.caller.tenant_id, each.erasure_id)).result()
        assert done["phase"] == "certified"
    texts, log_key, witness_key = await _certificates(at, people)
    log, witness = verifier.Key(log_key, verifier.LOG), verifier.Key(witness_key, verifier.WITNESS)
    searched, claims = 0, Counter[str]()
    for each, text in zip(people, texts, strict=True):
        document = verifier.verify(text, log, witness)
        values = [value for _, value in each.identifiers]
        verifier.require_subject(document, each.nonce, values)
        body = document["body"]
        claims[body["claim"]] += 1
        assert (body["request"], body["verification"]["hits"]) == (each.erasure_id, 0)
        checkpoint = base64.b64decode(re.search(rb'"checkpoint":"([^"]+)"', text)[1])  # type: ignore[index]
        for value in values:
            searched += len(forms(value))
            assert [form for form in forms(value) if form in text or form in checkpoint] == []
            assert value.casefold() not in json.dumps(document, ensure_ascii=False).casefold()
    assert any(form in texts[0] + people[0].identifiers[0][1].encode() for form in forms(people[0].identifiers[0][1]))
    async with at.ledger.read() as uow:
        numbers = {build.kind: build.number for build in await uow.builds.list(at.caller.tenant_id)}
    assert numbers[BuildKind.VECTOR] < PEOPLE / 2, "they share builds"
    (tmp_path / "certificate.json").write_bytes(texts[0])
    command = [sys.executable, verifier.__file__, str(tmp_path / "certificate.json"), "--log-key", log_key]
    told = await _run([*command, "--witness-key", witness_key])
    assert told.returncode == 0, told.stderr
    record_property("certificates, forms of identifiers searched for, found", f"{len(texts)}, {searched}, 0")
    record_property("claims", dict(claims))
    record_property("builds of the vector index", numbers[BuildKind.VECTOR])


async def _run(command: list[str]) -> "subprocess.CompletedProcess[str]":
    return await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)
