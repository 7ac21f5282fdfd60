"""A stand-in for embedding providers at the wire: OpenAI, Azure and Cohere, well behaved or as the script says."""

from tests.servers.embedding_provider.behaviour import Behaviour, Kind, Seen
from tests.servers.embedding_provider.server import EmbeddingProvider, running_provider

__all__ = ["Behaviour", "EmbeddingProvider", "Kind", "Seen", "running_provider"]
