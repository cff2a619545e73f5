"""One asynchronous client for any number of addresses: with limits, retries and timeouts; it never shows the key.

An event loop runs in a thread of its own, so that requests continue while the search computes.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, wait_random_exponential

from mtreason.errors import ModelError, MtreasonError, ServerGoneError
from mtreason.models.served.answers import FaultyAnswerError
from mtreason.models.served.exchange import (
    FailedError,
    Reply,
    Request,
    elsewhere,
    open_http,
    read_json,
    retry_after,
    send,
)
from mtreason.models.served.keys import KEY_VARIABLE, check_key, hide_key

READ_SECONDS = 300.0
"""A server without a whole answer for this long counts as gone; it is a long time because requests may queue there."""
PATIENCE = 120.0
"""Seconds that a run waits for a server that is gone or overloaded."""
TRIES = 6
"""How often a request is sent that gets faulty answers again and again."""
LEAST_WAIT = 0.1
"""The fewest seconds between two tries, also where a server asks for none."""
MOST_WAIT = 15.0
"""The most seconds between two tries, unless a server asks for more."""
DOWN_SECONDS = 5.0
"""Seconds during which an address that failed is not used, if there are others."""
QUEUE = 2
"""A request goes where its beginning is cached, unless that address has this many more in flight than another."""
SECRET = 8
"""Shorter keys are words that are put where any key will do."""
MOST_QUOTED = 200
"""Characters of a server's own words in a message."""
BUSY = frozenset({408, 425, 429, 502, 503, 504, 520, 521, 522, 523, 524, 529})
"""HTTP states that pass, as a server or what stands before it says (RFC 9110, 15; from 520 on those of gateways)."""
WHO = Request("/v1/models")
"""What every server answers with the models that it serves."""
REDIRECTIONS = frozenset({300, 301, 302, 303, 307, 308})
"""They are not followed: the key and the text would go where nobody has sent them."""
LOADING = 503
LOADING_SECONDS = 0.5
"""Between two questions whether a server has loaded its model, unless it asks for more."""
INTERNAL = 500
"""From here on a state may pass, but it may also be this request that makes the server fail."""

T = TypeVar("T")


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
    doubtful: bool = False
    """Whether it was away, and may be another server now."""


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

        None means PATIENCE and READ_SECONDS. Raises `ModelError` for a key or a proxy that cannot be used.
        """
        check_key(key)
        self.addresses = [Address(url) for url in urls]
        self.traffic = Traffic()
        self.patience = PATIENCE if patience is None else patience
        self.recognised: Callable[[str, Any], bool] | None = None
        """Says from an address and its answer to WHO whether the same model is still served there; None for any."""
        self._key = key
        self._limit = limit
        self._read_seconds = READ_SECONDS if read_seconds is None else read_seconds
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="served-model", daemon=True)
        self._thread.start()
        try:
            self._http, self._room = self.begin(self._open()).result()
        except BaseException:
            self._end_loop()
            raise
        self._backoff = wait_random_exponential(multiplier=0.25, max=MOST_WAIT, min=min(LEAST_WAIT, MOST_WAIT))

    async def _open(self) -> tuple[httpx.AsyncClient, asyncio.Semaphore]:
        http = open_http(self._key, limit=self._limit, read_seconds=self._read_seconds)
        return http, asyncio.Semaphore(self._limit)

    def widen(self, limit: int) -> None:
        """Change the limit; only before anything is in flight."""
        self._limit = limit
        old = self._http
        self._http, self._room = self.begin(self._open()).result()
        self.begin(old.aclose()).result()

    def reveals(self, name: str) -> bool:
        """Whether a name that a server gives holds the key, which would then be shown and written with it."""
        return self._key is not None and len(self._key) >= SECRET and self._key in name

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
        self._end_loop()

    def _end_loop(self) -> None:
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
                except FailedError as error:
                    left = deadline - time.monotonic()
                    if not error.gone or error.retry_after is None or left <= 0:
                        raise ModelError(self._explain(address, error)) from None
                    await asyncio.sleep(min(max(error.retry_after, LOADING_SECONDS), left))

        return self.begin(once()).result()

    async def ask(self, request: Request, read: Callable[[Any], T], affinity: int = 0) -> T:
        """Ask until there is a valid answer; `affinity` identifies what an address may have in its cache.

        Raises `RefusedError` where the server refuses, `ServerGoneError` when it stays away too long.
        """
        tries = AsyncRetrying(
            retry=retry_if_exception_type(FailedError), wait=self._wait, stop=self._give_up, reraise=True
        )
        address = self.addresses[0]
        try:
            async for attempt in tries:
                with attempt:
                    self.traffic.retries += attempt.retry_state.attempt_number > 1
                    async with self._room:
                        address = self._pick(affinity)
                        return await self._try(request, read, address)
        except FailedError as error:
            raise ServerGoneError(self._explain(address, error)) from None
        raise RuntimeError("a retried request neither failed nor succeeded")

    def _wait(self, state: RetryCallState) -> float:
        """Return the seconds until the next try: what the server asks for, but never none, and never too many."""
        failed = state.outcome.exception() if state.outcome else None
        own = self._backoff(state)
        if not isinstance(failed, FailedError) or failed.retry_after is None:
            return own
        left = self.patience - (state.seconds_since_start or 0.0)
        return max(own, min(failed.retry_after, left))

    def _give_up(self, state: RetryCallState) -> bool:
        failed = state.outcome.exception() if state.outcome else None
        waited = (state.seconds_since_start or 0.0) >= self.patience
        if isinstance(failed, FailedError) and failed.gone:
            return waited
        # A faulty answer may have come after a long time in a queue: it is asked for once more in any case.
        return state.attempt_number >= TRIES or (waited and state.attempt_number > 1)

    def _pick(self, affinity: int) -> Address:
        now = time.monotonic()
        usable = [a for a in self.addresses if a.down_until <= now] or self.addresses
        favourite = usable[affinity % len(usable)]
        idlest = min(usable, key=lambda a: a.in_flight)
        return favourite if favourite.in_flight - idlest.in_flight <= QUEUE else idlest

    async def _try(self, request: Request, read: Callable[[Any], T], address: Address) -> T:
        """Send one request; a failure that may pass is a `FailedError`."""
        await self._recognise(address)
        self.traffic.requests += 1
        self.traffic.per_address[address.url] = self.traffic.per_address.get(address.url, 0) + 1
        address.in_flight += 1
        try:
            reply = await send(self._http, address.url, request, self._read_seconds)
        except FailedError as error:
            if error.gone:
                address.down_until = time.monotonic() + DOWN_SECONDS
                address.doubtful = True
            raise
        finally:
            address.in_flight -= 1
        content = self._content(reply, address)
        try:
            return read(content)
        except MtreasonError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever the content of an answer makes its reader raise
            reason = f"wrong answer from {request.path} ({self._quoted(_fault(error))})"
            raise FailedError(reason, gone=False) from None

    async def _recognise(self, address: Address) -> None:
        """Make sure that a server which was away still serves the same model: its answers would not show it."""
        if not address.doubtful or self.recognised is None:
            return
        content = self._content(await send(self._http, address.url, WHO, self._read_seconds), address)
        try:
            same = self.recognised(address.url, content)
        except Exception as error:  # noqa: BLE001 - as for any answer
            raise FailedError(f"wrong answer from {WHO.path} ({self._quoted(_fault(error))})", gone=False) from None
        if not same:
            raise ServerGoneError(f"{address.url} was away and serves another model now: start the former one.")
        address.doubtful = False

    def _content(self, reply: Reply, address: Address) -> Any:  # noqa: ANN401 - what JSON can hold
        """Return what an answer holds; raises `FailedError` where asking again may help, else `RefusedError`."""
        status = reply.status
        if status in BUSY or status >= INTERNAL:
            asked = retry_after(reply)
            if status == LOADING and asked is None:
                asked = LOADING_SECONDS
            raise FailedError(f"HTTP {status}{self._said(reply)}", gone=status in BUSY, retry_after=asked)
        if (refused := self._refusal(reply)) is not None:
            raise RefusedError(status, f"{address.url}{refused}")
        try:
            return read_json(reply.content)
        except ValueError as error:
            kind = self._quoted(reply.kind)
            if "html" in kind.lower():
                # A login page or a web site: waiting will not turn it into a model server.
                raise RefusedError(
                    status, f"{address.url} answers with an HTML page: name the address of a model server"
                ) from None
            raise FailedError(f"an answer that is not JSON ({kind}), {error}", gone=False) from None

    def _refusal(self, reply: Reply) -> str | None:
        """Return, for a message, why an answer cannot be used and asking again would not help; None where it can."""
        status = reply.status
        if status in {401, 403}:
            what = "rejects the key in" if self._key else "wants a key: put it into"
            return f" {what} the environment variable {KEY_VARIABLE} (HTTP {status})"
        if status == httpx.codes.PROXY_AUTHENTICATION_REQUIRED:
            return f": the proxy in the environment wants a login (HTTP {status})"
        if status in REDIRECTIONS:
            leads = self._quoted(elsewhere(reply))
            return f": HTTP {status}, it leads {leads}: name the address of the model server itself"
        return None if status == httpx.codes.OK else f": HTTP {status}{self._said(reply)}"

    def _quoted(self, words: str) -> str:
        """Make words of a server fit for a message: one short line, without the key."""
        whole = words[: 4 * MOST_QUOTED].encode("utf-8", "replace").decode("utf-8")
        line = hide_key(" ".join(whole.split()), self._key)
        return line if len(line) <= MOST_QUOTED else f"{line[:MOST_QUOTED]}…"

    def _said(self, reply: Reply) -> str:
        """Quote the server's reason for its refusal."""
        try:
            content = read_json(reply.content)
            error = content.get("error", content) if isinstance(content, dict) else content
            said = error.get("message", error.get("detail", "")) if isinstance(error, dict) else error
        except ValueError:
            return ""
        line = self._quoted(said) if isinstance(said, str) else ""
        return f" ({line})" if line else ""

    @staticmethod
    def _explain(address: Address, error: FailedError) -> str:
        asks = "is the server running, and is this its address" if error.gone else "does something else answer there"
        return f"{address.url}: {error}: {asks}?"


def _fault(error: Exception) -> str:
    """Return what is wrong with an answer, from what its reader raised."""
    if isinstance(error, FaultyAnswerError):
        return str(error)
    return f"no usable {error}" if isinstance(error, KeyError) else "an entry is missing, or of another type"
