"""How long a part of a search took."""

import time


def elapsed_ms(started: float) -> float:
    """Since ``started``, which time.perf_counter() said."""
    return round((time.perf_counter() - started) * 1000, 1)
