"""The ledger's tables of outside processors, and of what else a tenant's admins decide."""

from typing import Final

from lethe.privacy.data_map.declaration import Key, Place, facts, opaque, place, pseudonym, sealed, times, volatile

PROCESSORS: Final[tuple[Place, ...]] = (
    place(
        "processor_calls",
        opaque("tenant_id", "id"),
        pseudonym("principal_id", "who asked for it, kept beyond what was asked: what it cost must stay known"),
        facts("provider", "region", "model", "operation", "inputs", "status", "currency", "is_estimated"),
        volatile("tokens", "tokens_out", "cost_micros"),
        times("created_at", "finished_at"),
        erasers=("lethe.privacy.retention:expire_processor_calls",),
    ),
    place(
        "processor_policies",
        opaque("tenant_id", "id"),
        pseudonym("principal_id", "the admin who said so"),
        facts("allowed"),
        times("created_at"),
        reason="the record of who let whose texts be sent where; the principal is opaque here",
    ),
    place(
        "processor_call_refs",
        opaque("tenant_id", "call_id"),
        pseudonym("ref", "a document, question or index build, kept beyond its end: who has its text must stay known"),
        erasers=("lethe.privacy.retention:expire_processor_calls",),
    ),
    place(
        "glossaries",
        opaque("tenant_id", "id"),
        pseudonym("principal_id", "the admin who gave it"),
        sealed("sealed_entries", "words of the house; somebody's nickname may be among them", Key.TENANT),
        times("updated_at"),
        erasers=("lethe.retrieval.glossary:Glossaries.change",),
    ),
)
