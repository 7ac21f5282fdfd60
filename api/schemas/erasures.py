"""Erasures, suppressions and restrictions on the wire."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import Field, StringConstraints

from api.schemas.base import Given, OpaqueId, PageQuery, PlainText, Taken, Word
from api.schemas.quarantines import SourcePrefix
from lethe.model.erasures import (
    ErasureBasis,
    ErasureMethod,
    ErasureState,
    IdentifierKind,
    PurgeState,
)
from lethe.model.workflow_ids import erasure_workflow_id
from lethe.privacy.erasure.intake import ErasureView, ErasureWish


class IdentifierIn(Taken):
    """What names one person."""

    kind: IdentifierKind
    value: Annotated[PlainText, StringConstraints(strip_whitespace=True, min_length=1, max_length=320)]


Identifiers = Annotated[list[IdentifierIn], Field(min_length=1, max_length=50)]


class ScopeIn(Taken):
    """Which documents. Both lists empty: everything of the tenant."""

    document_ids: Annotated[list[OpaqueId], Field(max_length=1000)] = Field(default_factory=list[OpaqueId])
    source_prefixes: Annotated[list[SourcePrefix], Field(max_length=50)] = Field(default_factory=list[SourcePrefix])


class ErasureIn(Taken):
    """Whom to forget, where, and why."""

    identifiers: Identifiers
    scope: ScopeIn = ScopeIn()
    basis: ErasureBasis = ErasureBasis.SUBJECT_REQUEST
    reason: Word = "request"

    @property
    def wish(self) -> ErasureWish:
        return ErasureWish(
            identifiers=tuple(dict.fromkeys((each.kind, each.value) for each in self.identifiers)),
            basis=self.basis,
            reason=self.reason,
            document_ids=tuple(dict.fromkeys(self.scope.document_ids)),
            source_prefixes=tuple(dict.fromkeys(self.scope.source_prefixes)),
        )


class UserErasureIn(Taken):
    """What else names the user, beside the id in the path."""

    identifiers: Annotated[list[IdentifierIn], Field(max_length=50)] = Field(default_factory=list[IdentifierIn])
    basis: ErasureBasis = ErasureBasis.SUBJECT_REQUEST
    reason: Word = "request"


class HoldIn(Taken):
    """Why nothing more may be destroyed."""

    reason: Word


class ErasureStoreOut(Given):
    """What one store said in its last round. ``horizon_at``: when what it still keeps by itself ends."""

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


class ErasureOut(Given):
    """How far an erasure is. Nothing in it says whom it is about."""

    id: OpaqueId
    state: ErasureState
    basis: ErasureBasis
    reason: str
    documents: Annotated[int, Field(description="How many documents the person is linked to")]
    needs_approval: bool
    requested_by: OpaqueId
    approved_by: OpaqueId | None
    held_from: ErasureState | None
    hold_reason: str
    rounds: int
    created_at: datetime
    updated_at: datetime
    deadline_at: datetime
    accepted_at: datetime | None
    fenced_at: datetime | None
    discovered_at: datetime | None
    deleted_at: datetime | None
    purged_at: datetime | None
    verified_at: datetime | None
    certified_at: datetime | None
    ended_at: datetime | None
    workflow_id: str
    stores: list[ErasureStoreOut]

    @classmethod
    def of(cls, view: ErasureView) -> Self:
        request = view.request
        fields = {name: getattr(request, name) for name in cls.model_fields if name not in {"workflow_id", "stores"}}
        return cls(
            **fields,
            workflow_id=erasure_workflow_id(request.tenant_id, request.id),
            stores=[ErasureStoreOut.model_validate(each) for each in view.stores],
        )


class ErasureBegun(ErasureOut):
    """What whoever asks is told, and nobody after."""

    nonce: Annotated[
        str,
        Field(description="Keep it: with it the certificate shows whom it is about. Forgotten here at the end"),
    ]


class ErasureQuery(PageQuery):
    """A list of erasures."""

    state: ErasureState | None = None


class SuppressionIn(Taken):
    """Who may come back, by what names them, and why."""

    identifiers: Identifiers
    reason: Word


class SuppressionsLifted(Given):
    """How many of the identifiers were suppressed, and the record of their return in the log."""

    id: OpaqueId
    lifted: int


class RestrictionIn(Taken):
    """Why a document is kept and shown to nobody (GDPR, Article 18)."""

    reason: Word


class RestrictionOut(Given):
    """A document's restriction; ``restricted_at`` is null once it is released."""

    document_id: OpaqueId
    restricted_at: datetime | None
    reason: str | None
