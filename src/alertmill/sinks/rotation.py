"""Which file an output goes to on which day (spec/alerts.md 1 and 7). Pure: names in, names out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

#: English whatever the locale, as Wazuh writes them.
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


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
        number = f"-{part:03d}" if part else ""
        return f"{self.folder}/{day.year:04d}/{MONTHS[day.month - 1]}/{self.stem}-{day.day:02d}{number}{self.suffix}"


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


ALERTS_JSON = DatedName("logs/alerts", "alerts", "ossec-alerts", ".json")
ALERTS_LOG = DatedName("logs/alerts", "alerts", "ossec-alerts", ".log")
ARCHIVES_JSON = DatedName("logs/archives", "archives", "ossec-archive", ".json")
ARCHIVES_LOG = DatedName("logs/archives", "archives", "ossec-archive", ".log")
FIREWALL_LOG = DatedName("logs/firewall", "firewall", "ossec-firewall", ".log")
#: Records that the engine could not digest, one JSON object per line (ours; Wazuh loses them).
REJECTED_JSON = DatedName("logs/rejected", "rejected", "alertmill-rejected", ".json")
