"""`lethe usage`."""

from collections.abc import Mapping
from typing import Final

from cli.client import connect
from cli.output import Json, Output, table
from lethe.settings import Settings

_MICROS: Final = 1_000_000


def usage(settings: Settings, output: Output, query: Mapping[str, str]) -> None:
    """Print calls, tokens and cost by principal, operation and model."""
    with connect(settings) as client:
        body = client.get("/v1/usage", query)
    output.show(body, lambda: usage_text(body))


def usage_text(body: Json) -> str:
    """A line for each principal, operation and model, the dearest first, then the sum by currency."""
    span = f"from {body['since']} to before {body['until']}"
    if not body["items"]:
        return f"no outside model was asked {span}"
    rows = [("PRINCIPAL", "OPERATION", "MODEL", "CALLS", "TOKENS IN", "TOKENS OUT", "COST")]
    totals: dict[str, int] = {}
    for each in body["items"]:
        totals[each["currency"]] = totals.get(each["currency"], 0) + each["cost_micros"]
        rows.append(
            (
                each["principal_id"] or "-",
                each["operation"],
                f"{each['provider']}:{each['model']}",
                str(each["calls"]),
                str(each["tokens"]),
                str(each["tokens_out"]),
                _money(each["cost_micros"], each["currency"]),
            )
        )
    total = ", ".join(_money(micros, currency) for currency, micros in totals.items())
    return f"{table(rows)}\n\n{total} {span}"


def _money(micros: int, currency: str) -> str:
    return f"{micros / _MICROS:.6f} {currency}"
