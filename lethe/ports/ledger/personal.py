"""What the ledger knows of one person, for erasing it: found by links, counted table by table."""

from collections.abc import Collection, Mapping
from typing import Protocol

from lethe.model.ids import Id
from lethe.model.personal_data import ItemKind


class PersonalRepository(Protocol):
    async def links(self, tenant_id: Id, subject_ids: Collection[Id]) -> Mapping[Id, frozenset[Id]]:
        """Every version that one of the subjects is linked to, with all the subjects of that version."""
        ...

    async def chunks_of(self, tenant_id: Id, version_ids: Collection[Id]) -> list[Id]: ...

    async def questions_of(self, tenant_id: Id, principal_ids: Collection[Id]) -> list[Id]:
        """What they asked."""
        ...

    async def questions_about(
        self, tenant_id: Id, document_ids: Collection[Id], version_ids: Collection[Id]
    ) -> list[Id]:
        """Questions whose answer cites these, in versions that are gone already too, or that were given such an
        answer.
        """
        ...

    async def documents_below(
        self, tenant_id: Id, document_ids: Collection[Id], prefix_hmacs: Collection[str]
    ) -> list[Id]:
        """Those of the documents whose source begins by one of the prefixes."""
        ...

    async def letters_of(self, tenant_id: Id, version_ids: Collection[Id]) -> list[Id]: ...

    async def calls_about(self, tenant_id: Id, refs: Collection[Id]) -> list[Id]:
        """Calls to outside processors that sent something of these."""
        ...

    async def share_links(self, tenant_id: Id, version_id: Id, other: Id, without: Collection[Id]) -> None:
        """Link the other version to everyone this one is linked to, except these subjects. Idempotent."""
        ...

    async def forget_row(self, tenant_id: Id, kind: ItemKind, ref: str) -> None:
        """Remove the row, or what is sealed in it where the row must stay; a missing one is no error."""
        ...

    async def forget_cached(self, tenant_id: Id, question_ids: Collection[Id]) -> None:
        """The answers of these questions serve no other one."""
        ...

    async def count_cached(self, tenant_id: Id, question_ids: Collection[Id], version_ids: Collection[Id]) -> int:
        """Entries of these questions' answers, and of what was made from these versions."""
        ...

    async def forget_verdicts(self, tenant_id: Id, question_ids: Collection[Id]) -> None:
        """Remove them; how many there were of a prompt is still told."""
        ...

    async def forget_principals(self, tenant_id: Id, principal_ids: Collection[Id]) -> None:
        """Remove their credentials and remembered responses, and their id from what they did: the sums stay."""
        ...

    async def count(self, tenant_id: Id, kind: ItemKind, refs: Collection[str]) -> int:
        """Rows of all tables of the ledger that name one of these ids in a column of that kind."""
        ...
