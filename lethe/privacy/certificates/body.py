"""The body of a certificate: a closed shape, in which no name, address, title or text can stand.

Every string is an id, a time, a hash or a word of a closed list; every number is a count. What contradicts itself is
refused, so that a certificate never says more than the weakest store.
"""

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from lethe.errors import CertificateRefused
from lethe.model.certificates import CertificateFacts, Claim, ExclusionReason, StoreResult
from lethe.model.erasures import ErasureMethod, PurgeState
from lethe.model.indexes import BuildKind
from lethe.model.personal_data import StoreName
from lethe.privacy.certificates.stamps import rfc3339
from lethe.settings import OutsideProvider

TYPE = "lethe.erasure-certificate/v1"

_NONCE = b"lethe.erasure-nonce/v1"
_GONE = frozenset({PurgeState.PURGED, PurgeState.NOTHING_KEPT})

Uuid = Annotated[str, Field(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")]
Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Moment = Annotated[str, Field(pattern=r"^20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]\.[0-9]{3}Z$")]
Count = Annotated[int, Field(ge=0, le=10**12, strict=True)]


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Times(_Closed):
    accepted: Moment
    fenced_identifiers: Moment
    fenced_discovered: Moment
    deleted: Moment
    purged: Moment | None
    verified: Moment
    certified: Moment


class Store(_Closed):
    store: StoreName
    located: Count
    erased: Count
    held: Count
    remaining: Count
    method: ErasureMethod
    purge: PurgeState
    horizon: Moment | None


class Build(_Closed):
    build: Uuid
    kind: BuildKind


class Processor(_Closed):
    provider: OutsideProvider
    calls: Count
    horizon: Moment | None


class Excluded(_Closed):
    store: StoreName
    reason: ExclusionReason
    count: Count


class Verified(_Closed):
    verifier: Hash
    probes: Count
    scans: Count
    control_planted: Count
    control_found: Count
    hits: Count


class Body(_Closed):
    """In the order of its canonical form nothing is lost: keys sort there by themselves."""

    type: Literal["lethe.erasure-certificate/v1"]
    tenant: Uuid
    request: Uuid
    number: Count
    claim: Claim
    subject_commitments: Annotated[tuple[Hash, ...], Field(max_length=100)]
    times: Times
    stores: tuple[Store, ...]
    builds: Annotated[tuple[Build, ...], Field(max_length=10_000)]
    shared_documents_rewritten: Count
    rounds: Count
    keys_destroyed: Count
    verification: Verified
    processors: Annotated[tuple[Processor, ...], Field(max_length=100)]
    exclusions: Annotated[tuple[Excluded, ...], Field(max_length=1_000)]

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        for rule, holds in {
            "every store, once, in order": [each.store for each in self.stores] == sorted(StoreName),
            "times in order": _are_ordered(self.times),
            "what was located is erased or held": all(each.located == each.erased + each.held for each in self.stores),
            "nothing remains that is not held": all(each.remaining <= each.held for each in self.stores),
            "every purge ended, dated or left to the operator": all(_is_settled(each) for each in self.stores),
            "what is held has reasons": _are_explained(self),
            "the positive control was found": 0 < self.verification.control_planted == self.verification.control_found,
            "nothing was found": self.verification.hits == 0 < self.verification.probes,
            "the claim is the weakest store's": self.claim is weakest_claim(self.stores),
            "the time of the purge": (self.times.purged is not None) == (self.claim is Claim.PURGED),
            "a round and a commitment": self.rounds > 0 and len(self.subject_commitments) > 0,
            "commitments once, in order": list(self.subject_commitments) == sorted(set(self.subject_commitments)),
        }.items():
            if not holds:
                raise ValueError(f"broken: {rule}")
        return self


def _are_ordered(times: Times) -> bool:
    given = [
        times.accepted,
        times.fenced_identifiers,
        times.fenced_discovered,
        times.deleted,
        *([times.purged] if times.purged else []),
        times.verified,
        times.certified,
    ]
    return all(before <= after for before, after in pairwise(given))


def _is_settled(store: Store) -> bool:
    if store.purge is PurgeState.LEFT_TO_OPERATOR:
        return store.horizon is None
    return store.purge in _GONE or (store.purge is PurgeState.AGES_OUT and store.horizon is not None)


def _are_explained(body: Body) -> bool:
    held = {each.store: each.held for each in body.stores if each.held}
    told: dict[StoreName, int] = {}
    for each in body.exclusions:
        if each.reason is not ExclusionReason.RELEASED:
            told[each.store] = told.get(each.store, 0) + each.count
    return held == told


def weakest_claim(stores: Sequence[Store | StoreResult]) -> Claim:
    """What may be said of all of them."""
    if any(each.held or each.remaining for each in stores):
        return Claim.HELD
    if any(each.purge not in _GONE for each in stores):
        return Claim.DELETED
    return Claim.PURGED


def requester_nonce(request_key: bytes) -> bytes:
    """What the requester is handed. Here it is gone with the request's key: nobody can try names any more."""
    return hmac.digest(request_key, _NONCE, hashlib.sha256)


def subject_commitment(nonce: bytes, identifier: str) -> str:
    """HMAC-SHA-256 of the identifier as the requester wrote it (NFC, no space around), under their nonce of 32 bytes.

    Whoever has the nonce can show that a certificate is about an identifier; nobody else can try names against it.
    """
    if len(nonce) != 32:
        raise ValueError("a nonce has 32 bytes")
    return hmac.digest(nonce, unicodedata.normalize("NFC", identifier.strip()).encode(), hashlib.sha256).hex()


def body_of(facts: CertificateFacts, certified_at: str) -> Body:
    """Raises CertificateRefused, which names the rule and never the value."""
    stores = sorted(facts.stores, key=lambda each: each.store)
    fields = {
        "type": TYPE,
        "tenant": facts.tenant_id,
        "request": facts.request_id,
        "number": facts.number,
        "subject_commitments": sorted(set(facts.commitments)),
        "times": {
            "accepted": rfc3339(facts.accepted_at),
            "fenced_identifiers": rfc3339(facts.fenced_at),
            "fenced_discovered": rfc3339(facts.discovered_at),
            "deleted": rfc3339(facts.deleted_at),
            "purged": facts.purged_at and rfc3339(facts.purged_at),
            "verified": rfc3339(facts.verified_at),
            "certified": certified_at,
        },
        "stores": [
            {
                "store": each.store,
                "located": each.located,
                "erased": each.erased,
                "held": each.held,
                "remaining": each.remaining,
                "method": each.method,
                "purge": each.purge,
                "horizon": each.horizon_at and rfc3339(each.horizon_at),
            }
            for each in stores
        ],
        "builds": [{"build": each.id, "kind": each.kind} for each in sorted(facts.builds, key=lambda each: each.id)],
        "shared_documents_rewritten": facts.shared_rewritten,
        "rounds": facts.rounds,
        "keys_destroyed": facts.keys_destroyed,
        "verification": {
            "verifier": facts.verification.build_hash,
            "probes": facts.verification.probes,
            "scans": facts.verification.scans,
            "control_planted": facts.verification.control_planted,
            "control_found": facts.verification.control_found,
            "hits": facts.verification.hits,
        },
        "processors": [
            {"provider": each.provider, "calls": each.calls, "horizon": each.horizon_at and rfc3339(each.horizon_at)}
            for each in sorted(facts.processors, key=lambda each: each.provider)
        ],
        "exclusions": [
            {"store": each.store, "reason": each.reason, "count": each.count}
            for each in sorted(facts.exclusions, key=lambda each: (each.store, each.reason))
        ],
    }
    return checked_body({**fields, "claim": weakest_claim(facts.stores)})


def checked_body(fields: object) -> Body:
    """Raises CertificateRefused."""
    try:
        return Body.model_validate(fields)
    except ValidationError as error:
        places = sorted({_place(each["loc"], each["msg"]) for each in error.errors(include_input=False)})
        raise CertificateRefused(f"not certified: {'; '.join(places)}") from None


def _place(location: tuple[int | str, ...], message: str) -> str:
    rule = re.search(r"broken: [a-z, ]+", message)
    return rule[0] if rule else ".".join(str(part) for part in location if part in Body.model_fields) or "body"
