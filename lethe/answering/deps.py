"""What the answering steps work with."""

from dataclasses import dataclass, field

from lethe.answering.caching.keys import CachePolicy
from lethe.answering.chain import Chain
from lethe.answering.under_way import UnderWay
from lethe.answering.vectors import QuestionVectors
from lethe.ports.clock import Clock
from lethe.ports.embedding import Embedder
from lethe.ports.keyring import KeyRing
from lethe.ports.ledger import Ledger
from lethe.ports.search import PassageSearch
from lethe.ports.tokens import TokenBus


@dataclass(frozen=True, slots=True)
class Answering:
    """The ports of the steps; only held here, built by the wiring.

    ``embed_seconds``: how long an answer waits for its sentences' embeddings before words alone decide. ``chain``: the
    language models; without one every answer is made of sentences of the passages. ``others``: embedders of the indexes
    that ``embedder`` did not make. ``in_process``: the specs of those of both that ask nobody outside.
    ``searches_freely``: whether a search asks nobody outside but an embedder.
    """

    ledger: Ledger
    keyring: KeyRing
    search: PassageSearch
    embedder: Embedder
    clock: Clock
    tokens: TokenBus
    embed_seconds: float = 2.0
    chain: Chain | None = None
    vectors: QuestionVectors = field(default_factory=QuestionVectors)
    under_way: UnderWay = field(default_factory=UnderWay)
    caching: CachePolicy = field(default_factory=CachePolicy)
    others: tuple[Embedder, ...] = ()
    in_process: frozenset[str] = frozenset()
    searches_freely: bool = False
