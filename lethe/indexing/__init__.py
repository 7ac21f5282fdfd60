"""Index builds: which copy of a tenant's corpus exists, what an object of it holds, and that both are complete."""
