"""The population's documents in a ledger, sealed as an ingestion seals them."""

from collections.abc import Sequence
from dataclasses import replace

from lethe.model.ids import Id
from lethe.ports.keyring import KeyRing
from lethe.ports.ledger import Ledger
from lethe.privacy.sealing import Purpose, seal_json, seal_text
from tests.contract.ledger_rows import add_document, chunks
from tests.population.documents import Written


async def store(ledger: Ledger, keyring: KeyRing, tenant_id: Id, written: Sequence[Written]) -> list[Id]:
    """One version of one chunk for each; their ids. Nobody is linked: see `Sweep.linked`."""
    await keyring.create_tenant(tenant_id)
    versions: list[Id] = []
    async with ledger.write() as uow:
        for each in written:
            _, version, _ = await add_document(uow, tenant_id)
            key = await keyring.create(tenant_id, version.id)
            await uow.versions.update(
                replace(
                    version,
                    sealed_title=seal_text(key, Purpose.TITLE, "Notes"),
                    sealed_source_uri=seal_text(key, Purpose.SOURCE_URI, f"file:///notes/{version.id}.txt"),
                    sealed_metadata=seal_json(key, Purpose.METADATA, {}),
                )
            )
            (chunk,) = chunks(version, 1)
            text = seal_text(key, Purpose.CHUNK_TEXT, each.text)
            section = seal_text(key, Purpose.CHUNK_SECTION, "")
            await uow.chunks.replace(tenant_id, version.id, [replace(chunk, sealed_text=text, sealed_section=section)])
            versions.append(version.id)
    return versions
