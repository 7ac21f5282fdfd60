"""`lethe erase`: what it prints."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from cli.client import Client
from cli.commands import erasures
from cli.commands.erasures import erasure_text
from cli.erasures import app
from cli.errors import CommandError, Exit
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
    "horizon_at": "2026-12-01T00:00:00Z",
}


def test_what_it_waits_for_is_said_first() -> None:
    lines = erasure_text(BODY).splitlines()
    assert lines == [
        "e1 is held (litigation; lethe erase release <id> lets it go on)",
        "linked to 3 documents when it was asked for; round 2, due 2026-12-21T00:00:00Z",
        "fenced: 2026-11-21T00:00:00Z",
    ]
    assert "another principal" in erasure_text(BODY | {"state": "awaiting_approval"})
    assert erasure_text(BODY | {"state": "fenced"}).splitlines()[0] == "e1 is fenced"


def test_a_hold_says_what_came_too_late_for_it() -> None:
    late = "what was erased before the hold is below: it cannot be brought back"
    assert late in erasure_text(BODY | {"stores": [STORE]}).splitlines()
    assert late not in erasure_text(BODY | {"stores": [STORE | {"erased": 0}]}).splitlines()
    assert late not in erasure_text(BODY | {"state": "erasing", "stores": [STORE]}).splitlines()


def test_each_store_has_its_line() -> None:
    lines = erasure_text(BODY | {"stores": [STORE]}).splitlines()
    assert lines[-1].split() == ["chunks", "4", "3", "1", "0", "deleted", "pending"]
    aging = STORE | {"purge": "ages_out"}
    assert erasure_text(BODY | {"stores": [aging]}).splitlines()[-1].split()[-2:] == ["ages_out", "2026-12-01"]


def test_a_certificate_is_written_as_it_comes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    text, asked = b'{"body":{"a":1},  "signature":"\xc3\xbc"}', list[str]()

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(f"{request.url.path}?{request.url.query.decode()}")
        return httpx.Response(200, content=text)

    client = Client("http://api", "key")
    monkeypatch.setattr(client, "_http", httpx.Client(base_url="http://api", transport=httpx.MockTransport(answer)))

    def connected(_settings: object) -> Client:
        return client

    monkeypatch.setattr(erasures, "connect", connected)
    file = tmp_path / "certificate.json"
    result = CliRunner().invoke(app, ["certificate", "e1", "--number", "1", "--out", str(file)])
    assert result.exit_code == 0, result.output
    assert (file.read_bytes(), asked) == (text, ["/v1/erasures/e1/certificate?number=1"])


def test_a_certificate_that_is_not_there_leaves_the_file_as_it_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    missing = httpx.Response(404, json={"title": "none", "code": "certificate_not_found"})

    def connected(_settings: object) -> Client:
        client = Client("http://api", "key")
        transport = httpx.MockTransport(lambda _: missing)
        monkeypatch.setattr(client, "_http", httpx.Client(base_url="http://api", transport=transport))
        return client

    monkeypatch.setattr(erasures, "connect", connected)
    first, none = tmp_path / "first.json", tmp_path / "none.json"
    first.write_text("the first one")
    for file in (first, none):
        result = CliRunner().invoke(app, ["certificate", "e1", "--number", "1", "--out", str(file)])
        assert isinstance(result.exception, CommandError)
    assert first.read_text() == "the first one"
    assert not none.exists()


def test_who_is_meant_is_kind_and_value() -> None:
    assert people(["email=a=b@c"]) == [{"kind": "email", "value": "a=b@c"}]
    assert people([" email = a@b "]) == [{"kind": "email", "value": "a@b"}]
    for wrong in ("email", "=x", "email=", "email= "):
        with pytest.raises(CommandError) as refused:
            people(["name=Mara Lind", wrong])
        assert (refused.value.exit_code, refused.value.advice) == (Exit.USAGE, "the 2. of them is not")


def test_a_file_that_names_nobody_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    (tmp_path / "none").write_text("\n \n")
    result = CliRunner().invoke(app, ["start", "--subjects", str(tmp_path / "none")])
    assert isinstance(result.exception, CommandError)
    assert result.exception.exit_code == Exit.USAGE


def test_who_is_meant_is_read_from_a_file_or_from_standard_input(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    wishes: list[dict[str, Any]] = []

    def started(_settings: object, _output: object, wish: dict[str, Any]) -> None:
        wishes.append(wish)

    monkeypatch.setattr(erasures, "start", started)
    monkeypatch.setenv("LETHE_STATE", str(tmp_path))
    lines = "email=mara@mail.example\n\nname=Mara Lind\n"
    (tmp_path / "person").write_text(lines)
    for file, given in (("-", lines), (f"{tmp_path}/person", "")):
        result = CliRunner().invoke(app, ["start", "--subjects", file], input=given)
        assert result.exit_code == 0, result.output
    named = people(["email=mara@mail.example", "name=Mara Lind"])
    assert [wish["identifiers"] for wish in wishes] == [named, named]
    assert CliRunner().invoke(app, ["start", "--subject", "email=a@b.example"]).exit_code != 0
