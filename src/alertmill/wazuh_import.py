"""What a Wazuh manager's AWS module remembers, taken over at the first start in its home: nothing alerts twice.

Read are `s3_cloudtrail.db`, the objects that were read, and `aws_services.db`, how far services were (aws-wodle.md
13.1). Wazuh keeps the 500 greatest keys of a place only; smaller ones that were there at the switch count as read too.
Nothing is ever written to these files, and whatever they hold, the start goes on.
"""

from __future__ import annotations

import json
import sqlite3
import stat
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import chain, islice
from pathlib import Path

from alertmill import codes
from alertmill.checkpoints import Checkpoints
from alertmill.config.models import AwsS3, Bucket
from alertmill.errors import AlertmillError
from alertmill.sources.aws.buckets import BUCKET_TYPES
from alertmill.sources.aws.services.accounts import scope_of
from alertmill.sources.aws.services.inspector import SCANNED
from alertmill.sources.aws.subscribers.claims import Claims
from alertmill.sources.base import Mark, ObjectDone, Position, ScopeBound, ScopeImported

Log = Callable[[str, str], None]

OBJECTS = "s3_cloudtrail.db"
SERVICES = "aws_services.db"

#: Keys of a place (of each flow log in it) that Wazuh keeps; with fewer, none was forgotten.
_KEPT_BY_WAZUH = 500

#: The tables with objects, and the bucket type of each.
_TABLES = {
    "alb": "alb",
    "cisco_umbrella": "cisco_umbrella",
    "clb": "clb",
    "cloudtrail": "cloudtrail",
    "config": "config",
    "custom": "custom",
    "guardduty": "guardduty",
    "nlb": "nlb",
    "s3_server_access": "server_access",
    "vpcflow": "vpcflow",
    "waf": "waf",
}

#: Largest value that is read, in bytes; keys have 1024 at most.
_MOST_BYTES = 64 * 1024
#: Positions of services that are taken over at most, and unknown definitions that are named.
_MOST_POSITIONS = 100_000
_NAMED = 5
_LONGEST_NAME = 200


class _UnreadableError(AlertmillError):
    """A database of Wazuh's that cannot be read; `str()` says which and why."""


class _Database:
    """One of Wazuh's databases, as it lies there: not even the lock of a reader is put on it.

    Raises FileNotFoundError, and _UnreadableError as all methods do.
    """

    def __init__(self, path: Path) -> None:
        self._name = f"Wazuh's {path.parent.name}/{path.name}"
        with self._explained():
            if not stat.S_ISREG(path.stat().st_mode):
                raise OSError("it is not a regular file")
            self._connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
            self._connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MOST_BYTES)
            self._connection.execute("PRAGMA trusted_schema=OFF")
            self._connection.text_factory = lambda text: text.decode("utf-8", "replace")

    def close(self) -> None:
        self._connection.close()

    def rows(self, table: str, columns: Sequence[str]) -> Iterator[tuple[object, ...]]:
        """The rows of a table, none if there is no such table (a view would be none of Wazuh's)."""
        with self._explained():
            known = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
            if self._connection.execute(known, (table,)).fetchone():
                yield from self._connection.execute(f"SELECT {', '.join(columns)} FROM {table}")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise
        except (OSError, sqlite3.Error) as error:
            reason = getattr(error, "strerror", None) or error
            raise _UnreadableError(f"{self._name} cannot be read: {reason}") from error


def take_over_from_wazuh(checkpoints: Checkpoints, folder: Path, wodles: Sequence[AwsS3], now: float, log: Log) -> None:
    """Take over what the databases in `folder` tell of the definitions of `wodles`, if no walk ever was in this home.

    `now` is the time of the switch, epoch seconds. What cannot be read is told in the log. Raises CheckpointError.
    """
    if checkpoints.scopes():
        return
    positions = _positions(folder / SERVICES, log)
    objects = _Objects([bucket for wodle in wodles for bucket in wodle.buckets], now)
    try:
        checkpoints.take_over(chain(positions, objects.marks(folder / OBJECTS)))
    except _UnreadableError as error:
        log("WARNING", f"{error}; its objects within the look-back window may alert again  [{codes.A_IMPORT.id}]")
        checkpoints.take_over(positions)
        objects = _Objects([], now)
    for level, line in objects.told(len(positions)):
        log(level, line)


@dataclass(slots=True)
class _Keys:
    """Some keys of a scope: how many, and the smallest."""

    count: int = 0
    smallest: str = ""

    def add(self, key: str) -> None:
        self.count += 1
        self.smallest = min(self.smallest, key) if self.count > 1 else key


@dataclass(slots=True)
class _Scope:
    """What is known of a scope: the keys of each flow log in it (of all, where there are none), and the first day."""

    parts: dict[str, _Keys] = field(default_factory=dict)
    smallest_dated: tuple[str, str] | None = None

    def add(self, flow_log: str, key: str, day: str | None) -> None:
        self.parts.setdefault(flow_log, _Keys()).add(key)
        if day is not None:
            self.smallest_dated = min(self.smallest_dated or (key, day), (key, day))

    @property
    def imported_key(self) -> str:
        """The key up to which all was read: the smallest, or that of a flow log of which Wazuh has forgotten some."""
        cut = [keys.smallest for keys in self.parts.values() if keys.count >= _KEPT_BY_WAZUH]
        return max(cut) if cut else min(keys.smallest for keys in self.parts.values())


class _Objects:
    """The objects that Wazuh has read, as marks for the scopes of `buckets`."""

    def __init__(self, buckets: Sequence[Bucket], now: float) -> None:
        self._buckets = buckets
        self._now = now
        self._claims: dict[tuple[str, str], Claims] = {}
        self._scopes: dict[str, _Scope] = {}
        self._taken = 0
        #: Objects of definitions that ossec.conf does not have, by what they are called in the database.
        self._unknown: Counter[str] = Counter()
        self._odd = 0

    def marks(self, path: Path) -> Iterator[Mark]:
        """One mark for each object, then those of the scopes; none without the file. Raises _UnreadableError."""
        with suppress(FileNotFoundError), closing(_Database(path)) as database:
            for table, kind in _TABLES.items():
                flow_log = "flow_log_id" if kind == "vpcflow" else "''"
                columns = ("bucket_path", "log_key", "processed_date", "created_date", flow_log)
                for row in database.rows(table, columns):
                    done = self._object(kind, *row)
                    if done is not None:
                        self._taken += 1
                        yield done
        for name, scope in self._scopes.items():
            yield ScopeImported(name, scope.imported_key, self._now)
            if scope.smallest_dated is not None:
                yield ScopeBound(name, scope.smallest_dated[1])

    def told(self, positions: int) -> Iterator[tuple[str, str]]:
        """What is to be logged, as (level, line)."""
        if self._taken or positions:
            taken = f"{self._taken} objects read in {len(self._scopes)} places"
            yield "INFO", f"Taken over from Wazuh: {taken}, {positions} positions of services"
        if self._unknown:
            names = [name for name, _ in self._unknown.most_common(_NAMED)]
            more = len(self._unknown) - len(names)
            text = (
                f"Not taken over from Wazuh: {self._unknown.total()} objects that no definition of ossec.conf reads: "
            )
            yield "INFO", text + ", ".join(names) + (f" and {more} more" if more else "")
        if self._odd:
            text = f"Not taken over from Wazuh: {self._odd} rows that make no sense"
            yield "WARNING", f"{text}  [{codes.A_IMPORT.id}]"

    def _object(
        self, kind: str, bucket_path: object, key: object, processed: object, created: object, flow_log: object
    ) -> ObjectDone | None:
        """The mark of a row; None if the row makes no sense, or nobody reads where the object lies."""
        if not (isinstance(bucket_path, str) and isinstance(key, str) and bucket_path and key):
            self._odd += 1
            return None
        scope, day = self._place(kind, bucket_path, key)
        if not scope:
            self._unknown[f"{bucket_path[:_LONGEST_NAME]} ({kind})"] += 1
            return None
        self._scopes.setdefault(scope, _Scope()).add(str(flow_log), key, day)
        read_at = _time(processed)
        day = day or _created_day(created) or datetime.fromtimestamp(read_at or self._now, UTC).date().isoformat()
        return ObjectDone(scope, key, "", day, 0, read_at=read_at)

    def _place(self, kind: str, bucket_path: str, key: str) -> tuple[str, str | None]:
        """The scope that an object is listed in, empty for none, and the day in its key."""
        claims = self._claims.get((kind, bucket_path))
        if claims is None:
            claims = Claims(
                [b for b in self._buckets if b.type == kind and _bucket_path(b) == bucket_path], BUCKET_TYPES
            )
            self._claims[kind, bucket_path] = claims
        claim = claims.of(bucket_path.partition("/")[0], key)
        if claim is None:
            return "", None
        return claim.scope, claim.day.isoformat() if claim.day else None


def _bucket_path(bucket: Bucket) -> str:
    """What Wazuh calls a definition."""
    by_account = bucket.type in BUCKET_TYPES and BUCKET_TYPES[bucket.type].base(bucket) is not None
    return f"{bucket.name}/{bucket.path}{bucket.path_suffix if by_account else ''}"


def _created_day(created: object) -> str | None:
    """The day of a number YYYYMMDD."""
    try:
        return date.fromisoformat(str(created)).isoformat()
    except ValueError:
        return None


def _time(text: object) -> float:
    """Epoch seconds of `YYYY-MM-DD HH:MM:SS` in UTC, 0 for anything else."""
    try:
        return datetime.fromisoformat(str(text)).replace(tzinfo=UTC).timestamp()
    except (ValueError, OverflowError):
        return 0.0


# --- services ---------------------------------------------------------------------------------------------------------


def _positions(path: Path, log: Log) -> list[Mark]:
    """How far services were read, none if the file cannot be read."""
    try:
        with closing(_Database(path)) as database:
            return list(islice(chain(_log_streams(database), _scans(database)), _MOST_POSITIONS))
    except FileNotFoundError:
        return []
    except _UnreadableError as error:
        log("WARNING", f"{error}; its services are read from the start of today  [{codes.A_IMPORT.id}]")
        return []


def _log_streams(database: _Database) -> Iterator[Mark]:
    """CloudWatch Logs: Wazuh does not tell whose account it was."""
    columns = ("aws_region", "aws_log_group", "aws_log_stream", "next_token", "start_time", "end_time")
    for region, group, stream, token, start, end in database.rows("cloudwatch_logs", columns):
        if not (_are_texts(region, group, stream) and isinstance(start, int)):
            continue
        value: dict[str, object] = {"token": token if isinstance(token, str) else "", "start": start}
        if isinstance(end, int):
            value["end"] = end
        yield Position(scope_of("cloudwatchlogs", "", str(region)), f"{group}:{stream}", json.dumps(value))


def _scans(database: _Database) -> Iterator[Mark]:
    """Inspector: of several scans of a region the last counts."""
    newest: dict[tuple[str, str], str] = {}
    columns = ("service_name", "aws_account_id", "aws_region", "scan_date")
    for service, account, region, scanned in database.rows("aws_services", columns):
        if service == "inspector" and _are_texts(account, region, scanned):
            place = (str(account), str(region))
            newest[place] = max(newest.get(place, ""), str(scanned))
    for (account, region), scanned in newest.items():
        yield Position(scope_of("inspector", account, region), SCANNED, scanned)


def _are_texts(*values: object) -> bool:
    return all(isinstance(value, str) for value in values)
