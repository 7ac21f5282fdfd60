"""Looking for what was erased, by code that took no part in erasing it."""
