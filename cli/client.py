"""The API over HTTP: where it is, the key, and its errors as CommandErrors."""

import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, BinaryIO, Final, Self

import httpx
from pydantic import BaseModel, ConfigDict, ValidationError

from cli.errors import CommandError, Exit
from cli.stack.ports import HOST
from cli.stack.state import StateFolder
from lethe.settings import Settings

_TIMEOUT: Final = httpx.Timeout(60.0, connect=5.0)
RETRIED: Final = frozenset({429, 503})
_IN_FLIGHT: Final = "idempotency_in_flight"
_ATTEMPTS: Final = 5
_LONGEST_WAIT_SECONDS: Final = 30.0
_CLAIM_SLACK_SECONDS: Final = 120.0
"""More than the API holds an upload's idempotency key beyond the time that an upload may take."""
_LARGEST_PAGE: Final = 200


class FieldProblem(BaseModel):
    """A field that the API refused, and why."""

    model_config = ConfigDict(extra="ignore")

    field: str
    message: str


class Problem(BaseModel):
    """The part of problem+json that a person needs."""

    model_config = ConfigDict(extra="ignore")

    code: str
    title: str = ""
    detail: str = ""
    advice: str = ""
    request_id: str = ""
    errors: list[FieldProblem] | None = None


class ApiError(CommandError):
    """An answer other than 2xx."""

    def __init__(self, status: int, problem: Problem, retry_after: float = 0.0) -> None:
        text = problem.detail or problem.title or f"HTTP {status}"
        fields = "".join(f"; {each.field}: {each.message}" for each in problem.errors or [])
        super().__init__(f"{text} ({problem.code}){fields}", advice=problem.advice, request_id=problem.request_id)
        self.status = status
        self.problem = problem
        self.retry_after = retry_after


class Unreachable(CommandError):
    """No answer at all."""

    def __init__(self, message: str) -> None:
        advice = "start it with `lethe up`, or see what is wrong with `lethe doctor`"
        super().__init__(message, advice=advice, exit_code=Exit.UNREACHABLE)


class Client:
    """One connection pool to the API; safe to share between threads."""

    def __init__(self, address: str, key: str, claimed_seconds: float = 0.0) -> None:
        """``claimed_seconds``: how long an API that was killed may leave a request's idempotency key claimed."""
        self.address = address
        self._claimed_seconds = claimed_seconds
        self._http = httpx.Client(
            base_url=address, headers={"X-API-Key": key}, timeout=_TIMEOUT, trust_env=not _is_local(address)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def patiently(self, send: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """What ``send`` returns. A busy or restarting API is asked again; ``send`` repeats its idempotency key.

        A key that is claimed, perhaps by an API that was killed over it, is tried until the claim must have ended.
        """
        attempt, until = 1, time.monotonic() + self._claimed_seconds
        while True:
            try:
                return send()
            except Unreachable:
                if attempt == _ATTEMPTS:
                    raise
                wait = 2.0**attempt / 2
            except ApiError as error:
                is_claimed = error.problem.code == _IN_FLIGHT and time.monotonic() < until
                if not is_claimed and (error.status not in RETRIED or attempt == _ATTEMPTS):
                    raise
                wait = error.retry_after or 2.0**attempt / 2
                attempt -= is_claimed
            attempt += 1
            time.sleep(wait)

    def send_files(
        self, path: str, files: Sequence[tuple[str, BinaryIO]], fields: Mapping[str, str], idempotency_key: str
    ) -> dict[str, Any]:
        """Send files as one form, each as a stream under its name."""
        parts = [("file", file) for file in files]
        headers = {"Idempotency-Key": idempotency_key}
        return _body(self._send("POST", path, files=parts, data=dict(fields), headers=headers))

    def get(self, path: str, params: Mapping[str, str | int] | None = None) -> dict[str, Any]:
        return _body(self._send("GET", path, params=params))

    def download(self, path: str, params: Mapping[str, str | int] | None = None) -> bytes:
        """What is there, byte for byte."""
        response = self._send("GET", path, params=params)
        _body(response)
        return response.content

    def listed(self, path: str, params: Mapping[str, str | int], limit: int) -> dict[str, Any]:
        """A list up to the limit, page by page; `next_cursor` is set if there is more."""
        items: list[Any] = []
        cursor: str | None = None
        while True:
            asked = {
                "limit": min(_LARGEST_PAGE, limit - len(items)),
                **params,
                **({"cursor": cursor} if cursor else {}),
            }
            page = self.get(path, asked)
            items += page["items"]
            cursor = page.get("next_cursor")
            if not cursor or len(items) >= limit:
                return {"items": items, "next_cursor": cursor}

    def post(self, path: str, body: Mapping[str, object], headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        return _body(self._send("POST", path, json=body, headers=headers))

    @contextmanager
    def streamed(self, path: str, body: Mapping[str, object], headers: Mapping[str, str]) -> Generator[Iterator[str]]:
        """The lines of an answer that comes piece by piece. Raises Unreachable also where it breaks off."""
        with self._reaching(), self._http.stream("POST", path, json=body, headers=headers) as response:
            if not response.is_success:
                response.read()
                _body(response)
            yield response.iter_lines()

    def put(self, path: str, body: Mapping[str, object]) -> dict[str, Any]:
        return _body(self._send("PUT", path, json=body))

    def patch(self, path: str, body: Mapping[str, object]) -> dict[str, Any]:
        return _body(self._send("PATCH", path, json=body))

    def delete(self, path: str) -> dict[str, Any]:
        return _body(self._send("DELETE", path))

    def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        with self._reaching():
            return self._http.request(method, path, **options)

    @contextmanager
    def _reaching(self) -> Generator[None]:
        try:
            yield
        except httpx.TimeoutException as error:
            raise Unreachable(f"the API at {self.address} did not answer in time") from error
        except httpx.TransportError as error:
            raise Unreachable(f"there is no API at {self.address}") from error


def connect(settings: Settings) -> Client:
    """The API of this state folder, with the key from LETHE_ADMIN_KEY or the one bootstrap wrote."""
    folder = StateFolder(settings.state)
    record = folder.record()
    address = record.addresses.get("api") if record else None
    key = settings.admin_key.get_secret_value() or folder.key()
    claimed_seconds = settings.limits.upload_seconds + _CLAIM_SLACK_SECONDS
    return Client(address or f"http://{HOST}:{settings.api.port}", key, claimed_seconds)


def _body(response: httpx.Response) -> dict[str, Any]:
    if response.is_success:
        return response.json() if response.content else {}
    try:
        problem = Problem.model_validate_json(response.content)
    except ValidationError:
        problem = Problem(code=f"http_{response.status_code}", title=response.reason_phrase)
    raise ApiError(response.status_code, problem, _retry_after(response))


def _retry_after(response: httpx.Response) -> float:
    said = response.headers.get("Retry-After", "")
    return min(float(said), _LONGEST_WAIT_SECONDS) if said.isdigit() else 0.0


def _is_local(address: str) -> bool:
    return httpx.URL(address).host in {HOST, "localhost", "::1"}
