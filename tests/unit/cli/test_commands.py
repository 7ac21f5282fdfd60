"""What the commands send and print, without an API."""

from pathlib import Path

import pytest

from cli.client import ApiError, Problem
from cli.commands import ask
from cli.commands.ingest import Fields, find_files
from cli.commands.processors import allowed, policy_text
from cli.commands.usage import usage_text
from cli.errors import CommandError, Exit
from cli.output import say_error, table
from cli.stack.build import parse_go_version
from cli.stack.checks import Check, Level, summary


def test_folders_are_read_whole_hidden_files_skipped_each_file_once(tmp_path: Path) -> None:
    for name in ("a.txt", "sub/b.md", ".hidden", ".git/config", "sub/.cache/c"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    found = find_files([tmp_path, tmp_path / "a.txt"])
    assert found == [tmp_path / "a.txt", tmp_path / "sub" / "b.md"]
    assert find_files([tmp_path / ".hidden"]) == [tmp_path / ".hidden"], "a file that is named is meant"


def test_a_hidden_folder_above_does_not_hide_what_is_below(tmp_path: Path) -> None:
    folder = tmp_path / ".work" / "docs"
    folder.mkdir(parents=True)
    (folder / "a.txt").write_text("x")
    assert find_files([folder]) == [folder / "a.txt"]


def test_only_what_was_set_is_sent() -> None:
    assert Fields(metadata={}, readers=[], subjects=[]).form() == {}
    fields = Fields(
        metadata={"a": 1}, readers=["g"], subjects=[{"kind": "email", "value": "x"}], classification="secret"
    )
    assert fields.form() == {
        "metadata": '{"a": 1}',
        "readers": '["g"]',
        "subjects": '[{"kind": "email", "value": "x"}]',
        "classification": "secret",
    }


def test_options_left_out_are_the_apis_to_choose() -> None:
    assert ask.options(None, None, None) == {}
    assert ask.options(3, 0.0, '{"year": 2020}') == {"top_k": 3, "alpha": 0.0, "filters": {"year": 2020}}


@pytest.mark.parametrize("text", ["{", "[1]", '"a"'])
def test_filters_that_are_no_object_are_a_usage_error(text: str) -> None:
    with pytest.raises(CommandError) as raised:
        ask.options(None, None, text)
    assert raised.value.exit_code is Exit.USAGE


def test_an_answer_is_followed_by_numbered_citations_and_quotes() -> None:
    answer = ask.Answer.model_validate(
        {
            "answer": "It is blue [1].",
            "answer_mode": "extractive",
            "citations": [
                {
                    "number": 1,
                    "title": "Sky",
                    "source_uri": "file:///sky.txt",
                    "place": "page 3",
                    "score": 0.834,
                    "quotes": ["It is blue."],
                    "text_hmac": "left out",
                }
            ],
            "is_degraded": True,
            "degraded_reasons": ["index_lagging"],
        }
    )
    assert ask.answer_text(answer).splitlines() == [
        "It is blue [1].",
        "",
        "[1] Sky, page 3 (score 0.83)",
        '    "It is blue."',
        "",
        "degraded: index_lagging",
    ]


def test_no_answer_says_so() -> None:
    answer = ask.Answer(answer="", answer_mode="no_answer", citations=[], is_degraded=False, degraded_reasons=[])
    assert ask.answer_text(answer) == "There is no answer in the documents."


def test_columns_line_up() -> None:
    assert table([("A", "B"), ("long", "x")]) == "A     B\nlong  x"


@pytest.mark.parametrize(
    ("said", "version"),
    [("go version go1.26.8 linux/amd64", (1, 26, 8)), ("go version go1.27rc1 x", (1, 27)), ("nothing", ())],
)
def test_go_versions(said: str, version: tuple[int, ...]) -> None:
    assert parse_go_version(said) == version


def test_advice_stands_under_its_check() -> None:
    checks = [Check("disk", Level.FAIL, "0 GiB", "make room"), Check("python", Level.OK, "3.11")]
    assert summary(checks)() == "FAIL  disk: 0 GiB\n      -> make room\nok    python: 3.11"


def test_an_error_of_the_api_names_its_request(capsys: pytest.CaptureFixture[str]) -> None:
    say_error(
        ApiError(409, Problem(code="document_conflict", detail="It changed.", advice="Repeat.", request_id="r-7"))
    )
    assert capsys.readouterr().err.splitlines() == [
        "error: It changed. (document_conflict)",
        "  Repeat.",
        "  request r-7",
    ]


def test_a_policy_says_what_it_means_for_each_processor() -> None:
    processor = {"provider": "cohere", "region": "eu", "model": "m", "operation": "embed", "is_allowed": False}
    told = policy_text(
        {"allowed": ["openai"], "processors": [processor], "changed_at": "2026-01-01", "changed_by": "p"}
    )
    first, _, row = told.splitlines()
    assert first == "allowed: openai, since 2026-01-01 by p"
    assert row.split() == ["cohere", "eu", "m", "embed", "NO"]
    silent: dict[str, object] = {"processors": [], "changed_at": None, "changed_by": None}
    assert policy_text({"allowed": None, **silent}).startswith("allowed: every configured provider\n")
    assert policy_text({"allowed": [], **silent}).startswith("allowed: no provider\n")


def test_what_is_allowed_is_named_or_all_or_none() -> None:
    assert allowed(["openai", "cohere"]) == ["openai", "cohere"]
    assert (allowed(["all"]), allowed(["none"])) == (None, [])
    with pytest.raises(CommandError) as raised:
        allowed(["none", "openai"])
    assert raised.value.exit_code is Exit.USAGE


def test_usage_is_a_line_for_each_model_and_a_sum() -> None:
    span = {"since": "2026-10-01T00:00:00Z", "until": "2026-10-31T00:00:00Z"}
    assert usage_text({**span, "items": []}).startswith("no outside model was asked from 2026-10-01")
    asked = {"operation": "generate", "provider": "openai", "model": "mini", "currency": "USD", "calls": 3}
    dear = {**asked, "principal_id": "p1", "tokens": 2_000, "tokens_out": 90, "cost_micros": 1_250_000}
    cheap = {**asked, "principal_id": None, "tokens": 10, "tokens_out": 0, "cost_micros": 7}
    lines = usage_text({**span, "items": [dear, cheap]}).splitlines()
    assert lines[1].split() == ["p1", "generate", "openai:mini", "3", "2000", "90", "1.250000", "USD"]
    assert lines[2].split()[0] == "-"
    assert lines[-1].startswith("1.250007 USD from 2026-10-01")
