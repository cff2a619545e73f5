"""One asynchronous client for any number of addresses: with limits, retries and timeouts; it never shows the key.

An event loop runs in a thread of its own, so that requests continue while the search computes.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import httpx
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, wait_random_exponential

from mtreason.errors import ModelError, ServerGoneError

KEY_VARIABLE = "MTREASON_API_KEY"
"""The environment variable that holds the key; there is no other way to give one."""

CONNECT_SECONDS = 10.0
READ_SECONDS = 300.0
"""A server without an answer for this long counts as gone; it is a long time because requests may queue there."""
PATIENCE = 120.0
"""Seconds that a run waits for a server that is gone or overloaded."""
TRIES = 6
"""How often a request is sent that gets faulty answers again and again."""
MOST_WAIT = 15.0
"""The most seconds between two tries, unless a server asks for more."""
DOWN_SECONDS = 5.0
"""Seconds during which an address that failed is not used, if there are others."""
QUEUE = 2
"""A request goes where its beginning is cached, unless that address has this many more in flight than another."""
MOST_QUOTED = 200

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Request:
    """A request to a server."""

    path: str
    """The path after the address; only this for GET."""
    body: bytes | None = None
    """JSON; None for GET."""


def post(path: str, content: dict[str, Any], **raw: str) -> Request:
    """Build a request; `raw` are further keys whose values are JSON already."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    more = "".join(f",{json.dumps(key)}:{value}" for key, value in raw.items())
    return Request(path, (text[:-1] + more + "}").encode("utf-8", "surrogatepass"))


class FaultyAnswerError(Exception):
    """An answer that does not fit the request; asking again may help."""


class _FailedError(Exception):
    """A try that failed."""

    def __init__(self, reason: str, *, gone: bool, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.gone = gone
        """The server does not answer or is overloaded: worth waiting for."""
        self.retry_after = retry_after


class RefusedError(ModelError):
    """The server understood the request and refuses it; asking again would not help."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(slots=True)
class Address:
    """One server."""

    url: str
    in_flight: int = 0
    down_until: float = 0.0


@dataclass(slots=True)
class Traffic:
    """Tokens that servers have processed; only grows."""

    requests: int = 0
    retries: int = 0
    read_tokens: int = 0
    """Prompt tokens that servers computed."""
    cached_tokens: int = 0
    """Prompt tokens that servers had in their caches."""
    per_address: dict[str, int] = field(default_factory=dict)

    @property
    def hit_rate(self) -> float:
        """Share of the prompt tokens that were cached."""
        return self.cached_tokens / max(1, self.cached_tokens + self.read_tokens)


class Client:
    """Sends requests to the least busy of several addresses."""

    def __init__(
        self,
        urls: Sequence[str],
        key: str | None,
        *,
        limit: int,
        patience: float | None = None,
        read_seconds: float | None = None,
    ) -> None:
        """`limit` is the largest number of requests in flight, over all addresses together.

        None means PATIENCE and READ_SECONDS.
        """
        self.addresses = [Address(url) for url in urls]
        self.traffic = Traffic()
        self.patience = PATIENCE if patience is None else patience
        self._key = key
        self._limit = limit
        self._read_seconds = READ_SECONDS if read_seconds is None else read_seconds
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="served-model", daemon=True)
        self._thread.start()
        self._http, self._room = self.begin(self._open()).result()
        self._backoff = wait_random_exponential(multiplier=0.25, max=MOST_WAIT)

    async def _open(self) -> tuple[httpx.AsyncClient, asyncio.Semaphore]:
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        http = httpx.AsyncClient(
            headers=headers | {"Content-Type": "application/json"},
            timeout=httpx.Timeout(self._read_seconds, connect=CONNECT_SECONDS, pool=None),
            limits=httpx.Limits(max_connections=self._limit + 2, max_keepalive_connections=self._limit + 2),
            follow_redirects=False,
        )
        return http, asyncio.Semaphore(self._limit)

    def widen(self, limit: int) -> None:
        """Change the limit; only before anything is in flight."""
        self._limit = limit
        old = self._http
        self._http, self._room = self.begin(self._open()).result()
        self.begin(old.aclose()).result()

    def begin(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Start work on the event loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def close(self) -> None:
        """End the requests in flight and close the connections."""
        if self._loop.is_closed():
            return

        async def finish() -> None:
            tasks = [t for t in asyncio.all_tasks() if t is not asyncio.current_task()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._http.aclose()

        self.begin(finish()).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def ask_now(self, request: Request, read: Callable[[Any], T], *, url: str | None = None) -> T:
        """Ask one address once, the first if none is named; wait only while it says that it is loading.

        Raises `RefusedError` where the server refuses, `ModelError` where there is none or it answers something else.
        """
        address = next((a for a in self.addresses if a.url == url), self.addresses[0])

        async def once() -> T:
            deadline = time.monotonic() + self.patience
            while True:
                try:
                    return await self._try(request, read, address)
                except _FailedError as error:
                    loading = error.gone and error.retry_after is not None
                    if not loading or time.monotonic() > deadline:
                        raise ModelError(self._explain(address, str(error))) from None
                    await asyncio.sleep(0.5)

        return self.begin(once()).result()

    async def ask(self, request: Request, read: Callable[[Any], T], affinity: int = 0) -> T:
        """Ask until there is a valid answer; `affinity` identifies what an address may have in its cache.

        Raises `RefusedError` where the server refuses, `ServerGoneError` when it stays away too long.
        """
        tries = AsyncRetrying(
            retry=retry_if_exception_type(_FailedError), wait=self._wait, stop=self._give_up, reraise=True
        )
        address = self.addresses[0]
        try:
            async for attempt in tries:
                with attempt:
                    self.traffic.retries += attempt.retry_state.attempt_number > 1
                    async with self._room:
                        address = self._pick(affinity)
                        return await self._try(request, read, address)
        except _FailedError as error:
            raise ServerGoneError(self._explain(address, str(error))) from None
        raise RuntimeError("a retried request neither failed nor succeeded")

    def _wait(self, state: RetryCallState) -> float:
        failed = state.outcome.exception() if state.outcome else None
        if isinstance(failed, _FailedError) and failed.retry_after is not None:
            return min(failed.retry_after, self.patience)
        return self._backoff(state)

    def _give_up(self, state: RetryCallState) -> bool:
        failed = state.outcome.exception() if state.outcome else None
        if isinstance(failed, _FailedError) and failed.gone:
            return (state.seconds_since_start or 0.0) >= self.patience
        return state.attempt_number >= TRIES

    def _pick(self, affinity: int) -> Address:
        now = time.monotonic()
        usable = [a for a in self.addresses if a.down_until <= now] or self.addresses
        favourite = usable[affinity % len(usable)]
        idlest = min(usable, key=lambda a: a.in_flight)
        return favourite if favourite.in_flight - idlest.in_flight <= QUEUE else idlest

    async def _try(self, request: Request, read: Callable[[Any], T], address: Address) -> T:
        """Send one request; a failure that may pass is a `_FailedError`."""
        self.traffic.requests += 1
        self.traffic.per_address[address.url] = self.traffic.per_address.get(address.url, 0) + 1
        address.in_flight += 1
        try:
            method = "GET" if request.body is None else "POST"
            response = await self._http.request(method, address.url + request.path, content=request.body)
        except httpx.TransportError as error:
            address.down_until = time.monotonic() + DOWN_SECONDS
            if (reason := _tls_reason(error)) is not None:
                raise ModelError(
                    f"{address.url}: TLS failed ({reason}): check the address and its certificate"
                ) from None
            raise _FailedError(_transport_reason(error), gone=True) from None
        finally:
            address.in_flight -= 1
        content = self._content(response, address)
        try:
            return read(content)
        except (FaultyAnswerError, KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            missing = str(error) if isinstance(error, FaultyAnswerError) else f"no usable {error}"
            raise _FailedError(f"wrong answer from {request.path} ({missing})", gone=False) from None

    def _content(self, response: httpx.Response, address: Address) -> Any:  # noqa: ANN401 - what JSON can hold
        status = response.status_code
        if status in {408, 429, 500, 502, 503, 504}:
            asked = _retry_after(response)
            if status == 503 and asked is None:
                asked = 1.0
            reason = f"HTTP {status}{self._said(response)}"
            raise _FailedError(reason, gone=status != 500, retry_after=asked)
        if status in {401, 403}:
            what = "rejects the key in" if self._key else "wants a key: put it into"
            raise RefusedError(status, f"{address.url} {what} the environment variable {KEY_VARIABLE} (HTTP {status})")
        if status >= 300:
            raise RefusedError(status, f"{address.url}: HTTP {status}{self._said(response)}")
        try:
            return response.json()
        except ValueError:
            kind = response.headers.get("content-type", "no content type").split(";")[0]
            if "html" in kind:
                # A login page or a web site: waiting will not turn it into a model server.
                raise RefusedError(
                    status, f"{address.url} answers with an HTML page: name the address of a model server"
                ) from None
            raise _FailedError(f"an answer that is not JSON ({kind})", gone=False) from None

    def _said(self, response: httpx.Response) -> str:
        """Quote the server's reason for its refusal, with the key made unreadable."""
        try:
            content = response.json()
            error = content.get("error", content) if isinstance(content, dict) else content
            text = error.get("message", error.get("detail", "")) if isinstance(error, dict) else error
        except (ValueError, AttributeError):
            return ""
        line = " ".join(str(text).split())[:MOST_QUOTED]
        if self._key:
            line = line.replace(self._key, "…")
        return f" ({line})" if line else ""

    @staticmethod
    def _explain(address: Address, reason: str) -> str:
        return f"{address.url}: {reason}: is the server running, and is this its address?"


def _transport_reason(error: httpx.TransportError) -> str:
    if isinstance(error, httpx.ConnectTimeout):
        return f"no connection within {CONNECT_SECONDS:g} s"
    if isinstance(error, httpx.TimeoutException):
        return "no answer in time"
    if isinstance(error, httpx.ConnectError):
        return "cannot be reached"
    if isinstance(error, httpx.UnsupportedProtocol):
        return "not an http address"
    return "the connection was cut"


def _tls_reason(error: BaseException) -> str | None:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return cause.verify_message if isinstance(cause, ssl.SSLCertVerificationError) else cause.reason or "error"
        cause = cause.__cause__ or cause.__context__
    return "certificate" if "CERTIFICATE_VERIFY" in str(error) else None


def _retry_after(response: httpx.Response) -> float | None:
    """Return the seconds of the header Retry-After, which may be a number or a date (RFC 9110, 10.2.3)."""
    value = response.headers.get("retry-after")
    if value is None:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return None
