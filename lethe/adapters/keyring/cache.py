"""Keys held for a short time, so that a question does not ask the ring for the same fifty keys again and again."""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Final

from lethe.model.ids import Id

MAX_KEYS: Final = 10_000


class KeyCache:
    """At most ``seconds`` old and MAX_KEYS many: a destroyed key lives no longer than that in another process."""

    def __init__(self, seconds: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._monotonic = monotonic
        self._held: OrderedDict[tuple[Id, Id], tuple[float, bytes]] = OrderedDict()

    def get(self, tenant_id: Id, key_id: Id) -> bytes | None:
        until, key = self._held.get((tenant_id, key_id), (0.0, b""))
        if key and self._monotonic() < until:
            return key
        self._held.pop((tenant_id, key_id), None)
        return None

    def put(self, tenant_id: Id, key_id: Id, key: bytes) -> None:
        self._held.pop((tenant_id, key_id), None)
        self._held[tenant_id, key_id] = (self._monotonic() + self._seconds, key)
        if len(self._held) > MAX_KEYS:
            self._held.popitem(last=False)

    def forget(self, tenant_id: Id, key_ids: Iterable[Id]) -> None:
        for key_id in key_ids:
            self._held.pop((tenant_id, key_id), None)
