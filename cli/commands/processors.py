"""`lethe processors`."""

from collections.abc import Sequence
from typing import Final

from cli.client import connect
from cli.errors import CommandError, Exit
from cli.output import Json, Output, table
from lethe.settings import Settings

_PATH: Final = "/v1/tenant/processors"
ALL: Final = "all"
NONE: Final = "none"


def processors(settings: Settings, output: Output, allow: Sequence[str]) -> None:
    """Print the policy, changed before if anything is to be allowed. Raises CommandError."""
    wish = {"allowed": allowed(allow)} if allow else None
    with connect(settings) as client:
        body = client.put(_PATH, wish) if wish else client.get(_PATH)
    output.show(body, lambda: policy_text(body))


def allowed(names: Sequence[str]) -> list[str] | None:
    """What the API takes: providers, none, or null for all. Raises CommandError for a word among names."""
    if len(names) > 1 and {ALL, NONE}.intersection(names):
        raise CommandError(f"--allow {ALL} and --allow {NONE} stand alone", exit_code=Exit.USAGE)
    if ALL in names:
        return None
    return [] if NONE in names else list(names)


def policy_text(body: Json) -> str:
    """The policy, and what it means for each processor that is configured."""
    names = "every configured provider" if body["allowed"] is None else ", ".join(body["allowed"]) or "no provider"
    since = f", since {body['changed_at']} by {body['changed_by']}" if body["changed_at"] else ""
    lines = [f"allowed: {names}{since}"]
    if body["processors"]:
        rows = [("PROVIDER", "REGION", "MODEL", "OPERATION", "ALLOWED")]
        rows += [
            (each["provider"], each["region"], each["model"], each["operation"], "yes" if each["is_allowed"] else "NO")
            for each in body["processors"]
        ]
        lines.append(table(rows))
    else:
        lines.append("none is configured: no text leaves this installation")
    return "\n".join(lines)
