"""Servers for tests that answer as a function says."""

import json
import time

from support.served import Quiet


def replying(reply):
    """A handler that answers everything by a function of itself, and notes when, what and how it was asked."""

    class Handler(Quiet):
        def do_GET(self) -> None:
            self.sent = self.body()
            self.seen.append((time.monotonic(), self.path, dict(self.headers)))
            reply(self)

        def do_POST(self) -> None:
            self.do_GET()

        def do_HEAD(self) -> None:
            self.do_GET()

    Handler.seen = []
    return Handler


def always(content, status=200, **headers):
    """A handler that answers everything alike."""
    return replying(lambda handler: handler.answer(content, status, **headers))


def by_path(**answers):
    """A handler with one answer for each path, by the last part of it; functions get what was asked."""

    def reply(handler) -> None:
        found = answers.get(handler.path.rsplit("/", 1)[-1].replace("-", "_"))
        if callable(found):
            found = found(json.loads(handler.sent or b"null"))
        handler.answer({"error": "none"} if found is None else found, 404 if found is None else 200)

    return replying(reply)


def removed():
    """Marks what `put_at` removes."""


def put_at(at, path, value) -> None:
    """Put a value at a place of an answer; a function makes it from what was there, `removed` removes it."""
    *way, last = path
    for step in way:
        at = at[step]
    if value is removed:
        del at[last]
    else:
        at[last] = value(at[last]) if callable(value) else value
