"""The `lethe` command: speaks HTTP to the API and runs the embedded stack."""
