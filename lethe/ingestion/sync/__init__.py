"""Sources: what is known of each, and the rounds by which the tenant's documents follow it."""
