"""The search for a person's bytes finds each form, wherever a file has it: what it does not see proves nothing."""

import base64
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest

from tests.integration.canaries.forms import IN_CLEAR, Canary, Form, Wanted
from tests.integration.canaries.scanning import CompressedFile, scan

PIECE = 1 << 24


def _written(canary: Canary, vector: "np.ndarray[tuple[int], np.dtype[np.float32]]") -> dict[Form, bytes]:
    """As another program would write the form, not as the needles are made."""
    name = canary.name
    based = {
        form: base64.b64encode((b"x" * before) + f"{name} is not here".encode())
        for before, form in enumerate((Form.BASE64_0, Form.BASE64_1, Form.BASE64_2))
    }
    return {
        Form.UTF8: f"dear {name},".encode(),
        Form.UTF16_LE: f"dear {name},".encode("utf-16-le"),
        Form.UTF16_BE: f"dear {name},".encode("utf-16-be"),
        **based,
        Form.JSON: b"".join(char.encode() if char.isascii() else f"\\u{ord(char):04x}".encode() for char in name),
        Form.PERCENT: f"q={quote(f'dear {name}')}".encode(),
        Form.TERM: f"dear {name.casefold()}".encode(),
        Form.FLOAT32: b"\0" + vector.astype("<f4").tobytes(),
        Form.FLOAT16: b"\0" + vector.astype("<f2").tobytes(),
    }


@pytest.mark.parametrize("before", [0, 1, 4093, PIECE - 5])
def test_each_form_is_found_by_itself(tmp_path: Path, before: int) -> None:
    canary = Canary()
    vector = np.random.default_rng(1).normal(size=384).astype(np.float32)
    wanted = Wanted.of(canary)
    wanted.add_vectors([vector])
    written = _written(canary, vector)
    assert set(written) == set(IN_CLEAR)
    for form, data in written.items():
        file = tmp_path / ".hidden" / "without a suffix"
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(b"\x01" * before + data + b"\x01" * 10)
        assert scan({"here": tmp_path}, wanted) == {"here": {form: [".hidden/without a suffix"]}}
    file.write_bytes(b"\x01" * before)  # pyright: ignore[reportPossiblyUnboundVariable]
    assert scan({"here": tmp_path}, wanted) == {}


def test_what_it_cannot_read_is_no_success(tmp_path: Path) -> None:
    (tmp_path / "log.1.gz").write_bytes(b"\x1f\x8b\x08rest")
    with pytest.raises(CompressedFile):
        scan({"here": tmp_path}, Wanted.of(Canary()))
