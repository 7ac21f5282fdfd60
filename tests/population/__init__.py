"""Invented people and the documents that name them."""
