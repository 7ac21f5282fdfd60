"""Issuing certificates.

In this order, each step repeatable: tombstones to the witness, body into the log, log under a cosigned checkpoint. The
document is then a function of the leaf and the first checkpoint over it, so it is stored nowhere else and every reader
gets the same bytes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, cast

from lethe.errors import CertificateNotFound
from lethe.model.audit_log import LeafKind, LogCheckpoint, LogLeaf, NewLeaf
from lethe.model.certificates import Certificate, CertificateFacts, Tombstones
from lethe.model.ids import Id
from lethe.ports.clock import Clock
from lethe.ports.ledger import Ledger
from lethe.ports.witness import SUPPRESSION, VERSION, Tombstone, Witness
from lethe.privacy.certificates.body import Body, body_of, checked_body
from lethe.privacy.certificates.canonical import Json, canonical, parse_canonical
from lethe.privacy.certificates.checkpoints import Checkpoints, log_origin
from lethe.privacy.certificates.log import append_leaf
from lethe.privacy.certificates.notes import NoteSigner, b64
from lethe.privacy.certificates.stamps import rfc3339

SIGNED: Final = b"lethe.erasure-certificate/v1\n"
"""Before the signed bytes, so that a signature over something else is never one over a certificate."""


@dataclass(frozen=True, slots=True)
class PublishedLog:
    """What anybody may know of the log, to check certificates with: verifier keys, and the newest checkpoint."""

    log_key: str
    witness_key: str
    checkpoint: str


@dataclass(frozen=True, slots=True)
class CertificateIssuer:
    ledger: Ledger
    witness: Witness
    checkpoints: Checkpoints
    clock: Clock

    async def issue(self, facts: CertificateFacts) -> Certificate:
        """One certificate per (request, number), whose facts are those of the first call.

        Raises CertificateRefused for facts that contradict themselves or that nobody may read; WitnessUnavailable,
        CheckpointRefused, LogForked.
        """
        now = self.clock.now()
        body = body_of(facts, rfc3339(now))
        async with self.ledger.read() as uow:
            origin = log_origin(await uow.audit_log.installation_id())
        await self.checkpoints.require_continued()
        await self.witness.bury(origin, _buried(facts.tenant_id, facts.tombstones))
        leaf = NewLeaf(
            LeafKind.CERTIFICATE, facts.tenant_id, facts.request_id, facts.number, body_text(body), None, None, now
        )
        async with self.ledger.write() as uow:
            logged = await append_leaf(uow, leaf)
        return await self._document(logged, await self.checkpoints.over(logged.leaf_index))

    async def get(self, tenant_id: Id, request_id: Id, number: int = 0) -> Certificate:
        """Without the witness. Raises CertificateNotFound while there is none, or none that is cosigned."""
        async with self.ledger.read() as uow:
            leaf = await uow.audit_log.find(LeafKind.CERTIFICATE, tenant_id, request_id, number)
            checkpoint = leaf and await uow.audit_log.checkpoint_over(leaf.leaf_index)
        if leaf is None or checkpoint is None:
            raise CertificateNotFound
        return await self._document(leaf, checkpoint)

    async def published(self) -> PublishedLog:
        """Without the witness."""
        async with self.ledger.read() as uow:
            origin = log_origin(await uow.audit_log.installation_id())
            newest = await uow.audit_log.newest_checkpoint()
        key = self.checkpoints.signer(origin).key.text
        return PublishedLog(key, newest.witness_key if newest else "", newest.note if newest else "")

    async def _document(self, leaf: LogLeaf, checkpoint: LogCheckpoint) -> Certificate:
        proof = await self.checkpoints.inclusion(leaf.leaf_index, checkpoint)
        signer = self.checkpoints.signer(checkpoint.note.partition("\n")[0])
        text = certificate_text(leaf.data, leaf.leaf_index, proof, checkpoint.note, signer)
        assert leaf.ref is not None  # noqa: S101 - it was found by it
        return Certificate(leaf.ref, leaf.number, leaf.leaf_index, text)


def certificate_text(body: str, leaf_index: int, proof: Sequence[bytes], note: str, signer: NoteSigner) -> bytes:
    """The document: the body that was logged, where the log holds it, and the log's signature over both.

    Raises CertificateRefused for a body with anything in it that has no place there.
    """
    parsed = parse_canonical(body.encode())
    checked_body(parsed)
    unsigned: dict[str, Json] = {
        "body": parsed,
        "log": {
            "checkpoint": b64(note.encode()),
            "inclusion_proof": [b64(each) for each in proof],
            "leaf_index": leaf_index,
            "origin": signer.key.name,
        },
    }
    return canonical({**unsigned, "signature": b64(signer.sign_bytes(SIGNED + canonical(unsigned)))})


def body_text(body: Body) -> str:
    """What is logged and signed of it."""
    return canonical(cast("Json", body.model_dump(mode="json"))).decode()


def _buried(tenant_id: Id, tombstones: Tombstones) -> list[Tombstone]:
    buried = ((VERSION, tombstones.version_ids), ("key", tombstones.key_ids), (SUPPRESSION, tombstones.tags))
    return [Tombstone(tenant_id, kind, each) for kind, ids in buried for each in ids]
