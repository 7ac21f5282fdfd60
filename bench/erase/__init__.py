"""How long it takes to forget somebody, and what others notice of it."""
