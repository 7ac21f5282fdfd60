"""Around every request, outermost first: its id, log line and metrics; errors; the key; the body's size. Pure ASGI."""
