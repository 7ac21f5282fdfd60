"""Erasure requests: what is asked, how far it is, and what was found and erased where."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from lethe.errors import IllegalErasureMove
from lethe.model.ids import Id


class ErasureState(StrEnum):
    """How far an erasure is. From ``fenced`` on nothing of the person is served."""

    RECEIVED = "received"
    AWAITING_APPROVAL = "awaiting_approval"
    FENCED = "fenced"
    DISCOVERING = "discovering"
    IN_REVIEW = "in_review"
    ERASING = "erasing"
    DELETED = "deleted"
    PURGING = "purging"
    PURGED = "purged"
    VERIFYING = "verifying"
    CERTIFIED = "certified"
    HELD = "held"
    CANCELLED = "cancelled"
    REFUSED = "refused"
    """The certificate is: something of the person was found where nothing may be."""
    REOPENED = "reopened"


_S = ErasureState

MOVES: Final[Mapping[ErasureState, frozenset[ErasureState]]] = {
    _S.RECEIVED: frozenset({_S.FENCED, _S.AWAITING_APPROVAL, _S.CANCELLED, _S.HELD}),
    _S.AWAITING_APPROVAL: frozenset({_S.RECEIVED, _S.FENCED, _S.CANCELLED, _S.HELD}),
    _S.FENCED: frozenset({_S.DISCOVERING, _S.CANCELLED, _S.HELD}),
    _S.DISCOVERING: frozenset({_S.AWAITING_APPROVAL, _S.CANCELLED, _S.IN_REVIEW, _S.ERASING, _S.DELETED, _S.HELD}),
    _S.IN_REVIEW: frozenset({_S.DISCOVERING, _S.ERASING, _S.CANCELLED, _S.HELD}),
    _S.ERASING: frozenset({_S.DISCOVERING, _S.DELETED, _S.HELD}),
    _S.DELETED: frozenset({_S.DISCOVERING, _S.ERASING, _S.PURGING, _S.HELD}),
    _S.PURGING: frozenset({_S.DISCOVERING, _S.PURGED, _S.HELD}),
    _S.PURGED: frozenset({_S.VERIFYING, _S.HELD}),
    _S.VERIFYING: frozenset({_S.CERTIFIED, _S.REFUSED, _S.HELD}),
    _S.REFUSED: frozenset({_S.REOPENED}),
    _S.CERTIFIED: frozenset({_S.REOPENED}),
    _S.REOPENED: frozenset({_S.DISCOVERING, _S.ERASING, _S.PURGING, _S.HELD}),
    _S.HELD: frozenset(_S) - {_S.HELD, _S.CANCELLED, _S.CERTIFIED, _S.REFUSED},
    _S.CANCELLED: frozenset(),
}
"""Where an erasure may go from each state. ``held`` returns to the state it was placed in."""

MAY_END: Final = frozenset(before for before, after in MOVES.items() if _S.CANCELLED in after)
"""Nothing need be destroyed yet: where nothing is, an erasure can be cancelled."""


def check_move(before: ErasureState, after: ErasureState) -> None:
    """Staying is no move: a step that is repeated says the same again. Raises IllegalErasureMove."""
    if after is not before and after not in MOVES[before]:
        raise IllegalErasureMove(f"an erasure that is {before} cannot become {after}")


class ErasureBasis(StrEnum):
    """Why the person's data must go (GDPR, Article 17 (1)), or who asked where no article is named."""

    SUBJECT_REQUEST = "subject_request"
    NO_LONGER_NEEDED = "no_longer_needed"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    OBJECTION = "objection"
    UNLAWFUL_PROCESSING = "unlawful_processing"
    LEGAL_OBLIGATION = "legal_obligation"
    CHILD = "child"


class IdentifierKind(StrEnum):
    """What kind of identifier names the person."""

    EMAIL = "email"
    PHONE = "phone"
    NAME = "name"
    STAFF_NUMBER = "staff_number"
    PRINCIPAL = "principal"
    """The id of a caller of the tenant."""
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class ErasureScope:
    """Which documents; empty: the whole tenant. ``prefix_hmacs`` are digests of beginnings of source URIs."""

    document_ids: tuple[Id, ...] = ()
    prefix_hmacs: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        return not self.document_ids and not self.prefix_hmacs


@dataclass(frozen=True, slots=True)
class ErasureRequest:
    """One wish that a person be forgotten. Its data key, with the request's own id, opens its identifiers.

    ``documents``: how many the person was linked to at intake. ``held_from``: where a hold found it. ``round_at``: when
    the round ``rounds`` began to look. ``erasing_at``: from then on things are destroyed, and there is no way back.
    ``purging_at``: when a round after the drain had found nothing: what is written from then on holds nothing of them.
    ``rounds_before``: of the ``rounds`` those before it was last opened again after a certificate.
    ``ended_at``: certified or cancelled; from then on its identifiers hide nothing, since there is nothing left.
    """

    tenant_id: Id
    id: Id
    state: ErasureState
    basis: ErasureBasis
    reason: str
    document_ids: tuple[Id, ...]
    prefix_hmacs: tuple[str, ...]
    requested_by: Id
    created_at: datetime
    updated_at: datetime
    deadline_at: datetime
    documents: int = 0
    needs_approval: bool = False
    approved_by: Id | None = None
    held_from: ErasureState | None = None
    hold_reason: str = ""
    rounds: int = 0
    accepted_at: datetime | None = None
    fenced_at: datetime | None = None
    round_at: datetime | None = None
    discovered_at: datetime | None = None
    erasing_at: datetime | None = None
    deleted_at: datetime | None = None
    purging_at: datetime | None = None
    purged_at: datetime | None = None
    verified_at: datetime | None = None
    certified_at: datetime | None = None
    ended_at: datetime | None = None
    rounds_before: int = 0

    @property
    def scope(self) -> ErasureScope:
        return ErasureScope(self.document_ids, self.prefix_hmacs)


@dataclass(frozen=True, slots=True)
class ErasureIdentifier:
    """An identifier of the person. ``blind`` finds what is linked to it; ``tag`` is what stays in the suppressions.

    ``tagged_at``: when the request's fence put the tag there; None while there is no fence, if it was there before, and
    once another request about the person is certified: from then on the tag is that one's, whatever becomes of this.
    """

    tenant_id: Id
    erasure_id: Id
    kind: IdentifierKind
    blind: str
    tag: str
    sealed_identifier: bytes
    tagged_at: datetime | None = None


class ItemState(StrEnum):
    """What became of one thing of the manifest."""

    PLANNED = "planned"
    IN_REVIEW = "in_review"
    ERASED = "erased"
    HELD = "held"
    RELEASED = "released"
    """A reviewer says it is not about the person."""


@dataclass(frozen=True, slots=True)
class ErasureItem:
    """One thing to erase, by an opaque id. ``code``: how it was found, or why it is held."""

    tenant_id: Id
    erasure_id: Id
    store: str
    kind: str
    ref: str
    state: ItemState
    code: str
    round: int
    updated_at: datetime


class PurgeState(StrEnum):
    """Whether the bytes are gone too."""

    NOTHING_KEPT = "nothing_kept"
    PENDING = "pending"
    PURGED = "purged"
    AGES_OUT = "ages_out"
    LEFT_TO_OPERATOR = "left_to_operator"
    """They stay until the operator sees to it: no date can be named."""


class ErasureMethod(StrEnum):
    """How a store forgets."""

    DELETED = "deleted"
    KEY_DESTROYED = "key_destroyed"
    REBUILT = "rebuilt_and_dropped"
    AGED_OUT = "aged_out"


@dataclass(frozen=True, slots=True)
class ErasureStore:
    """What one store said in its last round. ``horizon_at``: when what it still keeps by itself ends."""

    tenant_id: Id
    erasure_id: Id
    store: str
    located: int
    erased: int
    held: int
    remaining: int
    method: ErasureMethod
    purge: PurgeState
    horizon_at: datetime | None
    round: int
    updated_at: datetime
