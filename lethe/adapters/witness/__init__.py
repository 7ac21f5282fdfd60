"""The witness: its file, and how other processes reach it."""
