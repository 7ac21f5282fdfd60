"""`lethe probe`."""

from typing import Final

from cli.client import connect
from cli.output import Json, Output, table
from lethe.settings import Settings

_PATH: Final = "/v1/probes"


def show(settings: Settings, output: Output) -> None:
    """Print what the last probe of each model found."""
    with connect(settings) as client:
        body = client.get(_PATH)
    output.show(body, lambda: "\n".join([_text(body["items"]), *_quality_text(body["quality"])]))


def run(settings: Settings, output: Output) -> None:
    """Begin a probe."""
    with connect(settings) as client:
        body = client.post(_PATH, {})
    output.show(body, lambda: f"{body['workflow_id']} has begun")


def lift(settings: Settings, output: Output) -> None:
    """Let vectors be written again."""
    with connect(settings) as client:
        body = client.delete(f"{_PATH}/stops")
    output.show(body, lambda: _text(body["items"]))


def _text(items: list[Json]) -> str:
    if not items:
        return "no model was probed yet"
    rows = [("MODEL", "COMPARED", "LEAST COSINE", "PROBED", "STOPPED SINCE")]
    rows += [
        (
            str(item["spec"]),
            str(item["compared"]),
            f"{item['worst']:.6f}",
            str(item["probed_at"]),
            str(item["stopped_at"] or "-"),
        )
        for item in items
    ]
    return table(rows)


def _quality_text(quality: Json | None) -> list[str]:
    if quality is None or quality["precision"] is None:
        return []
    return [f"precision at 5: {quality['precision']:.2f} of {quality['questions']} judged questions"]
