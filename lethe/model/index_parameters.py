"""How the vector store keeps a build: another one is another build of the same model, reached by a migration."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self


class Quantisation(StrEnum):
    """How vectors are compressed for the search. ``store``: as the store does by itself."""

    STORE = "store"
    NONE = "none"
    SCALAR = "sq"
    PRODUCT = "pq"
    BINARY = "bq"
    ROTATIONAL = "rq"


@dataclass(frozen=True, slots=True)
class IndexParameters:
    """Of an HNSW graph. ``ef``: how many candidates a search keeps, -1 lets the store choose; ``connections``: edges of
    a node. A build is one tenant of a collection, so always one shard; ``replicas`` are of the collection.
    """

    ef: int = -1
    ef_construction: int = 128
    connections: int = 32
    quantisation: Quantisation = Quantisation.STORE
    replicas: int = 1

    @property
    def key(self) -> str:
        """In one line, as kept with a build: "" for what every build had before there was a choice."""
        if self == IndexParameters():
            return ""
        numbers = (self.ef, self.ef_construction, self.connections, self.replicas)
        return "/".join([self.quantisation.value, *map(str, numbers)])

    @classmethod
    def of(cls, key: str) -> Self:
        """What `key` says. Raises ValueError for anything else."""
        if not key:
            return cls()
        quantisation, *numbers = key.split("/")
        ef, ef_construction, connections, replicas = map(int, numbers)
        return cls(ef, ef_construction, connections, Quantisation(quantisation), replicas)
