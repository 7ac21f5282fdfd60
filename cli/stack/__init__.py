"""The embedded stack: which processes, how they are started, watched and stopped."""
