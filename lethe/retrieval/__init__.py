"""Search and gate as one loop, the guards of a question, and metadata as filters."""
