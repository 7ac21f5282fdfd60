"""Who asks: the caller, as its credential says."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lethe.model.ids import Id


class Role(StrEnum):
    """What an API key may do. An admin may everything, a writer what a reader may.

    An officer (for data protection) reads as any reader, and erases and restricts; it changes no document otherwise.
    """

    READER = "reader"
    WRITER = "writer"
    OFFICER = "officer"
    ADMIN = "admin"

    def includes(self, other: "Role") -> bool:
        return self is Role.ADMIN or other in {self, Role.READER}


@dataclass(frozen=True, slots=True)
class Caller:
    """A principal of one tenant. The tenant comes from the credential only (P6)."""

    tenant_id: Id
    principal_id: Id
    role: Role
    groups: frozenset[Id] = frozenset()

    @property
    def readers(self) -> frozenset[Id]:
        """The reader ids this caller answers to: itself, its groups, and the whole tenant."""
        return self.groups | {self.principal_id, self.tenant_id}


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A credential. Only the SHA-256 of its secret is stored; the secret has 256 random bits, so no salt is needed."""

    tenant_id: Id
    id: Id
    principal_id: Id
    role: Role
    groups: frozenset[Id]
    secret_sha256: str
    created_at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Tenant:
    """A tenant and its clock: ``seq`` rises inside every commit that changes what may be read.

    ``allowed_providers``: names of the outside providers that may be sent its texts; None: every configured one.
    """

    id: Id
    name: str
    seq: int
    created_at: datetime
    allowed_providers: tuple[str, ...] | None = None
