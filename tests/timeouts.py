"""A test that is out of time is told so again and again, not once, and its fixtures are, too.

pytest-timeout raises once, in whatever runs at that moment: what hears it may be another task than the test's. And it
stops its timer when a test fails, so that a fixture which waits for ever would be guarded by nothing.
"""

import signal
from collections.abc import Generator
from typing import Any, Final

import pytest

AGAIN_AFTER: float = 120.0
"""Time enough for a fixture to stop its servers."""

_SETTINGS: Final = pytest.StashKey[Any]()
"""pytest-timeout's, of the test."""


@pytest.hookimpl(wrapper=True)
def pytest_timeout_set_timer(item: pytest.Item, settings: Any) -> Generator[None, object, object]:
    item.stash[_SETTINGS] = settings
    is_set = yield
    if left := _left():
        signal.setitimer(signal.ITIMER_REAL, left, AGAIN_AFTER)
    return is_set


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    if _SETTINGS in item.stash and not _left():
        settings = item.stash[_SETTINGS]._replace(timeout=AGAIN_AFTER)
        item.config.pluginmanager.hook.pytest_timeout_set_timer(item=item, settings=settings)


def _left() -> float:
    return signal.getitimer(signal.ITIMER_REAL)[0]
