"""The ledger's tables of hidden documents."""

from typing import Final

from lethe.privacy.data_map import erasers
from lethe.privacy.data_map.declaration import Key, Place, digest, facts, opaque, place, pseudonym, sealed, times

QUARANTINES: Final[tuple[Place, ...]] = (
    place(
        "quarantines",
        opaque("tenant_id", "id"),
        facts("kind", "reason"),
        digest("target", "a beginning of source URIs, where it is not the id of a document or ingestion"),
        pseudonym("principal_id", "the admin who ordered it"),
        sealed("sealed_prefix", "a beginning of source URIs: folders, mail boxes", Key.QUARANTINE),
        times("created_at", "lifted_at"),
        erasers=("lethe.ingestion.quarantines:Quarantines.lift", erasers.DOCUMENT),
    ),
    place("document_quarantines", opaque("tenant_id", "document_id", "quarantine_id"), erasers=(erasers.DOCUMENT,)),
    place(
        "source_prefixes",
        opaque("tenant_id", "document_id"),
        digest("prefix_hmac", "a beginning of the source URI"),
        erasers=(erasers.DOCUMENT,),
    ),
)
