"""`lethe processors`."""

from collections.abc import Sequence

from cli.client import connect
from cli.output import Json, Output, table
from lethe.settings import Settings

_PATH = "/v1/tenant/processors"


def show(settings: Settings, output: Output) -> None:
    """Print the policy in force."""
    with connect(settings) as client:
        body = client.get(_PATH)
    output.show(body, lambda: policy_text(body))


def allow(settings: Settings, output: Output, providers: Sequence[str] | None) -> None:
    """Allow these providers only; None: every configured one."""
    with connect(settings) as client:
        body = client.put(_PATH, {"allowed": None if providers is None else list(providers)})
    output.show(body, lambda: policy_text(body))


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
