"""A stand-in for language models at the wire: OpenAI, Azure, Cohere and Anthropic, behaving as the script says."""

from tests.servers.chat_provider.behaviours import BEHAVIOURS
from tests.servers.chat_provider.protocols import ANSWER, FINGERPRINT, Vendor
from tests.servers.chat_provider.server import ChatProvider, Seen, running_chat_provider

__all__ = ["ANSWER", "BEHAVIOURS", "FINGERPRINT", "ChatProvider", "Seen", "Vendor", "running_chat_provider"]
