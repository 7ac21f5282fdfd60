"""Certificates made up by chance, as the issuer makes them: one log, many erasures."""

import random
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from lethe.model.certificates import (
    CertificateFacts,
    CoveredBuild,
    Exclusion,
    ExclusionReason,
    ProcessorHorizon,
    StoreResult,
    Tombstones,
    Verification,
)
from lethe.model.erasures import ErasureMethod, PurgeState
from lethe.model.indexes import BuildKind
from lethe.model.personal_data import StoreName
from lethe.privacy.certificates.body import body_of, subject_commitment
from lethe.privacy.certificates.issuing import body_text, certificate_text
from lethe.privacy.certificates.merkle import MerkleTree, leaf_hash
from lethe.privacy.certificates.notes import Checkpoint, NoteSigner
from lethe.privacy.certificates.stamps import rfc3339

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
ORIGIN = "lethe/0190d3a2-0000-7000-8000-00000000abcd"
LOG = NoteSigner(ORIGIN, b"l" * 32)
WITNESS = NoteSigner("lethe-witness/0001", b"w" * 32, is_witness=True)
GONE = [PurgeState.PURGED, PurgeState.NOTHING_KEPT]
SECONDS = 1_795_262_400


def an_id(chance: random.Random) -> str:
    return str(uuid.UUID(int=chance.getrandbits(128), version=4))


def facts(chance: random.Random, identifiers: list[str], nonce: bytes) -> CertificateFacts:
    """Consistent facts: held, waiting and purged ones by chance."""
    step = iter(NOON + timedelta(minutes=minute, milliseconds=chance.randrange(1000)) for minute in range(20))
    kind = chance.choice(["purged", "waiting", "held"])
    stores = tuple(_store(chance, store, kind) for store in StoreName)
    held = tuple(Exclusion(each.store, _reason(chance), each.held) for each in stores if each.held)
    control = chance.randint(1, 40)
    times = [next(step) for _ in range(6)]
    return CertificateFacts(
        tenant_id=an_id(chance),
        request_id=an_id(chance),
        number=chance.randrange(3),
        commitments=tuple(subject_commitment(nonce, each) for each in identifiers),
        accepted_at=times[0],
        fenced_at=times[1],
        discovered_at=times[2],
        deleted_at=times[3],
        purged_at=times[4] if kind == "purged" else None,
        verified_at=times[5],
        stores=stores,
        builds=tuple(CoveredBuild(an_id(chance), chance.choice(list(BuildKind))) for _ in range(chance.randrange(4))),
        shared_rewritten=chance.randrange(5),
        rounds=chance.randint(2, 4),
        keys_destroyed=chance.randrange(100),
        verification=Verification(f"{chance.getrandbits(256):064x}", chance.randint(1, 999), 7, control, control, 0),
        processors=tuple(ProcessorHorizon(each, 3, NOON) for each in chance.sample(["openai", "cohere"], 1)),
        exclusions=held,
        tombstones=Tombstones((an_id(chance),), (an_id(chance),)),
    )


def _reason(chance: random.Random) -> ExclusionReason:
    return chance.choice([each for each in ExclusionReason if each is not ExclusionReason.RELEASED])


def _store(chance: random.Random, store: StoreName, kind: str) -> StoreResult:
    erased = chance.randrange(50)
    held = chance.randint(1, 5) if kind == "held" and store is StoreName.DOCUMENTS else 0
    waits = kind != "purged" and store in {StoreName.BACKUPS, StoreName.LOGS}
    purge, horizon = (PurgeState.AGES_OUT, NOON + timedelta(days=30)) if waits else (chance.choice(GONE), None)
    return StoreResult(store, erased + held, erased, held, 0, chance.choice(list(ErasureMethod)), purge, horizon)


@dataclass(frozen=True)
class Made:
    """Certificates of one log, and what they must not say."""

    texts: list[bytes]
    identifiers: list[list[str]]
    nonces: list[bytes]
    tree: MerkleTree
    note: str


def made(count: int, seed: int = 0) -> Made:
    chance = random.Random(seed)
    identifiers = [[f"max.{n}@example.org", f"Max Mustermann {n}", f"+49 170 {5_550_000 + n}"] for n in range(count)]
    nonces = [chance.randbytes(32) for _ in range(count)]
    certified = rfc3339(NOON + timedelta(hours=1))
    bodies = [
        body_text(body_of(facts(chance, given, nonce), certified))
        for given, nonce in zip(identifiers, nonces, strict=True)
    ]
    tree = MerkleTree([leaf_hash(body.encode()) for body in bodies])
    note = cosigned(LOG, Checkpoint(ORIGIN, tree.size, tree.root()))
    proofs = [tree.inclusion(index, tree.size) for index in range(count)]
    texts = [certificate_text(body, index, proofs[index], note, LOG) for index, body in enumerate(bodies)]
    return Made(texts, identifiers, nonces, tree, note)


def cosigned(log: NoteSigner, checkpoint: Checkpoint, witness: NoteSigner = WITNESS) -> str:
    note = log.sign(checkpoint.text)
    return note.with_line(witness.cosign(note.body, SECONDS).line).text
