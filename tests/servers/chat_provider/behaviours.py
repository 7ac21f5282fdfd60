"""What a provider may do with one request, by name. Hangs last a minute: longer than any limit of a test."""

import asyncio
import gzip
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from tests.servers.chat_provider.connection import Connection
from tests.servers.chat_provider.protocols import PIECES, End, Protocol, Vendor, joined

Behaviour = Callable[[Connection, Protocol], Awaitable[None]]
BEHAVIOURS: dict[str, Behaviour] = {}

_HTML = b"<html><body><h1>It works</h1></body></html>"


def behaviour(function: Behaviour) -> Behaviour:
    BEHAVIOURS[function.__name__] = function
    return function


def refuses(name: str, status: int, code: str, message: str = "as the script says", **headers: str) -> None:
    """An HTTP error, worded as the vendor words it."""

    async def refuse(connection: Connection, protocol: Protocol) -> None:
        sent = {key.replace("_", "-"): value for key, value in headers.items()}
        await connection.status(status, protocol.problem(message, code), sent)

    BEHAVIOURS[name] = refuse


def says(name: str, make: Callable[[Protocol], bytes], **headers: str) -> None:
    """200 and a stream, properly ended."""

    async def say(connection: Connection, protocol: Protocol) -> None:
        sent = {key.replace("_", "-"): value for key, value in headers.items()}
        await connection.stream(make(protocol), sent)

    BEHAVIOURS[name] = say


def full(protocol: Protocol) -> bytes:
    return joined(protocol.answer())


def half(protocol: Protocol) -> bytes:
    return joined(protocol.begin(), protocol.texts(PIECES[:3]))


# Refused before anything is said.
refuses("rate_limited", 429, "rate_limit_exceeded")
refuses("rate_limited_for_seconds", 429, "rate_limit_exceeded", Retry_After="7")
refuses("rate_limited_for_milliseconds", 429, "rate_limit_exceeded", retry_after_ms="1500")
refuses("rate_limited_for_nonsense", 429, "rate_limit_exceeded", Retry_After="soon")
refuses("server_error", 500, "server_error")
refuses("unavailable_for_seconds", 503, "server_error", Retry_After="3")
refuses("unavailable", 503, "server_error")
refuses("gateway_timeout", 504, "server_error")
refuses("overloaded", 529, "overloaded_error")
refuses("request_timeout", 408, "timeout")
refuses("unauthorized", 401, "invalid_api_key", "invalid api key")
refuses("forbidden", 403, "permission_error")
refuses("unknown_model", 404, "model_not_found", "the model does not exist")
refuses("invalid", 400, "invalid_request_error")
refuses("unprocessable", 422, "invalid_request_error")
refuses("payment_required", 402, "billing_error")
refuses("too_large", 413, "request_too_large")
refuses("filtered_question", 400, "content_filter", "the prompt triggered the content management policy")
refuses("elsewhere", 307, "moved", Location="/v1/elsewhere")


@behaviour
async def rate_limited_until_a_date(connection: Connection, protocol: Protocol) -> None:
    moment = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    await connection.status(429, protocol.problem("slow down", "rate_limit_exceeded"), {"Retry-After": moment})


@behaviour
async def context_length(connection: Connection, protocol: Protocol) -> None:
    message, code = {
        Vendor.COHERE: ("too many tokens: total number of tokens in the prompt cannot exceed 4081", ""),
        Vendor.ANTHROPIC: ("prompt is too long: 210000 tokens > 200000 maximum", "invalid_request_error"),
    }.get(protocol.vendor, ("This model's maximum context length is 8192 tokens", "context_length_exceeded"))
    await connection.status(400, protocol.problem(message, code))


@behaviour
async def out_of_quota(connection: Connection, protocol: Protocol) -> None:
    status, message, code = {
        Vendor.COHERE: (429, "You are using a Trial key, which is limited to 1000 API calls / month", ""),
        Vendor.ANTHROPIC: (400, "Your credit balance is too low to access the API", "invalid_request_error"),
    }.get(protocol.vendor, (429, "You exceeded your current quota", "insufficient_quota"))
    await connection.status(status, protocol.problem(message, code))


@behaviour
async def bad_gateway(connection: Connection, _: Protocol) -> None:
    await connection.status(502, _HTML, {"Content-Type": "text/html"})


# Nothing that could be read.
@behaviour
async def hang_before_headers(connection: Connection, _: Protocol) -> None:
    await connection.hang()


@behaviour
async def hang_after_headers(connection: Connection, _: Protocol) -> None:
    await connection.head()
    await connection.hang()


@behaviour
async def hang_in_an_error(connection: Connection, _: Protocol) -> None:
    await connection.raw(b"HTTP/1.1 500 Scripted\r\nContent-Length: 99\r\n\r\n{")
    await connection.hang()


@behaviour
async def slow_headers(connection: Connection, _: Protocol) -> None:
    await connection.raw(b"HTTP/1.1 200 OK\r\n")
    for number in range(600):
        await connection.raw(f"X-{number}: x\r\n".encode())
        await asyncio.sleep(0.1)


@behaviour
async def only_keepalives(connection: Connection, protocol: Protocol) -> None:
    await connection.head()
    for _ in range(600):
        await connection.chunk(b": keep-alive\n\n" + joined(protocol.begin()))
        await asyncio.sleep(0.1)


@behaviour
async def closed_at_once(connection: Connection, _: Protocol) -> None:
    connection.close()


@behaviour
async def reset_at_once(connection: Connection, _: Protocol) -> None:
    connection.reset()


@behaviour
async def not_http(connection: Connection, _: Protocol) -> None:
    await connection.raw(b"220 mail.example ESMTP\r\n")
    connection.close()


@behaviour
async def empty_body(connection: Connection, _: Protocol) -> None:
    await connection.status(200, b"")


@behaviour
async def html_page(connection: Connection, _: Protocol) -> None:
    await connection.status(200, _HTML, {"Content-Type": "text/html"})


@behaviour
async def not_streamed(connection: Connection, protocol: Protocol) -> None:
    await connection.status(200, protocol.whole())


says("not_gzip", full, Content_Encoding="gzip")
says("an_empty_stream", lambda _: b"\n")
says("empty_pieces", lambda protocol: joined(protocol.begin(), protocol.texts([""]), protocol.end()))
says("error_first", lambda protocol: protocol.error())
says("null_first", lambda protocol: joined([protocol.text(None)], [b"data: null\n\n"]))


# Broken off after some of it.
@behaviour
async def hang_mid_stream(connection: Connection, protocol: Protocol) -> None:
    await connection.head()
    await connection.chunk(half(protocol))
    await connection.hang()


@behaviour
async def slow_drip(connection: Connection, protocol: Protocol) -> None:
    await connection.head()
    for _ in range(600):
        await connection.chunk(protocol.text("drip "))
        await asyncio.sleep(0.1)


@behaviour
async def cut_mid_stream(connection: Connection, protocol: Protocol) -> None:
    await connection.head()
    await connection.chunk(half(protocol))
    connection.close()


@behaviour
async def reset_mid_stream(connection: Connection, protocol: Protocol) -> None:
    await connection.head()
    await connection.chunk(half(protocol))
    # An RST overtakes what was not read yet: give the client time to read it.
    await asyncio.sleep(0.3)
    connection.reset()


@behaviour
async def gzip_breaks_off(connection: Connection, protocol: Protocol) -> None:
    await connection.head(headers={"Content-Encoding": "gzip"})
    await connection.chunk(gzip.compress(full(protocol))[:40])
    await connection.end()


says("half_stream", half)
says("half_an_event", lambda protocol: half(protocol) + protocol.text("river")[:-20])
says("done_without_a_finish", lambda protocol: half(protocol) + protocol.done())
says("bad_json", lambda protocol: half(protocol) + b'data: {"choices": [}\n\n' + joined(protocol.end()))
says("json_of_another_shape", lambda protocol: half(protocol) + b"data: [1, 2]\n\n" + joined(protocol.end()))
says("not_utf8", lambda protocol: half(protocol) + b'data: {"a": "\xff\xfe"}\n\n' + joined(protocol.end()))
says("error_mid_stream", lambda protocol: half(protocol) + protocol.error())
says("a_line_without_end", lambda protocol: half(protocol) + b"data: " + b"x" * (6 * 1024 * 1024))

# An answer, if an unusual one.
says("ok", full)
says("length", lambda protocol: joined(protocol.begin(), protocol.texts(), protocol.end(End.LENGTH)))
says("unknown_finish", lambda protocol: joined(protocol.begin(), protocol.texts(), protocol.end(End.UNKNOWN)))
says("refusal", lambda protocol: joined(protocol.begin(), protocol.refusal()))
says("filtered_mid_stream", lambda protocol: half(protocol) + joined(protocol.end(End.FILTER)))
says("no_usage", lambda protocol: joined(protocol.begin(), protocol.texts(), protocol.end(usage=False)))
says("crlf", lambda protocol: full(protocol).replace(b"\n", b"\r\n"))
says("cr", lambda protocol: full(protocol).replace(b"\n", b"\r"))
says("comments", lambda protocol: full(protocol).replace(b"\n\n", b"\n\n: keep-alive\n\nretry: 5\n\n"))
says("doubled_done", lambda protocol: full(protocol) + protocol.done() + protocol.done())
says("null_pieces", lambda protocol: joined(protocol.begin(), [protocol.text(None)], protocol.texts(), protocol.end()))
says("unknown_events", lambda protocol: b'event: novel\ndata: {"type": "novel", "x": 1}\n\n' + full(protocol))
says("huge_piece", lambda protocol: joined(protocol.begin(), [protocol.text("long " * 200_000)], protocol.end()))
says("endless_words", lambda protocol: joined(protocol.begin(), [protocol.text("and so on ")] * 20_000))
says("other_model", lambda protocol: full(Protocol(protocol.vendor, "another-model")))
says("wrong_content_type", full, Content_Type="application/octet-stream")
says("no_blank_at_the_end", lambda protocol: full(protocol).rstrip(b"\n"))


@behaviour
async def byte_by_byte(connection: Connection, protocol: Protocol) -> None:
    """Every character of more than a byte is split over chunks, as is every CRLF."""
    await connection.head()
    for byte in full(protocol).replace(b"\n", b"\r\n"):
        await connection.chunk(bytes([byte]))
    await connection.end()


@behaviour
async def hang_after_the_end(connection: Connection, protocol: Protocol) -> None:
    await connection.head()
    await connection.chunk(full(protocol))
    await connection.hang()


@behaviour
async def cut_after_the_end(connection: Connection, protocol: Protocol) -> None:
    await connection.head()
    await connection.chunk(full(protocol))
    connection.close()
