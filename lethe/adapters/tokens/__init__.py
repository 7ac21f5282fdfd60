"""Token buses: within one process, and through Redis for several."""

from lethe.adapters.tokens.memory import InProcessTokens

__all__ = ["InProcessTokens"]
