"""Readers and attributes of a version's objects, as the ledger has them."""

from lethe.indexing.objects import version_attributes
from lethe.model.documents import Version
from lethe.model.indexes import IndexBuild
from lethe.ports.keyring import KeyRing
from lethe.ports.ledger import Ledger
from lethe.ports.vectors import VectorIndex


async def rewrite_properties(
    ledger: Ledger, keyring: KeyRing, index: VectorIndex, build: IndexBuild, version: Version
) -> int:
    """Rewrite them in the build, vectors untouched; nothing for a version being removed. Returns how many objects.

    Two changes of one document may come here at once: whoever writes last writes what the ledger has last.
    """
    objects = 0
    while True:
        keys = await keyring.get_many(version.tenant_id, [version.id])
        if version.id not in keys:
            return objects
        properties = version_attributes(keys[version.id], version)
        objects = await index.update_properties(build, version.id, version.readers, properties)
        async with ledger.read() as uow:
            current = await uow.versions.get(version.tenant_id, version.id)
        if current is None or current.meta_fp == version.meta_fp:
            return objects
        version = current
