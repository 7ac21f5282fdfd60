"""Embedding models, one vendor per file. Each checks what its vendor returned before anyone uses it."""
