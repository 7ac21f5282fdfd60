"""Erasing one person: hidden, found, taken out of every store, shown to be gone, and kept from coming back."""
