"""Amazon Inspector, the pure part: which findings to ask for, and what a finding becomes (aws-wodle.md 11.2).

How far a region was read is a `Position` mark: scope `aws-service|inspector|<account>|<region>`, key `scanned`, value
the time up to which findings were read: ISO 8601 in UTC as Wazuh's database has it (`2026-01-15 10:00:00.000000`, a `T`
and a `Z` are fine too), or one JSON object as written by this module.

A finding is read again whenever it was updated. Each run asks from a little before the last one's end on, and takes
what it does not know (`Recent`). The answer comes in no order, so a run says page by page what it has read, under the
keys `scanned 1`, `scanned 2` ..., until the whole answer was read.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from alertmill.event import Record
from alertmill.sources.aws.envelope import LOCATION, spell_compatible, spell_improved
from alertmill.sources.aws.services.recent import Recent, digest
from alertmill.sources.base import Position

#: The key of the position, and of the pages of a run that is not over.
SCANNED = "scanned"
_PAGE = SCANNED + " "

#: How long before the end of the last run a question begins, in milliseconds: findings are shown later than dated.
OVERLAP = 3_600_000
#: Findings of that time that are remembered at most.
_MOST_KNOWN = 20_000
#: Findings of one answer that are told apart from such as come twice in it.
_MOST_IN_A_RUN = 500_000

Finding = dict[str, Any]


class Scan:
    """One run through the findings of a region, from `start` to `end` (milliseconds, both included).

    Args:
        scope: of the positions.
        positions: those of the scope.
        first: where a region begins that was never read.
        at_least: where `only_logs_after` says that every region begins, 0 where it says nothing.
        now: the time of the run.
    """

    def __init__(self, scope: str, positions: Mapping[str, str], first: int, at_least: int, now: int) -> None:
        self._scope = scope
        before = _scanned(positions.get(SCANNED, ""))
        self.start = first if before is None else max(before[0] - OVERLAP, at_least)
        self.end = max(now, self.start)
        self._recent = Recent(-1) if before is None else before[1]
        #: Keys of what unfinished runs through the same findings have read, this one included.
        self._pages = sorted((key for key in positions if key.startswith(_PAGE)), key=_number_of)
        self._known = self._recent.digests()
        for key in self._pages:
            self._recall(positions[key])

    def _recall(self, value: str) -> None:
        try:
            page = Recent.from_text(-1, value)
        except (ValueError, TypeError):
            return  # then these come twice
        self._recent.update(page)
        self._known |= page.digests()

    def take(self, page: list[Finding]) -> tuple[list[Finding], tuple[Position, ...]]:
        """The findings of a page that were not read before, and the marks that they are."""
        of_page = Recent(-1)
        fresh = []
        for finding in page:
            time, one = _mark_of(finding, self.end)
            if time <= self._recent.floor or one in self._known:
                continue
            fresh.append(finding)
            of_page.add(time, one)
            if len(self._known) < _MOST_IN_A_RUN:
                self._known.add(one)
            if time > self.end - OVERLAP:
                self._recent.add(time, one)
        if not fresh:
            return [], ()
        self._pages.append(f"{_PAGE}{_number_of(self._pages[-1]) + 1 if self._pages else 1}")
        return fresh, (Position(self._scope, self._pages[-1], of_page.as_text()),)

    def over(self) -> tuple[Position, ...]:
        """The marks of a run that came to its end: all up to `end` was read."""
        self._recent.raise_floor(self.end - OVERLAP)
        self._recent.trim(_MOST_KNOWN)
        value = {"upto": self.end, "floor": self._recent.floor, "recent": self._recent.as_text()}
        forgotten = (Position(self._scope, key, "") for key in self._pages)
        return (Position(self._scope, SCANNED, json.dumps(value, separators=(",", ":"))), *forgotten)


def _number_of(page: str) -> int:
    number = page.removeprefix(_PAGE)
    return int(number) if number.isdecimal() else 0


def _scanned(text: str) -> tuple[int, Recent] | None:
    """How far was read and what of it is known, None for a text that does not tell."""
    try:
        if not text.startswith("{"):
            time = datetime.fromisoformat(text)
            upto = _milliseconds(time)
            return upto, Recent(upto)
        value = json.loads(text)
        return int(value["upto"]), Recent.from_text(value["floor"], value["recent"])
    except (ValueError, TypeError, KeyError, OverflowError):
        return None


def _mark_of(finding: Finding, now: int) -> tuple[int, bytes]:
    """When a finding was updated, and what stands for that state of it."""
    updated = finding.get("updatedAt")
    time = _milliseconds(updated) if isinstance(updated, datetime) else now
    return time, digest(finding.get("findingArn", ""), time)


def newest_of(page: list[Finding]) -> int:
    """When the newest of these findings was updated, in milliseconds, 0 where none says."""
    times = (finding.get("updatedAt") for finding in page)
    return max((_milliseconds(time) for time in times if isinstance(time, datetime)), default=0)


def _milliseconds(time: datetime) -> int:
    return round((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() * 1000)


class Findings:
    """Makes records of the findings of one region. `alias` is the definition's `aws_account_alias`."""

    def __init__(
        self, region: str, *, improved: bool, alias: str = "", drops: Callable[[Finding], bool] | None = None
    ) -> None:
        self._region = region
        self._improved = improved
        self._alias = alias
        self._drops = drops

    def records(self, findings: list[Finding], now: float) -> list[Record]:
        """The records of the findings that are not discarded; `now` is their time of arrival."""
        made = ((finding, document_part(finding)) for finding in findings)
        return [self._record(finding, aws, now) for finding, aws in made if self._drops is None or not self._drops(aws)]

    def _record(self, finding: Finding, aws: Finding, now: float) -> Record:
        place = f"inspector2://{self._region}/{aws.get('findingArn', '')}@{aws.get('updatedAt', '')}"
        document = {"integration": "aws", "aws": aws}
        if not self._improved:
            return Record(None, LOCATION, now, document=document, spell=spell_compatible, place=place)
        alias = {"aws_account_alias": self._alias} if self._alias else {}
        aws["log_info"] = {**alias, "aws_region": self._region}
        updated = finding.get("updatedAt")
        happened = _milliseconds(updated) / 1000 if isinstance(updated, datetime) else None
        return Record(None, LOCATION, now, document=document, spell=spell_improved, event_time=happened, place=place)


def document_part(finding: Finding) -> Finding:
    """The member `aws` of a finding's message: its times as text, and where it comes from."""
    aws = {name: _as_text(value, name in ("createdAt", "updatedAt")) for name, value in finding.items()}
    return {**aws, "source": "inspector2"}


def _as_text(value: Any, iso: bool = False) -> Any:
    """A value of the SDK as JSON can say it."""
    if isinstance(value, datetime):
        utc = value.astimezone(UTC) if value.tzinfo else value
        return utc.strftime("%Y-%m-%dT%H:%M:%SZ" if iso else "%Y-%m-%d %H:%M:%S")
    if isinstance(value, dict):
        return {name: _as_text(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_as_text(element) for element in value]
    return value
