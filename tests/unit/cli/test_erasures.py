"""`lethe erase`: what it prints."""

from typing import Any

import pytest

from cli.commands.erasures import erasure_text
from cli.errors import CommandError
from cli.options import people

BODY: dict[str, Any] = {
    "id": "e1",
    "state": "held",
    "hold_reason": "litigation",
    "documents": 3,
    "rounds": 2,
    "deadline_at": "2026-12-21T00:00:00Z",
    **{
        f"{name}_at": None for name in ("accepted", "discovered", "deleted", "purged", "verified", "certified", "ended")
    },
    "fenced_at": "2026-11-21T00:00:00Z",
    "stores": [],
}
STORE: dict[str, Any] = {
    "store": "chunks",
    "located": 4,
    "erased": 3,
    "held": 1,
    "remaining": 0,
    "method": "deleted",
    "purge": "pending",
}


def test_what_it_waits_for_is_said_first() -> None:
    lines = erasure_text(BODY).splitlines()
    assert lines == [
        "e1 is held (held: litigation)",
        "3 documents, round 2, due 2026-12-21T00:00:00Z",
        "fenced: 2026-11-21T00:00:00Z",
    ]
    assert "another principal" in erasure_text(BODY | {"state": "awaiting_approval"})
    assert erasure_text(BODY | {"state": "fenced"}).splitlines()[0] == "e1 is fenced"


def test_each_store_has_its_line() -> None:
    lines = erasure_text(BODY | {"stores": [STORE]}).splitlines()
    assert lines[-1].split() == ["chunks", "4", "3", "1", "0", "deleted", "pending"]


def test_who_is_meant_is_kind_and_value() -> None:
    assert people(["email=a=b@c"]) == [{"kind": "email", "value": "a=b@c"}]
    for wrong in ("email", "=x", "email="):
        with pytest.raises(CommandError):
            people([wrong])
