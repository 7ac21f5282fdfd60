"""Scripts of the repository itself; never imported by the product."""
