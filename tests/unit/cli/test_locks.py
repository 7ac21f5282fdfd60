"""A lock that is waited for passes on when its holder lets go."""

import threading
from pathlib import Path

from cli.stack.locks import held, try_lock, wait_for_lock


def test_the_next_holder_waits_for_the_last(tmp_path: Path) -> None:
    path, taken = tmp_path / "made" / "starting.lock", threading.Event()

    def wait() -> None:
        with held(wait_for_lock(path)):
            taken.set()

    with held(wait_for_lock(path)):
        next_one = threading.Thread(target=wait)
        next_one.start()
        assert not taken.wait(0.2)
        assert try_lock(path) is None
    assert taken.wait(20)
    next_one.join()
    free = try_lock(path)
    assert free is not None
    with held(free):
        pass
