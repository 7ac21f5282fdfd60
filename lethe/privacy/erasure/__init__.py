"""Erasing one person: found, hidden, taken out of every store, and shown to be gone."""
