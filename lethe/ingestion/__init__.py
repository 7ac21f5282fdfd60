"""From an upload to a live version: receiving, cleaning, chunking, embedding, indexing, switching, removing."""
