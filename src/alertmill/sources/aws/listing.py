"""Which keys of a bucket to ask for next, and which of them matter.

Pure: `walk` is handed the function that lists one page. Keys carry a date (`2026/01/15/`, `year=2026/month=01/day=15/`,
`2026-01-15-...`), and only those from the start date on are wanted; everything older is jumped over without being
listed, wherever below the prefix the dates stand. Keys without a date count by their last modification.
Rules: aws-wodle.md 7.2 to 7.4 and 14.1.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, slots=True)
class Listed:
    """One object of a listing. `etag` is without quotes, `modified` the day of the last modification."""

    key: str
    etag: str
    size: int
    modified: date


@dataclass(frozen=True, slots=True)
class ListRequest:
    """One call of ListObjectsV2. With `delimiter`, folders come back instead of what is in them.

    `token` continues a listing; `start_after` begins one behind a key. Not both.
    """

    prefix: str
    delimiter: bool = False
    start_after: str = ""
    token: str = ""
    limit: int = 1000


@dataclass(frozen=True, slots=True)
class ListPage:
    """The answer: objects and folders (whole prefixes ending in `/`), each in key order; `token` when there is more."""

    objects: tuple[Listed, ...] = ()
    folders: tuple[str, ...] = ()
    token: str = ""


Lister = Callable[[ListRequest], ListPage]

_DATE = re.compile(
    r"(?:^|/)(?:"
    r"year=(?P<hive_year>\d{4})/month=(?P<hive_month>\d{1,2})/day=(?P<hive_day>\d{1,2})(?=/|$)"
    r"|(?P<year>\d{4})/(?P<month>\d{1,2})/(?P<day>\d{1,2})(?=/|$)"
    r"|(?P<flat_year>\d{4})-(?P<flat_month>\d{2})-(?P<flat_day>\d{2})(?=[-/T]|$)"
    r")",
    re.ASCII,
)
#: How a date is written in each of the three layouts. Zero padded: a marker may begin too early, never too late.
_WRITTEN = {
    "hive_": "year={0.year:04}/month={0.month:02}/day={0.day:02}",
    "": "{0.year:04}/{0.month:02}/{0.day:02}",
    "flat_": "{0.year:04}-{0.month:02}-{0.day:02}",
}
_YEAR_FOLDER = re.compile(r"(?P<hive>year=)?(?P<year>\d{4})/", re.ASCII)
_ACCOUNT_FOLDER = re.compile(r"(?:aws-account-id=)?(\d{12})/", re.ASCII)
_REGION_FOLDER = re.compile(r"(?:aws-region=)?([a-z0-9-]+)/", re.ASCII)


def key_date(key: str, prefix: str) -> date | None:
    """The date that the part of `key` behind `prefix` names, None if it names none or an impossible one."""
    found = _dated(key, prefix)
    return found[0] if found else None


def first_day(lower_bound: date, newest: date | None, look_back: int) -> date:
    """The day a listing starts from: `look_back` seconds before the newest day done, never below the lower bound.

    A part of a day counts as a whole one.
    """
    if newest is None:
        return lower_bound
    return max(lower_bound, newest - timedelta(days=-(-look_back // 86_400)))


def walk(prefix: str, start: date, list_page: Lister) -> Iterator[list[Listed]]:
    """The objects below `prefix` whose date is not before `start`, a page at a time, in key order.

    Costs one call for the prefix itself and, with dated folders, one for each year from the start on, plus the pages
    behind the first. Undated keys inside the folder of a past year are not seen.
    """
    request: ListRequest | None = ListRequest(prefix, delimiter=True)
    while request is not None:
        page = list_page(request)
        objects: list[Listed] = []
        entries: list[Listed | str] = [*page.objects, *page.folders]
        for entry in sorted(entries, key=_name):
            if isinstance(entry, Listed):
                if _wanted(entry, prefix, start):
                    objects.append(entry)
                continue
            if objects:
                yield objects
                objects = []
            yield from _folder(prefix, entry, start, list_page)
        if objects:
            yield objects
        request = _next(request, page, prefix, start)


def folders(prefix: str, list_page: Lister) -> Iterator[str]:
    """The names of the folders directly below `prefix`, with their final `/`, over all pages."""
    request: ListRequest | None = ListRequest(prefix, delimiter=True)
    while request is not None:
        page = list_page(request)
        for folder in page.folders:
            yield folder[len(prefix) :]
        request = ListRequest(prefix, delimiter=True, token=page.token) if page.token else None


def account_of(folder: str) -> str | None:
    """The account that a folder `123456789012/` or `aws-account-id=123456789012/` stands for."""
    found = _ACCOUNT_FOLDER.fullmatch(folder)
    return found.group(1) if found else None


def region_of(folder: str) -> str | None:
    """The region that a folder `us-east-1/` or `aws-region=us-east-1/` stands for."""
    found = _REGION_FOLDER.fullmatch(folder)
    return found.group(1) if found else None


def _name(entry: Listed | str) -> str:
    return entry.key if isinstance(entry, Listed) else entry


def _dated(key: str, prefix: str) -> tuple[date, str, int] | None:
    """The date in a key, the layout it is written in, and where it begins."""
    if not key.startswith(prefix):
        return None
    found = _DATE.search(key, max(len(prefix) - 1, 0))  # the `/` before the date may be the prefix's last character
    if found is None or found.lastgroup is None:
        return None
    kind = found.lastgroup.removesuffix("day")
    year, month, day = (int(found.group(kind + part)) for part in ("year", "month", "day"))
    begin = found.start(kind + "year") - (len("year=") if kind == "hive_" else 0)
    try:
        return date(year, month, day), kind, begin
    except ValueError:
        return None


def _wanted(entry: Listed, prefix: str, start: date) -> bool:
    if entry.key.endswith("/"):
        return False
    return (key_date(entry.key, prefix) or entry.modified) >= start


def _folder(prefix: str, folder: str, start: date, list_page: Lister) -> Iterator[list[Listed]]:
    """The wanted objects of one folder below the prefix."""
    dated = _dated(folder, prefix)
    if dated and dated[0] < start:
        return
    year = _YEAR_FOLDER.fullmatch(folder, len(prefix))
    after = ""
    if year:
        if int(year["year"]) < start.year:
            return
        if int(year["year"]) == start.year:
            after = prefix + _WRITTEN["hive_" if year["hive"] else ""].format(start)
    request: ListRequest | None = ListRequest(folder, start_after=after)
    while request is not None:
        page = list_page(request)
        objects = [entry for entry in page.objects if _wanted(entry, prefix, start)]
        if objects:
            yield objects
        request = _next(request, page, prefix, start)


def _next(request: ListRequest, page: ListPage, prefix: str, start: date) -> ListRequest | None:
    """The request for the next page; a page that ends among keys that are too old is followed by a jump."""
    if not page.token:
        return None
    last = max([*(entry.key for entry in page.objects[-1:]), *page.folders[-1:]], default="")
    found = _dated(last, prefix)
    if found and found[0] < start:
        target = last[: found[2]] + _WRITTEN[found[1]].format(start)
        if target > last:
            return ListRequest(request.prefix, request.delimiter, start_after=target)
    return ListRequest(request.prefix, request.delimiter, token=page.token)
