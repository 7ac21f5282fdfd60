"""Readers and attributes of a version's objects, as the ledger has them."""

from collections.abc import Sequence

from lethe.errors import IndexBuildMissing
from lethe.indexing.objects import version_attributes
from lethe.model.documents import Version
from lethe.model.indexes import BuildKind, BuildState, IndexBuild
from lethe.ports.keyring import KeyRing
from lethe.ports.ledger import Ledger
from lethe.ports.vectors import ChunkIndex

Target = tuple[ChunkIndex, IndexBuild]
"""A build and the store that holds it."""


async def rewrite_properties(ledger: Ledger, keyring: KeyRing, targets: Sequence[Target], version: Version) -> int:
    """Rewrite them in the builds; nothing for a version being removed. Returns how many objects the first one has.

    A build that its store has lost is left to whoever makes it again.

    Two changes of one document may come here at once: whoever writes last writes what the ledger has last.
    """
    objects = 0
    while True:
        keys = await keyring.get_many(version.tenant_id, [version.id])
        if version.id not in keys:
            return objects
        properties = version_attributes(keys[version.id], version)
        counts = [await _rewrite(index, build, version, properties) for index, build in targets]
        objects = counts[0]
        async with ledger.read() as uow:
            current = await uow.versions.get(version.tenant_id, version.id)
        if current is None or current.meta_fp == version.meta_fp:
            return objects
        version = current


async def _rewrite(index: ChunkIndex, build: IndexBuild, version: Version, properties: tuple[str, ...]) -> int:
    try:
        return await index.update_properties(build, version.id, version.readers, properties)
    except IndexBuildMissing:
        if build.kind is BuildKind.VECTOR and build.state is BuildState.ACTIVE:
            raise
        return 0
