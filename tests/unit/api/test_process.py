"""What the API's process does around its server."""

import gc
import time

from api.process import keep_what_started


def test_the_collector_does_not_go_through_what_was_there_at_start() -> None:
    there = [[number] for number in range(300_000)]
    gc.collect()
    whole = _collecting()
    frozen = gc.get_freeze_count()
    keep_what_started()
    try:
        assert gc.get_freeze_count() >= frozen + len(there)
        assert _collecting() < whole / 2
    finally:
        gc.unfreeze()


def _collecting() -> float:
    """CPU seconds of a whole collection."""
    started = time.thread_time()
    gc.collect()
    return time.thread_time() - started
