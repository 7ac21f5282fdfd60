"""What a verification looked for and found: counts by store, never a text."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from lethe.model.erasures import ErasureItem, ItemState
from lethe.model.ids import Id
from lethe.model.personal_data import Item, ItemKind, StoreName


@dataclass(slots=True)
class Findings:
    """``controls``: planted by the verifier, and found where it was planted."""

    probes: int = 0
    scans: int = 0
    controls: int = 0
    hits: Counter[StoreName] = field(default_factory=Counter[StoreName])

    def probed(self, store: StoreName, hits: int, probes: int = 1) -> None:
        """Something was asked for by its id, or searched for."""
        self.probes += probes
        if hits:
            self.hits[store] += hits

    def scanned(self, store: StoreName, texts: int, hits: int) -> None:
        """Texts were opened and read."""
        self.scans += texts
        if hits:
            self.hits[store] += hits


@dataclass(frozen=True, slots=True)
class Erased:
    """What may be nowhere: the items that a request has erased, by store."""

    items: Mapping[StoreName, tuple[Item, ...]]

    @classmethod
    def of(cls, rows: Iterable[ErasureItem]) -> "Erased":
        items = defaultdict[StoreName, list[Item]](list)
        for row in rows:
            if row.state is ItemState.ERASED:
                store = StoreName(row.store)
                items[store].append(Item(store, ItemKind(row.kind), row.ref))
        return cls({store: tuple(each) for store, each in items.items()})

    def refs(self, kind: ItemKind) -> frozenset[Id]:
        return frozenset(item.ref for items in self.items.values() for item in items if item.kind is kind)


@cache
def build_hash() -> str:
    """SHA-256 over the code that verifies: which verifier a certificate speaks of."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
