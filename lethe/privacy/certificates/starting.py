"""Before any traffic: is this the newest state of this installation?

The witness has seen how far the log of erasures got. A ledger whose log is shorter was put back from an older copy:
what was erased since then is in it again. Then the tombstones are carried out first: keys destroyed, versions removed,
people suppressed (also those whose suppression was lifted since: that is to be done again).
After that the log gets the hashes it lacks and goes on from where it was. A log that says something else than the
witness saw is no copy, and nothing starts.
"""

import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_delay, wait_exponential_jitter

from lethe.errors import LogForked, WitnessUnavailable
from lethe.model.audit_log import LeafKind, NewLeaf
from lethe.model.ids import Id
from lethe.ports.clock import Clock
from lethe.ports.keyring import KeyRing
from lethe.ports.ledger import Ledger
from lethe.ports.witness import SUPPRESSION, VERSION, Tombstone, Witness, WitnessHead
from lethe.privacy.certificates.checkpoints import log_origin, require_same_history, root_at
from lethe.privacy.certificates.log import append_hash
from lethe.privacy.certificates.merkle import MerkleTree

logger = logging.getLogger("lethe.witness")

Remove = Callable[[Id, Sequence[Id]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class StartCheck:
    """``remove`` takes versions of a tenant out of every store, whether or not they are served."""

    ledger: Ledger
    keyring: KeyRing
    witness: Witness
    clock: Clock
    remove: Remove

    async def run(self, seconds: float) -> int:
        """How many leaves the log was behind. Raises LogForked; WitnessUnavailable if there is none that long."""
        async with self.ledger.read() as uow:
            origin = log_origin(await uow.audit_log.installation_id())
        head = await self._head(origin, seconds)
        async with self.ledger.read() as uow:
            size = await uow.audit_log.size()
            root = await root_at(uow, head.size) if size >= head.size else None
        if root is not None:
            require_same_history(root, head, origin)
            return 0
        logger.warning("an older state was put back", extra={"count": head.size - size})
        leaves = await self._leaves(origin, head)
        await self._require_beginning(leaves, size)
        await self._carry_out(await self._tombstones(origin, head))
        await self._catch_up(leaves)
        return head.size - size

    async def _head(self, origin: str, seconds: float) -> WitnessHead:
        attempts = AsyncRetrying(
            retry=retry_if_exception_type(WitnessUnavailable),
            stop=stop_after_delay(seconds),
            wait=wait_exponential_jitter(multiplier=0.1, max=2.0),
            reraise=True,
        )
        async for attempt in attempts:
            with attempt:
                return await self.witness.head(origin)
        raise AssertionError("it is tried once at least")

    async def _leaves(self, origin: str, head: WitnessHead) -> list[bytes]:
        found: list[bytes] = []
        while page := await self.witness.leaves(origin, len(found)):
            found += page
        require_same_history(MerkleTree(found[: head.size]).root(), head, origin)
        return found[: head.size]

    async def _require_beginning(self, leaves: Sequence[bytes], size: int) -> None:
        async with self.ledger.read() as uow:
            if await root_at(uow, size) != MerkleTree(leaves[:size]).root():
                raise LogForked

    async def _tombstones(self, origin: str, head: WitnessHead) -> list[Tombstone]:
        found: list[Tombstone] = []
        while len(found) < head.tombstones and (page := await self.witness.tombstones(origin, len(found))):
            found += page
        return found

    async def _carry_out(self, tombstones: Sequence[Tombstone]) -> None:
        by_tenant = defaultdict[Id, list[Tombstone]](list)
        for each in tombstones:
            by_tenant[each.tenant_id].append(each)
        async with self.ledger.read() as uow:
            known = {tenant.id for tenant in await uow.tenants.list()}
        for tenant_id in sorted(known & by_tenant.keys()):
            # A version's key has its id: with the keys gone nobody reads it, whatever the removal still has to do.
            buried = by_tenant[tenant_id]
            await self.keyring.destroy(tenant_id, [each.id for each in buried if each.kind != SUPPRESSION])
            async with self.ledger.write() as uow:
                tags = {each.id for each in buried if each.kind == SUPPRESSION}
                await uow.suppressions.put(tenant_id, tags, self.clock.now().date())
            await self.remove(tenant_id, [each.id for each in by_tenant[tenant_id] if each.kind == VERSION])

    async def _catch_up(self, leaves: Sequence[bytes]) -> None:
        nothing = NewLeaf(LeafKind.RESTORED, None, None, 0, "", None, None, self.clock.now())
        async with self.ledger.write() as uow:
            await uow.audit_log.lock()
            # Another process that starts may have done it meanwhile.
            for leaf in leaves[await uow.audit_log.size() :]:
                await append_hash(uow, nothing, leaf)
