"""`lethe ask` and `lethe search`."""

import json
import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from cli.client import ApiError, Problem, connect
from cli.errors import CommandError, Exit
from cli.events import Event, answer_events
from cli.output import Output, tell
from lethe.settings import Settings

_NO_ANSWER = "There is no answer in the documents."
_QUERY = "/v1/query"
_RETRACTED = {
    "reset": "[that attempt broke off; again:]",
    "withdrawn": "[a source of that was withdrawn; what may be said comes next:]",
}
_CORRECTED = "[the answer in its final form:]"
_PASSAGES = "No answer could be made; these passages come nearest:"


class _Read(BaseModel):
    model_config = ConfigDict(extra="ignore")


class Citation(_Read):
    """A citation, as far as it is printed."""

    number: int
    title: str
    source_uri: str
    place: str
    score: float
    text: str = ""
    quotes: list[str] = []


class Answer(_Read):
    """An answer, as far as it is printed."""

    answer: str
    answer_mode: str | None
    citations: list[Citation]
    is_degraded: bool
    degraded_reasons: list[str]


class Passage(_Read):
    """A passage, as far as it is printed."""

    title: str
    source_uri: str
    place: str
    score: float
    text: str


class Passages(_Read):
    """Passages, best first."""

    items: list[Passage]
    is_degraded: bool
    degraded_reasons: list[str]


def ask(settings: Settings, output: Output, question: str, options: Mapping[str, object]) -> None:
    """Print the answer, for a person as it is made, and what it rests on."""
    asked = {"question": question, **options}
    key = str(uuid.uuid4())
    with connect(settings) as client:
        if output.is_json:
            output.show(client.post(_QUERY, asked, {"Idempotency-Key": key}), str)
        else:
            tell_answer(answer_events(client, _QUERY, asked, key), tell)


def tell_answer(events: Iterable[Event], tell: Callable[[str], None]) -> None:
    """Text as it comes; what does not count any more is followed by a line that says so. Raises ApiError."""
    said = ""
    for event in events:
        if event.kind == "token":
            said += event.data["text"]
            tell(event.data["text"])
        elif event.kind in _RETRACTED:
            tell(f"\n\n{_RETRACTED[event.kind]}\n\n" if said else "")
            said = ""
        elif event.kind == "error":
            tell("\n" if said else "")
            problem = Problem.model_validate(event.data)
            raise ApiError(event.data["status"], problem)
        elif event.kind == "done":
            answer = Answer.model_validate(event.data)
            is_told = bool(said) and said == answer.answer
            tell(f"\n\n{_CORRECTED}\n\n" if said and not is_told else "")
            tell((_sources_text(answer) if is_told else answer_text(answer)) + "\n")


def search(settings: Settings, output: Output, query: str, options: Mapping[str, object]) -> None:
    """Print the passages found."""
    with connect(settings) as client:
        body = client.post("/v1/search", {"question": query, **options})
    output.show(body, lambda: _passages(Passages.model_validate(body)))


def options(top_k: int | None, alpha: float | None, filters: str | None) -> dict[str, object]:
    """What was set of the retrieval's options. Raises CommandError when the filters are not a JSON object."""
    given: dict[str, Any] = {"top_k": top_k, "alpha": alpha, "filters": json_object(filters, "filters")}
    return {name: value for name, value in given.items() if value is not None}


def json_object(text: str | None, name: str) -> dict[str, Any] | None:
    """Parse an option that takes a JSON object."""
    if text is None:
        return None
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise CommandError(f"--{name} is not JSON: {error}", exit_code=Exit.USAGE) from None
    if not isinstance(value, dict):
        raise CommandError(f'--{name} takes a JSON object such as {{"key": "value"}}', exit_code=Exit.USAGE)
    return value  # pyright: ignore[reportUnknownVariableType] - JSON has string keys


def answer_text(answer: Answer) -> str:
    """The answer, then each citation with the sentences taken from it; without an answer, the passages found."""
    is_passages = answer.answer_mode == "passages"
    return (answer.answer or (_PASSAGES if is_passages else _NO_ANSWER)) + _sources_text(answer)


def _sources_text(answer: Answer) -> str:
    """What stands below an answer."""
    is_passages = answer.answer_mode == "passages"
    lines = ["", ""] if answer.citations else [""]
    for citation in answer.citations:
        lines.append(f"[{citation.number}] {_where(citation)}")
        lines += [f'    "{quote}"' for quote in citation.quotes]
        if is_passages:
            lines.append(f"    {_shortened(citation.text)}")
    return "\n".join(lines + _degraded(answer.is_degraded, answer.degraded_reasons))


def _passages(found: Passages) -> str:
    lines: list[str] = []
    for number, passage in enumerate(found.items, start=1):
        lines += [f"{number}. {_where(passage)}", f"    {_shortened(passage.text)}"]
    return "\n".join((lines or ["nothing found"]) + _degraded(found.is_degraded, found.degraded_reasons))


def _where(source: Citation | Passage) -> str:
    named = ", ".join(part for part in (source.title or source.source_uri, source.place) if part)
    return f"{named} (score {source.score:.2f})"


def _shortened(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 300 else f"{flat[:297]}..."


def _degraded(is_degraded: bool, reasons: list[str]) -> list[str]:
    return ["", f"degraded: {', '.join(reasons)}"] if is_degraded else []
