"""How quickly questions are answered, against the bare path."""
