"""HTTP models only: what is taken is closed, what is given only grows."""
