"""Reading one log stream: the questions in their order, page by page, until its end.

Made to run on a worker, ahead of whoever takes the pages. What is new in a page is not decided here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from alertmill.sources.aws.services.calls import TokenRefusedError
from alertmill.sources.aws.services.cloudwatchlogs import EventsPage, LogEvent, LogStream

#: Events of a page: when reading on, what is committed at once; when looking back, as many as AWS gives.
PAGE = 1000
_LOOK_BACK_PAGE = 10_000

#: Empty pages in a row after which the rest of a stream is left to the next run.
_MOST_EMPTY = 500


class StreamCalls(Protocol):
    """What is asked of CloudWatch Logs, see `LogsCalls`."""

    def streams(self, group: str, token: str) -> tuple[list[LogStream], str]: ...

    def events(
        self, group: str, stream: str, since: int, token: str, limit: int, upto: int | None = None
    ) -> tuple[list[LogEvent], str, int | None]: ...

    def delete(self, group: str, stream: str) -> None: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Question:
    """What to ask of a stream. Times are in milliseconds.

    `late` is the window to look back over first, None for none. Then reading goes on with `token` and `since`, or from
    `resume` (a time) when the token is refused, up to before `upto`.
    """

    group: str
    stream: str
    since: int
    token: str = ""
    resume: int | None = None
    upto: int | None = None
    late: tuple[int, int] | None = None


def listed_streams(calls: StreamCalls, group: str) -> Iterator[list[LogStream]]:
    """The streams of a group, page by page. Raises StoreError."""
    token = ""
    while True:
        found, following = calls.streams(group, token)
        yield found
        if not following or following == token:
            return
        token = following


def event_pages(calls: StreamCalls, question: Question) -> Iterator[EventsPage]:
    """The answers. Raises StoreError, and StreamGoneError when there is no such stream any more."""
    if question.late is not None:
        yield from _late_pages(calls, question, *question.late)
    yield from _pages(calls, question)


def _late_pages(calls: StreamCalls, question: Question, first: int, last: int) -> Iterator[EventsPage]:
    token, empty = "", 0
    while empty < _MOST_EMPTY:
        try:
            events, following, _ = calls.events(
                question.group, question.stream, first, token, _LOOK_BACK_PAGE, last + 1
            )
        except TokenRefusedError:
            return  # the next run looks back again
        over = following in ("", token)
        yield EventsPage(events, following, first, over, look_back=True)
        if over:
            return
        token, empty = following, 0 if events else empty + 1


def _pages(calls: StreamCalls, question: Question) -> Iterator[EventsPage]:
    since, token = question.since, question.token
    resume = question.since if question.resume is None else question.resume
    began: int | None = None
    empty, restarted = 0, False
    while True:
        try:
            events, following, now = calls.events(question.group, question.stream, since, token, PAGE, question.upto)
        except TokenRefusedError:
            since, token, restarted = resume, "", True
            continue
        began = began or now
        over = following in ("", token)
        yield EventsPage(events, following, since, over, restarted=restarted)
        if over:
            return
        token, restarted = following, False
        empty = 0 if events else empty + 1
        if events:
            resume = max(resume, max(event.time for event in events))
            if began is not None and min(event.ingested for event in events) > began + 1000:
                return  # the writer may be faster than we are; the rest belongs to the next run
        elif empty >= _MOST_EMPTY:
            return
