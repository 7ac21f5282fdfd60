"""How well the API finds what was judged to be relevant. See bench/README.md."""
