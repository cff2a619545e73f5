"""One request and its whole answer: in bounded time, with a bounded size, and never more than once.

What a server sends is read by pieces, so that neither a long answer nor a short one that unpacks into a long one fills
the memory, and within a time for all of it, so that a server that sends a byte now and then does not hold up a run.
"""

from __future__ import annotations

import asyncio
import http.cookiejar
import json
import re
import ssl
import time
import zlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import httpx

from mtreason.errors import ModelError

CONNECT_SECONDS = 10.0
BODY_SECONDS = 60.0
"""From the first byte of an answer to its last: servers begin to answer when they have computed everything."""
LOOK_SECONDS = 30.0
"""For a request that costs a server no computation."""
EXCERPT_SECONDS = 5.0
"""For the text of a refusal, which is only quoted."""
EXCERPT = 1 << 16
"""Bytes of the text of a refusal."""
LARGE = 1 << 22
"""Bytes of an answer, where the request gives no other limit."""
MOST_BYTES = 1 << 28
"""No answer may be longer, whatever was asked for."""
QUOTED_HOST = 100
"""Characters of a host that are quoted in a message."""
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


@dataclass(frozen=True, slots=True)
class Request:
    """A request to a server."""

    path: str
    """The path after the address; only this for GET."""
    body: bytes | None = None
    """JSON; None for GET."""
    most: int = LARGE
    """The most bytes that its answer can have."""


def post(path: str, content: dict[str, Any], *, most: int = LARGE, **raw: str) -> Request:
    """Build a request; `raw` are further keys whose values are JSON already."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    more = "".join(f",{json.dumps(key)}:{value}" for key, value in raw.items())
    return Request(path, (text[:-1] + more + "}").encode("utf-8", "surrogatepass"), most)


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer; of a refusal only the beginning."""

    status: int
    headers: httpx.Headers
    content: bytes

    @property
    def kind(self) -> str:
        """The type of the content, as it is called in messages."""
        return str(self.headers.get("content-type", "no content type")).split(";")[0].strip()[:60]


class FailedError(Exception):
    """A try that failed."""

    def __init__(self, reason: str, *, gone: bool, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.gone = gone
        """The server does not answer or is overloaded: worth waiting for."""
        self.retry_after = retry_after


def open_http(key: str | None, *, limit: int, read_seconds: float) -> httpx.AsyncClient:
    """Return a client for this many requests at a time; raises `ModelError` for what the environment has wrong.

    It follows no redirection, because the key would go along, and keeps no cookies.
    """
    headers = {"Content-Type": "application/json", "Accept": "application/json", "Accept-Encoding": "gzip"}
    try:
        client = httpx.AsyncClient(
            headers=headers | ({"Authorization": f"Bearer {key}"} if key else {}),
            timeout=httpx.Timeout(read_seconds, connect=CONNECT_SECONDS, pool=None),
            limits=httpx.Limits(max_connections=limit + 2, max_keepalive_connections=limit + 2),
            follow_redirects=False,
            # What runs on this machine is never reached through a proxy.
            mounts={f"all://{host}": None for host in LOOPBACK},
        )
    except (ValueError, ImportError, httpx.InvalidURL) as error:
        # The message would repeat the address of a proxy, which may hold a password.
        raise ModelError(
            "the proxy in the environment (HTTP_PROXY, HTTPS_PROXY, ALL_PROXY) cannot be used: "
            f"expected http(s)://HOST:PORT ({type(error).__name__})"
        ) from None
    except OSError as error:
        raise ModelError(
            f"the certificates in SSL_CERT_FILE or SSL_CERT_DIR cannot be read: {error.strerror}"
        ) from None
    client.cookies.jar.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
    return client


async def send(client: httpx.AsyncClient, url: str, request: Request, seconds: float) -> Reply:
    """Send a request and read the whole answer within this time.

    Raises `FailedError` where that failed and may succeed another time, `ModelError` where it cannot.
    """
    if request.body is None:
        seconds = min(seconds, LOOK_SECONDS)
    method = "GET" if request.body is None else "POST"
    loop = asyncio.get_running_loop()
    begun, limit = False, asyncio.timeout(seconds)
    try:
        async with limit, client.stream(method, url + request.path, content=request.body) as response:
            begun = True
            limit.reschedule(min(limit.when() or 0.0, loop.time() + BODY_SECONDS))
            own = response.status_code == httpx.codes.OK
            content = await _whole(response, request.most) if own else await _excerpt(response)
            return Reply(response.status_code, response.headers, content)
    except TimeoutError:
        raise FailedError("its answer did not end in time" if begun else "no answer in time", gone=True) from None
    except (httpx.TransportError, httpx.StreamError) as error:
        if "location header" in str(error):
            raise FailedError("it leads elsewhere, to no usable address", gone=False) from None
        if (reason := _tls_reason(error)) is not None:
            place = url.rstrip("/")
            raise ModelError(f"{place}: TLS failed ({reason}): check the address and its certificate") from None
        raise FailedError(_transport_reason(error), gone=True) from None
    except (httpx.InvalidURL, UnicodeError):
        raise ModelError(f"{url}: no usable address: expected http(s)://HOST:PORT/v1") from None


async def _whole(response: httpx.Response, most: int) -> bytes:
    """Read a body of at most `most` bytes, unpacked or not."""
    too_long = f"an answer of more than {most} bytes, which was not asked for"
    told = response.headers.get("content-length", "")
    if re.fullmatch(r"[0-9]+", told) and (len(told) > 18 or int(told) > most):
        raise FailedError(too_long, gone=False)
    packing = str(response.headers.get("content-encoding", "")).strip().lower()
    if packing not in {"", "identity", "gzip"}:
        raise FailedError(f"an answer in an encoding that was not asked for ({packing[:20]})", gone=False)
    unpack = zlib.decompressobj(wbits=31) if packing == "gzip" else None
    parts, size = [], 0
    async for chunk in response.aiter_raw():
        part = _unpacked(unpack, chunk, most - size + 1)
        parts.append(part)
        size += len(part)
        if size > most:
            raise FailedError(too_long, gone=False)
    if unpack is not None and (not unpack.eof or unpack.unused_data):
        raise FailedError("a compressed answer that is damaged", gone=False)
    return b"".join(parts)


def _unpacked(unpack: Any, chunk: bytes, most: int) -> bytes:  # noqa: ANN401 - zlib does not export the type
    if unpack is None or not chunk:
        return chunk
    try:
        return bytes(unpack.decompress(chunk, most))
    except zlib.error:
        raise FailedError("a compressed answer that is damaged", gone=False) from None


async def _excerpt(response: httpx.Response) -> bytes:
    """Read the beginning of the text of a refusal, or nothing."""
    content = b""
    with suppress(httpx.TransportError, httpx.StreamError, TimeoutError):
        async with asyncio.timeout(EXCERPT_SECONDS):
            async for chunk in response.aiter_raw():
                content += chunk[: EXCERPT - len(content)]
                if len(content) >= EXCERPT:
                    break
    return content


def read_json(content: bytes) -> Any:  # noqa: ANN401 - what JSON can hold
    """Read JSON in UTF-8; raises `ValueError` with the reason for anything else."""
    try:
        return json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise ValueError("it is empty" if not content.strip() else f"character {error.pos + 1}: {error.msg}") from None
    except ValueError:
        raise ValueError("a number with too many digits") from None


def retry_after(reply: Reply) -> float | None:
    """Return the seconds of the header Retry-After, which may be a number or a date (RFC 9110, 10.2.3)."""
    value = str(reply.headers.get("retry-after", "")).strip()
    if re.fullmatch(r"-?[0-9]{1,300}(\.[0-9]{1,300})?", value):
        return max(0.0, float(value))
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError, OSError, IndexError):
        return None


def elsewhere(reply: Reply) -> str:
    """Return where a redirection leads, without what might be a secret in it."""
    target = str(reply.headers.get("location", ""))
    try:
        split = urlsplit(target)
        host = split.hostname
    except ValueError:
        host = None
    return f"to {split.scheme}://{host}"[:QUOTED_HOST] if host else "elsewhere"


def _transport_reason(error: httpx.TransportError | httpx.StreamError) -> str:
    reasons: Sequence[tuple[type[Exception], str]] = (
        (httpx.ConnectTimeout, f"no connection within {CONNECT_SECONDS:g} s"),
        (httpx.TimeoutException, "no answer in time"),
        (httpx.ConnectError, "cannot be reached"),
        (httpx.ProxyError, "the proxy in the environment refuses it"),
        (httpx.UnsupportedProtocol, "not an http address"),
    )
    if (
        isinstance(error, httpx.RemoteProtocolError)
        and "connection" not in str(error)
        and "server" not in str(error).lower()
    ):
        return "what it answers is not HTTP"
    return next((reason for kind, reason in reasons if isinstance(error, kind)), "the connection was cut")


def _tls_reason(error: BaseException) -> str | None:
    """Return why a connection with TLS is not possible; None where it was cut, or has nothing to do with TLS."""
    if not isinstance(error, httpx.ConnectError):
        return None
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLEOFError):
            return None
        if isinstance(cause, ssl.SSLError):
            return cause.verify_message if isinstance(cause, ssl.SSLCertVerificationError) else cause.reason or "error"
        cause = cause.__cause__ or cause.__context__
    return "certificate" if "CERTIFICATE_VERIFY" in str(error) else None
