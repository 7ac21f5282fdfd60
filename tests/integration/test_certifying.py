"""Verified, certified, forgotten and looked for again: on both SQL engines, over fakes of the other stores."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from cli import verify_erasure as verifier
from lethe.contracts.erasure import ErasureRef, RecheckRun, Verified, VerifiedErasure
from lethe.errors import CertificateNotFound, KeyDestroyed, VerificationBlind, WitnessUnavailable
from lethe.ingestion.restricting import Restrictions
from lethe.model.blobs import BlobName, blob_key, blob_prefix
from lethe.model.documents import Version
from lethe.model.erasures import ErasureState, PurgeState
from lethe.model.ids import new_id
from lethe.model.indexes import BuildKind
from lethe.model.personal_data import StoreName
from lethe.model.principals import Caller, Role
from lethe.ports.keyring import SecretPurpose
from lethe.ports.ledger import Ledger
from lethe.ports.vectors import KeywordObject
from lethe.privacy.certificates.body import requester_nonce, subject_commitment
from lethe.privacy.certificates.notes import NoteSigner
from lethe.privacy.digests import suppression_tag_of
from lethe.privacy.erasure.rechecking import recheck_after
from lethe.settings import Settings
from tests.contract.blobs import pieces
from tests.contract.ledger_rows import NOON, at, chunks
from tests.integration.erasures import ADA, BOB, Scene, make_scene
from tests.unit.certificates.issuers import SEED, issuer


@pytest_asyncio.fixture
async def scene(ledger: Ledger, sql_settings: Settings) -> Scene:
    return await make_scene(ledger, sql_settings)


async def _asked(scene: Scene) -> ErasureRef:
    return await scene.ask(accepted_at=NOON, fenced_at=NOON)


async def _purged(scene: Scene, *others: str) -> tuple[ErasureRef, Version]:
    _, hers = await scene.add(ADA, *others)
    ref = await _asked(scene)
    await scene.erase(ref)
    await scene.purge(ref)
    return ref, hers


async def _certificate(scene: Scene, ref: ErasureRef, number: int = 0) -> dict[str, Any]:
    """Checked by the file that outsiders use."""
    certificates = issuer(scene.ledger, scene.clock, scene.witness)
    found = await certificates.get(ref.tenant_id, ref.erasure_id, number)
    async with scene.ledger.read() as unit:
        origin = f"lethe/{await unit.audit_log.installation_id()}"
    log = verifier.Key(NoteSigner(origin, SEED).key.text, verifier.LOG)
    assert verifier.verify(found.text, log, verifier.Key(scene.witness.signer.key.text, verifier.WITNESS))
    body: dict[str, Any] = json.loads(found.text)["body"]
    return body


async def test_a_person_is_certified_and_forgotten(scene: Scene) -> None:
    await scene.add(BOB)
    ref, hers = await _purged(scene)
    nonce = requester_nonce(await scene.keyring.get(scene.tenant_id, ref.erasure_id))
    assert (await scene.certify(ref)).is_certified
    assert await scene.state(ref) is ErasureState.CERTIFIED
    body = await _certificate(scene, ref)
    assert body["subject_commitments"] == [subject_commitment(nonce, ADA)]
    stores = {each["store"]: each for each in body["stores"]}
    assert (stores["documents"]["erased"], stores["vectors"]["erased"], body["keys_destroyed"]) == (3, 3, 1)
    assert (body["claim"], body["rounds"], body["verification"]["hits"]) == ("deleted", 1, 0)
    assert body["verification"]["control_planted"] == body["verification"]["control_found"] == 5
    assert body["verification"]["scans"] > 4
    with pytest.raises(KeyDestroyed):
        await scene.keyring.get(scene.tenant_id, ref.erasure_id)
    async with scene.ledger.read() as unit:
        assert await unit.erasures.identifiers(scene.tenant_id, ref.erasure_id) == []
        left = await unit.erasures.items(scene.tenant_id, ref.erasure_id)
        origin = f"lethe/{await unit.audit_log.installation_id()}"
    assert {each.kind for each in left} == {"version", "chunk", "key"}
    secret = await scene.keyring.secret(scene.tenant_id, SecretPurpose.SUPPRESSION)
    tag = suppression_tag_of(secret, "email", ADA)
    buried = {(each.kind, each.id) for each in await scene.witness.tombstones(origin, 0)}
    assert buried == {("version", hers.id), ("key", hers.id), ("key", ref.erasure_id), ("suppression", tag)}
    assert (await scene.activities.look_at_erasure(ref)).is_over
    # A worker died before it could tell.
    again = VerifiedErasure(**ref.model_dump(), verified=Verified())
    assert (await scene.activities.certify_erasure(again)).is_certified
    assert (await _certificate(scene, ref)) == body


async def test_a_witness_that_is_away_only_delays_the_certificate(scene: Scene) -> None:
    ref, _ = await _purged(scene)
    scene.witness.is_down = True
    with pytest.raises(WitnessUnavailable):
        await scene.certify(ref)
    with pytest.raises(CertificateNotFound):
        await _certificate(scene, ref)
    assert await scene.state(ref) is ErasureState.VERIFYING
    assert await scene.keyring.get(scene.tenant_id, ref.erasure_id)
    scene.witness.is_down = False
    assert (await scene.certify(ref)).is_certified
    assert await _certificate(scene, ref)


async def test_what_is_kept_for_others_is_told_and_no_hit(scene: Scene) -> None:
    _, shared = await scene.add(ADA, BOB, text=f"Write to {ADA}.")
    ref = await _asked(scene)
    await scene.erase(ref)
    await scene.purge(ref)
    assert (await scene.certify(ref)).is_certified
    body = await _certificate(scene, ref)
    assert body["claim"] == "held"
    assert body["exclusions"] == [{"count": 1, "reason": "shared_document", "store": "documents"}]
    async with scene.ledger.read() as unit:
        assert await unit.versions.get(scene.tenant_id, shared.id)


async def _builds(scene: Scene, kind: BuildKind) -> list[Any]:
    async with scene.ledger.read() as unit:
        return [each for each in await unit.builds.list(scene.tenant_id) if each.kind is kind]


async def _put_back(scene: Scene, version: Version, place: str) -> None:
    """Behind the erasure's back."""
    if place == "blob":
        await scene.blobs.write(blob_key(scene.tenant_id, version.id, BlobName.ELEMENTS), pieces(b"sealed"))
    else:
        first = chunks(version, 1)[0]
        common = KeywordObject(first.id, version.document_id, version.id, 0, "engine", (), ())
        for build in await _builds(scene, BuildKind.KEYWORD):
            await scene.keywords.write(build, [common])


@pytest.mark.parametrize("place", ["blob", "index"])
async def test_what_is_still_there_refuses_the_certificate_and_is_taken_out(scene: Scene, place: str) -> None:
    ref, hers = await _purged(scene)
    await _put_back(scene, hers, place)
    verified = await scene.activities.verify_erasure(ref)
    assert verified.hits
    assert await scene.state(ref) is ErasureState.REOPENED
    # A worker died before it could tell.
    assert (await scene.activities.verify_erasure(ref)).hits
    with pytest.raises(CertificateNotFound):
        await _certificate(scene, ref)
    standing = await scene.activities.look_at_erasure(ref)
    assert (standing.is_over, standing.round) == (False, 3)
    assert (await scene.discover(ref, 3)).again
    await scene.take_out(ref, 3)
    assert not (await scene.discover(ref, 4)).again
    await scene.purge(ref)
    assert (await scene.certify(ref)).is_certified
    assert (await _certificate(scene, ref))["rounds"] == 3


@pytest.mark.parametrize("store", [StoreName.VECTORS, StoreName.KEYWORDS])
async def test_a_store_that_was_not_purged_is_found(
    scene: Scene, store: StoreName, monkeypatch: pytest.MonkeyPatch
) -> None:
    await scene.add(ADA)
    ref = await _asked(scene)
    await scene.erase(ref)
    activities = scene.activities
    with monkeypatch.context() as patched:
        purge = type(activities.taking_out.stores[store]).purge

        async def lazy(self: Any, *asked: Any) -> PurgeState:
            return PurgeState.PURGED if self.name is store else await purge(self, *asked)

        patched.setattr(type(activities.taking_out.stores[store]), "purge", lazy)
        await scene.purge(ref)
    scene.clock.advance(timedelta(minutes=1))
    assert (await scene.activities.verify_erasure(ref)).hits
    assert await scene.state(ref) is ErasureState.REOPENED
    assert not (await scene.discover(ref, 3)).again
    await scene.purge(ref)
    assert (await scene.certify(ref)).is_certified


async def test_text_that_nobody_erased_is_found_in_a_document_and_a_question(scene: Scene) -> None:
    ref, _ = await _purged(scene)
    await scene.add(BOB, text=f"Write to {ADA}.")
    asked = await scene.question(f"Where is {ADA}?")
    verified = await scene.activities.verify_erasure(ref)
    assert verified.hits == 2
    assert (await scene.discover(ref, 3)).found
    async with scene.ledger.read() as unit:
        planned = await unit.erasures.items(scene.tenant_id, ref.erasure_id, store=StoreName.QUESTIONS)
    assert [each.ref for each in planned] == [asked.id]


async def test_a_verifier_that_does_not_see_certifies_nothing(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    ref, _ = await _purged(scene)

    async def sees_nothing(*_: object) -> list[Any]:
        return []

    monkeypatch.setattr(scene.index, "search", sees_nothing)
    with pytest.raises(VerificationBlind):
        await scene.activities.verify_erasure(ref)
    assert await scene.state(ref) is ErasureState.VERIFYING


async def test_every_certified_request_is_listed_and_a_cause_asks_for_one_look(scene: Scene) -> None:
    ref, _ = await _purged(scene)
    await scene.certify(ref)
    verifying = scene.activities.verifying
    own = RecheckRun(tenant_id=scene.tenant_id)
    page = await verifying.certified(own)
    assert (page.requests, page.after) == ([ref], ref)
    assert (await verifying.certified(own.model_copy(update={"after": ref}))).after is None
    cause = new_id()
    for _ in range(2):
        async with scene.ledger.write() as unit:
            await recheck_after(unit, scene.tenant_id, cause, at(0))
    async with scene.ledger.read() as unit:
        pending = await unit.dispatches.pending(at(1_000_000), 10)
    assert [each.workflow_id for each in pending if each.ref == cause] == [
        f"recheck-erasures/{scene.tenant_id}/{cause}"
    ]


@pytest.mark.parametrize("place", ["blob", "index"])
async def test_what_comes_back_after_the_certificate_reopens_the_request(scene: Scene, place: str) -> None:
    ref, hers = await _purged(scene)
    await scene.certify(ref)
    assert await scene.activities.verifying.check_all() == 0
    assert await scene.state(ref) is ErasureState.CERTIFIED
    first = await _certificate(scene, ref)
    await _put_back(scene, hers, place)
    scene.clock.advance(timedelta(hours=1))
    assert (await scene.activities.check_erasure_again(ref)).hits
    assert await scene.state(ref) is ErasureState.REOPENED
    assert (await scene.activities.check_erasure_again(ref)).is_open
    async with scene.ledger.read() as unit:
        pending = await unit.dispatches.pending(at(1_000_000), 10)
    assert [each.ref for each in pending if each.again] == [ref.erasure_id]
    standing = await scene.activities.look_at_erasure(ref)
    assert (await scene.discover(ref, standing.round)).again
    await scene.take_out(ref, standing.round)
    assert await scene.blobs.leftovers(blob_prefix(scene.tenant_id, hers.id)) == 0
    await scene.discover(ref, standing.round + 1)
    await scene.purge(ref)
    assert (await scene.certify(ref)).is_certified
    second = await _certificate(scene, ref, 1)
    assert (second["number"], second["subject_commitments"]) == (1, first["subject_commitments"])
    assert await _certificate(scene, ref) == first


@pytest.mark.parametrize("is_before", [False, True], ids=["after the certificate", "before it"])
async def test_what_was_restricted_goes_after_its_release_and_another_certificate_follows(
    scene: Scene, is_before: bool
) -> None:
    row, hers = await scene.add(ADA)
    async with scene.ledger.write() as unit:
        await unit.documents.update(replace(row, restricted_at=NOON, restriction_reason="litigation", fenced_at=NOON))
    ref = await _asked(scene)
    await scene.erase(ref)
    await scene.purge(ref)
    caller = Caller(scene.tenant_id, new_id(), Role.OFFICER, frozenset())
    if is_before:
        await Restrictions(scene.ledger, scene.clock).release(caller, row.id)
    assert (await scene.certify(ref)).is_certified
    first = await _certificate(scene, ref)
    assert first["exclusions"] == [{"count": 2, "reason": "legal_hold", "store": "documents"}]
    scene.clock.advance(timedelta(days=1))
    if not is_before:
        await Restrictions(scene.ledger, scene.clock).release(caller, row.id)
    again = VerifiedErasure(**ref.model_dump(), verified=Verified())
    assert (await scene.activities.certify_erasure(again)).is_certified, "a worker died before it could tell"
    assert await scene.state(ref) is ErasureState.REOPENED
    async with scene.ledger.read() as unit:
        pending = await unit.dispatches.pending(at(1_000_000), 10)
    assert [each.ref for each in pending if each.again] == [ref.erasure_id]
    standing = await scene.activities.look_at_erasure(ref)
    assert (await scene.discover(ref, standing.round)).found
    await scene.take_out(ref, standing.round)
    await scene.discover(ref, standing.round + 1)
    await scene.purge(ref)
    assert (await scene.certify(ref)).is_certified
    second = await _certificate(scene, ref, 1)
    assert (second["number"], second["exclusions"]) == (1, [])
    assert second["subject_commitments"] == first["subject_commitments"]
    assert await scene.keyring.get_many(scene.tenant_id, [hers.id, ref.erasure_id]) == {}
    async with scene.ledger.read() as unit:
        assert await unit.erasures.identifiers(scene.tenant_id, ref.erasure_id) == []
