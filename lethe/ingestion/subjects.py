"""Linking a version to the people its uploader named, before any of it is stored elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from lethe.errors import SubjectSuppressed
from lethe.model.documents import SubjectMention
from lethe.model.ids import Id
from lethe.ports.keyring import KeyRing, SecretPurpose
from lethe.ports.ledger import Ledger, UnitOfWork
from lethe.privacy.digests import blind_index, suppression_tag_of
from lethe.privacy.erasure.suppressing import Suppressing
from lethe.privacy.sealing import Purpose, seal_text


@dataclass(frozen=True, slots=True)
class SubjectLink:
    """A link ready to be written: everything that needs a key is done."""

    kind: str
    blind: str
    tag: str
    sealed_identifier: bytes
    subject_id: Id


async def prepare_links(
    ledger: Ledger, keyring: KeyRing, tenant_id: Id, mentions: Sequence[SubjectMention], spare_ids: Sequence[Id]
) -> list[SubjectLink]:
    """Seal each identifier under a key of its own, made under one new id per mention.

    Also for a person the tenant knows: whoever removes that person's last other link destroys the known key, so only
    the transaction that links can tell which key stays. The caller destroys the spare ones. Raises SubjectSuppressed.
    """
    if not mentions:
        return []
    await Suppressing(ledger, keyring).check_identifiers(tenant_id, [(each.kind, each.value) for each in mentions])
    blind_key = await keyring.secret(tenant_id, SecretPurpose.BLIND)
    tag_key = await keyring.secret(tenant_id, SecretPurpose.SUPPRESSION)
    links: list[SubjectLink] = []
    for mention, spare_id in zip(mentions, spare_ids, strict=True):
        key = await keyring.create(tenant_id, spare_id)
        blind = blind_index(blind_key, mention.kind, mention.value)
        tag = suppression_tag_of(tag_key, mention.kind, mention.value)
        sealed = seal_text(key, Purpose.IDENTIFIER, mention.value)
        links.append(SubjectLink(mention.kind, blind, tag, sealed, spare_id))
    return links


async def write_links(
    uow: UnitOfWork, tenant_id: Id, version_id: Id, links: Sequence[SubjectLink], at: datetime
) -> tuple[Id, ...]:
    """Write prepared links in the transaction that plans the version; returns the prepared ids it had no use for.

    Raises SubjectSuppressed where a fence was raised since they were prepared: both hold the tenant's lock.
    """
    if await uow.suppressions.found(tenant_id, {link.tag for link in links}):
        raise SubjectSuppressed
    owners = {
        await uow.subjects.link(
            tenant_id, version_id, link.kind, link.blind, link.sealed_identifier, link.subject_id, at
        )
        for link in links
    }
    return tuple(link.subject_id for link in links if link.subject_id not in owners)
