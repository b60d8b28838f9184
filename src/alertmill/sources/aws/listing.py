"""Which keys of a bucket to ask for next, and which of them matter.

Pure: `walk` is handed the function that lists one page. Keys carry a date (`2026/01/15/`, `year=2026/month=01/day=15/`,
`2026-01-15-...`), and only those of the wanted days are listed; the others are jumped over, wherever below the prefix
the dates stand. Where folders of days stand directly behind the prefix, a long span is listed folder by folder, so that
whoever lists can do several at once. Keys without a date count by their last modification.
Rules: aws-wodle.md 7.2 to 7.4 and 14.1.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

#: Days above which a span is listed folder by folder, if one page does not hold it.
LONG_SPAN = 3


@dataclass(frozen=True, slots=True)
class Listed:
    """One object of a listing. `etag` is without quotes, `modified` the last modification, epoch seconds."""

    key: str
    etag: str
    size: int
    modified: float

    @property
    def day(self) -> date:
        """The day of the last modification."""
        return datetime.fromtimestamp(self.modified, UTC).date()


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


@dataclass(frozen=True, slots=True)
class Days:
    """The wanted days: from `first` on, up to but without `until` (None: no end)."""

    first: date
    until: date | None = None

    def __contains__(self, day: date) -> bool:
        return day >= self.first and (self.until is None or day < self.until)

    def is_beyond(self, day: date) -> bool:
        """Whether a day lies behind the last wanted one."""
        return self.until is not None and day >= self.until

    def spans(self, days: int, today: date) -> bool:
        """Whether there are more than so many days up to the end, or up to today."""
        return ((self.until or today + timedelta(days=1)) - self.first).days > days

    def may_hold(self, year: int, month: int = 0) -> bool:
        """Whether some day of a year, or of one of its months, is wanted."""
        last = self.until - timedelta(days=1) if self.until else date.max
        if not month:
            return self.first.year <= year <= last.year
        return (self.first.year, self.first.month) <= (year, month) <= (last.year, last.month)


Lister = Callable[[ListRequest], ListPage]
#: Something to list with all its pages, or a page that is known already.
Leaf = ListRequest | ListPage
#: All pages of several leaves, in the order of the leaves; how many are listed at once is the reader's own business.
PageReader = Callable[[Iterable[Leaf]], Iterator[ListPage]]

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
#: Behind every date of a year, and not behind anything else.
_BEHIND_YEAR = {"hive_": "year={0:04}/month=99", "": "{0:04}/99", "flat_": "{0:04}-99"}
_YEAR_FOLDER = re.compile(r"(?P<hive>year=)?(?P<year>\d{4})/", re.ASCII)
_MONTH_FOLDER = re.compile(r"(?:month=)?(\d{1,2})/", re.ASCII)
_DAY_FOLDER = re.compile(r"(?:day=)?(\d{1,2})/", re.ASCII)
_ACCOUNT_FOLDER = re.compile(r"(?:aws-account-id=)?(\d{12})/", re.ASCII)
_REGION_FOLDER = re.compile(r"(?:aws-region=)?([a-z0-9-]+)/", re.ASCII)


def key_date(key: str, prefix: str) -> date | None:
    """The date that the part of `key` behind `prefix` names, None if it names none or an impossible one."""
    found = _dated(key, prefix)
    return found.day if found else None


def days_before(day: date, seconds: int) -> date:
    """The day that lies so many seconds before another; a part of a day counts as a whole one."""
    return day - timedelta(days=-(-seconds // 86_400))


def first_day(lower_bound: date, newest: date | None, look_back: int) -> date:
    """The day a listing starts from: `look_back` seconds before the newest day done, never below the lower bound."""
    return lower_bound if newest is None else max(lower_bound, days_before(newest, look_back))


def one_by_one(list_page: Lister) -> PageReader:
    """Lists one page after the other."""

    def pages(leaves: Iterable[Leaf]) -> Iterator[ListPage]:
        for leaf in leaves:
            if isinstance(leaf, ListPage):
                yield leaf
                continue
            request: ListRequest | None = leaf
            while request is not None:
                page = list_page(request)
                yield page
                request = following(request, page)

    return pages


def following(request: ListRequest, page: ListPage) -> ListRequest | None:
    """The request for the page behind this one, None at the end."""
    return ListRequest(request.prefix, request.delimiter, token=page.token) if page.token else None


def walk(
    prefix: str, days: Days, list_page: Lister, today: date | None = None, pages: PageReader | None = None
) -> Iterator[list[Listed]]:
    """The objects below `prefix` of the wanted days, a page at a time, in key order.

    Costs one call for the prefix itself and, with dated folders, one for each year from the start on, plus the pages
    behind the first; `pages` lists what lies in folders of days if there is much of it. `today` decides what a long
    span is. In layouts whose days are not padded with zeros the order is that of the dates. Undated keys inside the
    folder of a past year are not seen.
    """
    walker = _Walker(prefix, days, list_page, pages or one_by_one(list_page), today or date.max)
    request: ListRequest | None = ListRequest(prefix, delimiter=True)
    while request is not None:
        page = list_page(request)
        yield from walker.entries(page)
        request = walker.next_request(request, page)


def folders(prefix: str, list_page: Lister) -> Iterator[str]:
    """The names of the folders directly below `prefix`, with their final `/`, over all pages."""
    for page in one_by_one(list_page)([ListRequest(prefix, delimiter=True)]):
        for folder in page.folders:
            yield folder[len(prefix) :]


def account_of(folder: str) -> str | None:
    """The account that a folder `123456789012/` or `aws-account-id=123456789012/` stands for."""
    found = _ACCOUNT_FOLDER.fullmatch(folder)
    return found.group(1) if found else None


def region_of(folder: str) -> str | None:
    """The region that a folder `us-east-1/` or `aws-region=us-east-1/` stands for."""
    found = _REGION_FOLDER.fullmatch(folder)
    return found.group(1) if found else None


class _Dated(NamedTuple):
    """The date in a key: in which layout it is written, and where in the key it begins."""

    day: date
    kind: str
    begin: int
    #: Whether month and day have two digits.
    padded: bool


class _Walker:
    """The parts of one walk."""

    def __init__(self, prefix: str, days: Days, list_page: Lister, pages: PageReader, today: date) -> None:
        self._prefix = prefix
        self._days = days
        self._list_page = list_page
        self._pages = pages
        self._by_folders = days.until is not None or days.spans(LONG_SPAN, today)

    def entries(self, page: ListPage) -> Iterator[list[Listed]]:
        """The wanted objects of a page, and those in its folders."""
        objects: list[Listed] = []
        for entry in _in_order(page):
            if isinstance(entry, Listed):
                objects.append(entry)
                continue
            yield from self._wanted(objects)
            objects = []
            yield from self._folder(entry)
        yield from self._wanted(objects)

    def next_request(self, request: ListRequest, page: ListPage) -> ListRequest | None:
        """The request for the next page; a page that ends among unwanted dates is followed by a jump."""
        if not page.token:
            return None
        last = max([*(entry.key for entry in page.objects[-1:]), *page.folders[-1:]], default="")
        found = _dated(last, self._prefix)
        if found and (target := self._jump(found, last)) > last:
            return ListRequest(request.prefix, request.delimiter, start_after=target)
        return following(request, page)

    def _jump(self, found: _Dated, last: str) -> str:
        """Behind the unwanted dates that the key `last` lies among; empty if it does not."""
        before, first, year = last[: found.begin], self._days.first, found.day.year
        if found.day < first and year == first.year:
            return before + _WRITTEN[found.kind].format(first)
        if not self._days.may_hold(year) or (self._days.is_beyond(found.day) and found.kind == "flat_"):
            return before + _BEHIND_YEAR[found.kind].format(year)
        return ""

    def _folder(self, folder: str) -> Iterator[list[Listed]]:
        """The wanted objects of one folder directly below the prefix."""
        found = _dated(folder, self._prefix)
        if found and found.day not in self._days:
            return
        year = _YEAR_FOLDER.fullmatch(folder, len(self._prefix))
        if year is None:
            yield from self._one_after_the_other(ListRequest(folder))
        elif self._days.may_hold(int(year["year"])):
            yield from self._year(folder, int(year["year"]), "hive_" if year["hive"] else "")

    def _year(self, folder: str, year: int, kind: str) -> Iterator[list[Listed]]:
        """A year: its first page may hold all that is wanted; if not, it is listed folder by folder."""
        first = self._days.first
        after = self._prefix + _WRITTEN[kind].format(first) if year == first.year else ""
        request = ListRequest(folder, start_after=after)
        if not self._by_folders:
            yield from self._one_after_the_other(request)
            return
        page = self._list_page(request)
        if not page.token:
            yield from self._wanted(page.objects)
        elif all(found.padded for entry in page.objects if (found := _dated(entry.key, self._prefix))):
            yield from self._wanted(page.objects)
            yield from self._read(self._leaves(folder, year, page.objects[-1].key))
        else:  # its keys do not sort by date
            yield from self._read(self._leaves(folder, year, ""))

    def _one_after_the_other(self, first: ListRequest) -> Iterator[list[Listed]]:
        request: ListRequest | None = first
        while request is not None:
            page = self._list_page(request)
            yield from self._wanted(page.objects)
            request = self.next_request(request, page)

    def _read(self, leaves: Iterator[Leaf]) -> Iterator[list[Listed]]:
        for page in self._pages(leaves):
            yield from self._wanted(page.objects)

    def _leaves(self, folder: str, year: int, after: str) -> Iterator[Leaf]:
        """What lies behind the key `after` in the folder of a year, by wanted days as far as there are such folders."""
        for month_entry, month in self._below(folder, _MONTH_FOLDER, after):
            if isinstance(month_entry, Listed) or not 1 <= month <= 12:
                yield _leaf(month_entry, after)
            elif self._days.may_hold(year, month):
                for day_entry, day in self._below(month_entry, _DAY_FOLDER, after):
                    named = None if isinstance(day_entry, Listed) else _date(year, month, day)
                    if named is None or named in self._days:
                        yield _leaf(day_entry, after)

    def _below(self, folder: str, form: re.Pattern[str], after: str) -> list[tuple[Listed | str, int]]:
        """The entries directly below a folder, as far as they lie behind the key `after`, with their numbers (or 0).

        They come in key order, or in that of their numbers when these have no leading zeros.
        """
        found: list[tuple[Listed | str, int]] = []
        padded = True
        for page in one_by_one(self._list_page)([ListRequest(folder, delimiter=True)]):
            for entry in _in_order(page):
                name = entry.key if isinstance(entry, Listed) else entry
                if name <= after and (isinstance(entry, Listed) or not after.startswith(name)):
                    continue
                number = form.fullmatch(name, len(folder))
                padded = padded and (number is None or len(number[1]) == 2)
                found.append((entry, int(number[1]) if number else 0))
        return found if padded else sorted(found, key=lambda numbered: numbered[1] or 99)

    def _wanted(self, objects: Iterable[Listed]) -> Iterator[list[Listed]]:
        """The wanted ones as one page, if there are any; by date where keys do not sort by it."""
        days = self._days
        found: list[tuple[date, Listed]] = []
        padded = True
        for entry in objects:
            dated = _dated(entry.key, self._prefix)
            day = dated.day if dated else entry.day
            if day in days and not entry.key.endswith("/"):
                padded = padded and (dated is None or dated.padded)
                found.append((day, entry))
        if not padded:
            found.sort(key=lambda of_day: of_day[0])
        if found:
            yield [entry for _, entry in found]


def _in_order(page: ListPage) -> list[Listed | str]:
    entries: list[Listed | str] = [*page.objects, *page.folders]
    return sorted(entries, key=lambda entry: entry.key if isinstance(entry, Listed) else entry)


def _leaf(entry: Listed | str, after: str) -> Leaf:
    if isinstance(entry, Listed):
        return ListPage((entry,))
    return ListRequest(entry, start_after=after if after.startswith(entry) else "")


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _dated(key: str, prefix: str) -> _Dated | None:
    """The date in the part of a key behind the prefix."""
    if not key.startswith(prefix):
        return None
    found = _DATE.search(key, max(len(prefix) - 1, 0))  # the `/` before the date may be the prefix's last character
    if found is None or found.lastgroup is None:
        return None
    kind = found.lastgroup.removesuffix("day")
    year, month, day = found.group(kind + "year", kind + "month", kind + "day")
    named = _date(int(year), int(month), int(day))
    if named is None:
        return None
    begin = found.start(kind + "year") - (len("year=") if kind == "hive_" else 0)
    return _Dated(named, kind, begin, len(month) == len(day) == 2)
