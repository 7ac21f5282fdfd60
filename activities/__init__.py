"""Activities: thin classes with injected ports; the logic is in `lethe`."""
