"""The verifier where nothing of ours is: an empty folder, no network, and only what Python and `cryptography` bring."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cli import verify_erasure as verifier
from tests.unit.certificates.made import LOG, WITNESS, Made, made

ALONE = """
import runpy, sys
STRANGERS = {"lethe", "cli", "api", "workers", "workflows", "activities", "migrations", "tests"}
KNOWN = set(sys.stdlib_module_names) | {"cryptography", "cffi", "_cffi_backend"}
def watch(event, arguments):
    if event.startswith("socket.") and event != "socket.__new__":
        raise SystemExit(f"network: {event}")
    if event == "import" and (name := arguments[0].partition(".")[0]) not in KNOWN:
        raise SystemExit(f"imported {name}")
sys.addaudithook(watch)
sys.argv = sys.argv[1:]
assert not STRANGERS & set(sys.modules), STRANGERS & set(sys.modules)
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.fixture(scope="module")
def one() -> Made:
    return made(1, seed=3)


@pytest.fixture
def folder(tmp_path: Path, one: Made) -> Path:
    """What somebody outside has: the verifier, the certificate, the keys."""
    shutil.copy(verifier.__file__, tmp_path / "verify_erasure.py")
    (tmp_path / "certificate.json").write_bytes(one.texts[0])
    (tmp_path / "log.key").write_text(LOG.key.text + "\n")
    (tmp_path / "witness.key").write_text(WITNESS.key.text + "\n")
    return tmp_path


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-c", ALONE, "verify_erasure.py", *arguments]
    return subprocess.run(command, cwd=folder, env={}, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("is_file", [False, True])
def test_it_runs_alone(folder: Path, one: Made, is_file: bool):
    first, second = one.identifiers[0][:2]
    (folder / "person").write_text(f"email={first}\n\nother={second}\n")
    given = ["--subjects", "person"] if is_file else ["--identifier", first, "--identifier", second]
    keys = ["--log-key", "log.key", "--witness-key", WITNESS.key.text, "--nonce", one.nonces[0].hex()]
    done = run(folder, "certificate.json", *keys, *given)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("VALID: erasure ")
    assert "2 identifiers of the person" in done.stdout
    assert "NOT" not in done.stdout


def test_it_says_what_it_did_not_check(folder: Path):
    done = run(folder, "certificate.json", "--log-key", LOG.key.text)
    assert done.returncode == 0
    assert "NOT the witness's cosignature" in done.stdout
    assert "NOT whom it is about" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["certificate.json", "--log-key", WITNESS.key.text], 2, "not a log's key"),
        (["certificate.json", "--log-key", "nowhere"], 2, "neither one"),
        (["nowhere", "--log-key", "log.key"], 2, "cannot be read"),
        (["log.key", "--log-key", "log.key"], 1, "NOT VALID: not canonical JSON"),
        (["garbage", "--log-key", "log.key"], 1, "NOT VALID"),
        (["certificate.json", "--log-key", "garbage"], 2, "neither one"),
        (["certificate.json", "--log-key", "log.key", "--nonce", "00" * 32], 2, "goes together"),
        (["certificate.json", "--log-key", "log.key", "--nonce", "00" * 32, "--subjects", "garbage"], 2, "be read"),
        (["certificate.json", "--log-key", "log.key", "--nonce", "00" * 32, "--subjects", "log.key"], 2, "kind=value"),
        (["certificate.json", "--log-key", "log.key", "--nonce", "zz", "--identifier", "a"], 2, "64 hex digits"),
        (["certificate.json", "--log-key", "log.key", "--nonce", "00" * 32, "--identifier", "a"], 1, "not about"),
        (["certificate.json"], 2, "--log-key"),
    ],
)
def test_it_never_breaks(folder: Path, arguments: list[str], code: int, says: str):
    (folder / "garbage").write_bytes(bytes(range(256)) * 50)
    assert says in _output(folder, arguments, code)


def _output(folder: Path, arguments: list[str], code: int) -> str:
    command = [sys.executable, "-I", "verify_erasure.py", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    return done.stdout + done.stderr


def test_the_command_is_the_same_verifier(folder: Path):
    command = [sys.executable, "-m", "cli.main", "verify-erasure", "certificate.json", "--log-key", "log.key"]
    root = str(Path(verifier.__file__).parents[1])
    done = subprocess.run(command, cwd=folder, env={"PYTHONPATH": root}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout[:5]) == (0, "VALID"), done.stderr
