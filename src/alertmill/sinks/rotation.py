"""Which file an output goes to on which day, and what belongs to it when the day is over (spec/alerts.md 1 and 7).

Pure: names, sizes and times in, names and texts out. Files are touched by `dated_file` and `housekeeping`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum

#: English whatever the locale, as Wazuh writes them.
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
#: Ends the name of a file that is being written, until it is whole.
NEW = ".new"

_YEAR = re.compile("[1-9][0-9]{3}")


class Kind(StrEnum):
    """What a file of a day is, by the end of its name."""

    PLAIN = ""
    PACKED = ".gz"
    SUM = ".sum"


@dataclass(frozen=True, slots=True)
class DayFile:
    """What the name of a file says: the day, its part of the day, what it is, whether a crash left it half written."""

    day: date
    part: int
    kind: Kind
    half: bool = False


@dataclass(frozen=True, slots=True)
class DatedName:
    """The two names of an output: the link that always names today's file, and the file itself.

    Both are relative to the home folder: `logs/alerts/alerts.json` and `logs/alerts/2026/Nov/ossec-alerts-21.json`.
    """

    folder: str
    link: str
    stem: str
    suffix: str

    @property
    def link_path(self) -> str:
        return f"{self.folder}/{self.link}{self.suffix}"

    def day_path(self, day: date, part: int = 0) -> str:
        """The file of `day`; `part` counts the files of a day that is rotated within itself (0: the first)."""
        return f"{self.month_path(day)}/{self.file_name(day, part)}"

    def month_path(self, day: date) -> str:
        """The folder of the files of `day`."""
        return f"{self.folder}/{day.year:04d}/{MONTHS[day.month - 1]}"

    def file_name(self, day: date, part: int = 0, kind: Kind = Kind.PLAIN) -> str:
        """The name of a file within its month's folder."""
        number = f"-{part:03d}" if part else ""
        return f"{self.stem}-{day.day:02d}{number}{self.suffix}{kind}"

    def read_name(self, year: str, month: str, file: str) -> DayFile | None:
        """What the file `year/month/file` of this output is, None when the name is not one that is ever given."""
        form = rf"{re.escape(self.stem)}-([0-9]{{2}})(?:-([0-9]{{3,9}}))?{re.escape(self.suffix)}(\.gz|\.sum)?(\.new)?"
        found = re.fullmatch(form, file)
        if not found or month not in MONTHS or not _YEAR.fullmatch(year):
            return None
        kind, part, half = Kind(found[3] or ""), int(found[2] or 0), bool(found[4])
        try:
            day = date(int(year), MONTHS.index(month) + 1, int(found[1]))
        except ValueError:
            return None
        given = self.file_name(day, part, kind) + (NEW if half else "")
        if given != file or (kind is Kind.SUM and part) or (half and kind is Kind.PLAIN):
            return None
        return DayFile(day, part, kind, half)


@dataclass(frozen=True, slots=True)
class WithinDay:
    """When a file is left for its next part within a day (`<rotate_interval>`, `<max_output_size>`).

    `interval` and `least` are seconds, `size` bytes; 0 switches an interval or size off. With an interval, the size
    plays no part, as in Wazuh. `least` is `analysisd.min_rotate_interval`: sizes are looked at that often at most.
    """

    interval: int = 0
    size: int = 0
    least: int = 600

    def due(self, since_last: float, file_size: int) -> bool:
        """Whether a file of `file_size` bytes is left, `since_last` seconds after the last rotation."""
        if self.interval:
            return since_last > self.interval and file_size > 0
        return bool(self.size) and since_last > self.least and file_size > self.size


@dataclass(frozen=True, slots=True)
class Upkeep:
    """What becomes of the files of a day that is over.

    They are left alone for `wait` seconds after midnight (`monitord.day_wait`), compressed or not
    (`monitord.compress`), and deleted when `keep` seconds have passed since the end of their day
    (`<keep_day_files>`; 0: never).
    """

    compress: bool = True
    wait: int = 10
    keep: int = 0

    def over_before(self, open_day: date, now: float, zone: tzinfo | None = None) -> date:
        """The first day that is not over yet for good at `now` (epoch seconds), when the outputs write `open_day`."""
        waited = now >= midnight(open_day, zone) + self.wait
        return open_day if waited else open_day - timedelta(days=1)

    def until_turn(self, now: float, zone: tzinfo | None = None) -> float:
        """Seconds from `now` until the files of the day before are next over for good."""
        today = datetime.fromtimestamp(now, zone).date()
        turn = midnight(today, zone) + self.wait
        return (turn if now < turn else midnight(today + timedelta(days=1), zone) + self.wait) - now

    def kept_from(self, now: float, zone: tzinfo | None = None) -> date:
        """The first day whose files are kept at `now` (epoch seconds)."""
        if not self.keep or self.keep > now:
            return date.min
        return datetime.fromtimestamp(now - self.keep, zone).date()


def midnight(day: date, zone: tzinfo | None = None) -> float:
    """Epoch seconds of the beginning of `day` in `zone` (None: local time)."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()


def month_is_before(year: str, month: str, day: date) -> bool:
    """Whether all of the month that the folder `year/month` is for lies before `day`; False for other folders."""
    if month not in MONTHS or not _YEAR.fullmatch(year):
        return False
    return (int(year), MONTHS.index(month) + 1) < (day.year, day.month)


@dataclass(frozen=True, slots=True)
class Digests:
    """The checksums of some bytes, in hexadecimal; of a file that is missing, the word `none`."""

    md5: str = "none"
    sha1: str = "none"
    sha256: str = "none"


def sum_text(name: DatedName, day: date, current: Digests, before: Digests) -> str:
    """The text of a day's `.sum` file: the checksums of its files, and those of the `.sum` file of the day `before`.

    The first path lacks its suffix, as in Wazuh (spec/alerts.md 7).
    """
    yesterday = day - timedelta(days=1)
    chained = f"{name.month_path(yesterday)}/{name.file_name(yesterday, kind=Kind.SUM)}"
    blocks = (
        ("Current", name.day_path(day).removesuffix(name.suffix), current),
        ("Chained", chained, before),
    )
    return "".join(
        f"{title} checksum:\nMD5  ({path}) = {of.md5}\nSHA1 ({path}) = {of.sha1}\nSHA256 ({path}) = {of.sha256}\n\n"
        for title, path, of in blocks
    )


ALERTS_JSON = DatedName("logs/alerts", "alerts", "ossec-alerts", ".json")
ALERTS_LOG = DatedName("logs/alerts", "alerts", "ossec-alerts", ".log")
ARCHIVES_JSON = DatedName("logs/archives", "archives", "ossec-archive", ".json")
ARCHIVES_LOG = DatedName("logs/archives", "archives", "ossec-archive", ".log")
FIREWALL_LOG = DatedName("logs/firewall", "firewall", "ossec-firewall", ".log")
#: Records that the engine could not digest, one JSON object per line (ours; Wazuh loses them).
REJECTED_JSON = DatedName("logs/rejected", "rejected", "alertmill-rejected", ".json")

#: The outputs whose days are summed and compressed. Rejected records stay as they are, for whoever looks into them.
SUMMED = (ALERTS_JSON, ALERTS_LOG, ARCHIVES_JSON, ARCHIVES_LOG, FIREWALL_LOG)

#: Where the daemon's own log goes when it is rotated (spec/control.md 3); its two forms.
OWN_LOG = DatedName("logs/wazuh", "ossec", "ossec", ".log")
OWN_JSON_LOG = DatedName("logs/wazuh", "ossec", "ossec", ".json")
