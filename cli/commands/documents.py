"""`lethe documents` and `lethe delete`."""

from cli.client import connect
from cli.commands.care import wait_done
from cli.output import Json, Output, table
from lethe.settings import Settings


def documents(settings: Settings, output: Output, status: str | None, limit: int) -> None:
    """Print the newest documents, page by page up to the limit."""
    with connect(settings) as client:
        page = client.listed("/v1/documents", {"status": status} if status else {}, limit)
    output.show(page, lambda: _text(page["items"], page["next_cursor"]))


def delete(settings: Settings, output: Output, document_id: str) -> None:
    """Delete one document, with everything derived from it."""
    with connect(settings) as client:
        body = client.delete(f"/v1/documents/{document_id}")
    output.show(body or {"document_id": document_id}, lambda: f"{document_id} is being deleted")


def delete_selected(settings: Settings, output: Output, wish: Json, wait_seconds: float) -> None:
    """Delete every document that fits, or count them."""
    with connect(settings) as client:
        body = client.post("/v1/documents/delete", wish)
        body = wait_done(client, f"/v1/selections/{body['id']}", wait_seconds) if wait_seconds else body
    output.show(body, lambda: _selection_text(body))


def _selection_text(body: Json) -> str:
    if body["state"] != "done":
        return f"{body['id']} is running"
    if body["action"] == "count":
        return f"{body['matched']} documents fit"
    return f"{body['done']} documents are deleted, {body['skipped']} were gone or not yours to delete"


def _text(items: list[Json], cursor: str | None) -> str:
    if not items:
        return "no documents"
    rows = [("ID", "STATUS", "TITLE", "SOURCE")]
    rows += [
        (str(item["id"]), str(item["status"]), str(item.get("title") or ""), str(item.get("source_uri") or ""))
        for item in items
    ]
    return table(rows) + ("\nthere are more: raise --limit" if cursor else "")
