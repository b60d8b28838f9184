"""Wazuh's defaults and ranges, each with its unit.

Only numbers: what the options mean stands in `models`, how they are spelled in the section readers.
"""

from __future__ import annotations

from dataclasses import dataclass

#: Bytes in a kibibyte and so on, as in `<max_output_size>`.
SIZES = {"B": 1, "K": 1024, "M": 1024**2, "G": 1024**3}
#: Seconds in each unit of time that some option knows. `M`, months, has no fixed length and is not among them.
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}

MINUTE = 60
HOUR = 3600
DAY = 86400
WEEK = 604800

#: Highest rule level.
MAX_LEVEL = 16

#: `<log_alert_level>` when the file has none (the shipped file says 3).
LOG_ALERT_LEVEL = 1
#: `<email_alert_level>` when the file has none (the shipped file says 12).
EMAIL_ALERT_LEVEL = 7
#: Events kept for correlation, `<memory_size>`: default and least.
MEMORY_SIZE = 8192
MIN_MEMORY_SIZE = 2048
#: `<stats>`: level of the statistics alert.
STATS_LEVEL = 4
#: Longest `<rotate_interval>`, seconds.
MAX_ROTATE_INTERVAL = DAY
#: Least and greatest `<max_output_size>`, bytes. Wazuh says 1 MiB and means a million bytes.
MIN_OUTPUT_SIZE = 1_000_000
MAX_OUTPUT_SIZE = 1024**4
#: `<limits><eps>`: greatest number of events per second, default and greatest window in seconds.
MAX_EPS = 100_000
EPS_TIMEFRAME = 10
MAX_EPS_TIMEFRAME = 3600
#: Most worker processes, `<workers>`.
MAX_WORKERS = 256

#: `<rule_test>`: sessions and threads, and seconds after which an idle session ends.
LOGTEST_SESSIONS = 64
MAX_LOGTEST_SESSIONS = 500
LOGTEST_THREADS = 1
MAX_LOGTEST_THREADS = 128
LOGTEST_TIMEOUT = 15 * MINUTE
MAX_LOGTEST_TIMEOUT = 365 * DAY

#: `<interval>` of the AWS module, seconds; the manual's value, where the reference takes 5 s.
AWS_INTERVAL = 10 * MINUTE
#: Longest `<interval>`: a century, so that no planned start lies outside the calendar.
MAX_INTERVAL = 100 * 365 * DAY
MAX_INTERVAL_MONTHS = 1200
#: `<look_back>`, seconds: how late an object may arrive and still be found by listing.
LOOK_BACK = 48 * HOUR
#: `<silence>`, seconds: how long an account and region that had data may have none before an alert tells of it.
SILENCE = 24 * HOUR
#: Shortest and longest session of an assumed role, seconds.
MIN_ROLE_DURATION = 900
MAX_ROLE_DURATION = 3600


@dataclass(frozen=True, slots=True)
class InternalOption:
    """One line of internal_options.conf: its default, its range (both ends included) and its unit."""

    default: int
    least: int
    greatest: int
    unit: str


_QUEUE = InternalOption(16384, 128, 2_000_000, "events")
_THREADS = InternalOption(0, 0, 32, "threads, 0 for one per core")
_FLAG_ON = InternalOption(1, 0, 1, "0 or 1")
_FLAG_OFF = InternalOption(0, 0, 1, "0 or 1")
_DEBUG = InternalOption(0, 0, 2, "level")

#: Internal options `analysisd.*` (spec/control.md 9).
ANALYSISD: dict[str, InternalOption] = {
    "alerts_queue_size": _QUEUE,
    "archives_queue_size": _QUEUE,
    "dbsync_queue_size": _QUEUE,
    "dbsync_threads": _THREADS,
    "debug": _DEBUG,
    "decode_event_queue_size": _QUEUE,
    "decode_hostinfo_queue_size": _QUEUE,
    "decode_output_queue_size": _QUEUE,
    "decode_rootcheck_queue_size": _QUEUE,
    "decode_sca_queue_size": _QUEUE,
    "decode_syscheck_queue_size": _QUEUE,
    "decode_syscollector_queue_size": _QUEUE,
    "decode_winevt_queue_size": _QUEUE,
    "decoder_order_size": InternalOption(256, 32, 1024, "fields"),
    "default_timeframe": InternalOption(360, 60, 3600, "seconds"),
    "event_threads": _THREADS,
    "firewall_queue_size": _QUEUE,
    "fts_list_size": InternalOption(32, 12, 512, "entries"),
    "fts_min_size_for_str": InternalOption(14, 6, 128, "bytes"),
    "fts_queue_size": _QUEUE,
    "geoip_jsonout": _FLAG_OFF,
    "hostinfo_threads": _THREADS,
    "label_cache_maxage": InternalOption(10, 0, 60, "seconds"),
    "log_fw": _FLAG_ON,
    "min_rotate_interval": InternalOption(600, 10, 86400, "seconds"),
    "rlimit_nofile": InternalOption(458752, 1024, 1_048_576, "open files"),
    "rootcheck_threads": _THREADS,
    "rule_matching_threads": _THREADS,
    "sca_threads": _THREADS,
    "show_hidden_labels": _FLAG_OFF,
    "state_interval": InternalOption(5, 0, 86400, "seconds, 0 for no state file"),
    "statistical_queue_size": _QUEUE,
    "stats_maxdiff": InternalOption(999_000, 10, 999_999, "events"),
    "stats_mindiff": InternalOption(1250, 10, 999_999, "events"),
    "stats_percent_diff": InternalOption(150, 5, 9999, "percent"),
    "syscheck_threads": _THREADS,
    "syscollector_threads": _THREADS,
    "upgrade_queue_size": _QUEUE,
    "winevt_threads": _THREADS,
}

#: Internal options `monitord.*` that touch the output files (spec/control.md 9).
MONITORD: dict[str, InternalOption] = {
    "compress": _FLAG_ON,
    "daily_rotations": InternalOption(12, 1, 256, "files a day"),
    "day_wait": InternalOption(10, 0, 600, "seconds after midnight"),
    "debug": _DEBUG,
    "keep_log_days": InternalOption(31, 0, 500, "days"),
    "rotate_log": _FLAG_ON,
    "sign": _FLAG_ON,
    "size_rotate": InternalOption(512, 0, 4096, "MiB"),
}
