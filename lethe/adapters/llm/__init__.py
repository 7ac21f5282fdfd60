"""Language models of outside providers: a file per vendor, everything else once."""

from lethe.adapters.llm.choice import open_chat_models, open_rewording

__all__ = ["open_chat_models", "open_rewording"]
