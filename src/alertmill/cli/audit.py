"""`alertmill audit`: proves by CloudTrail's signed digest files that everything delivered was processed, unaltered."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TextIO

from alertmill.checkpoints import Checkpoints
from alertmill.cli import EXIT_OK, EXIT_PROBLEMS, EXIT_USAGE, Context
from alertmill.cli.home import home_of
from alertmill.cli.progress import Patience
from alertmill.cli.text import many
from alertmill.clock import arrival_clock
from alertmill.config.models import Bucket, Config
from alertmill.errors import AlertmillError, Problems
from alertmill.installation import Installation
from alertmill.requests import MOST_ENTRIES, FailedObject, ObjectToRead, Request, write_request
from alertmill.sources.aws.audit.base import Wanted
from alertmill.sources.aws.audit.bucket import Audit
from alertmill.sources.aws.audit.client import AuditClient
from alertmill.sources.aws.audit.report import BucketReport, Finding, PlaceReport, Tally, ToRead, in_all
from alertmill.sources.aws.digests import written
from alertmill.sources.aws.faults import StoreError
from alertmill.sources.aws.public_keys import PublicKeyError, PublicKeys, read_public_keys
from alertmill.sources.aws.s3 import S3Store

EXAMPLES = (
    "alertmill --home ./home audit                      everything delivered within the look-back window",
    "alertmill --home ./home audit --json --repair      for a program; what was missed is queued to be read",
)

#: Findings of an account and region that are shown to a person; --json has all of them.
_SHOWN = 20

#: Bytes of a file of public keys; a region has a few keys of some 400 bytes.
_MOST_KEYS = 16 * 1024 * 1024

_ACCOUNT = re.compile(r"\d{12}", re.ASCII)


class _UsageError(AlertmillError):
    """The command was called with something that it cannot work with."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--bucket", metavar="NAME", action="append", default=[], help="only this bucket (repeatable; default: all)")
    add("--account", metavar="ID", action="append", default=[], type=_account, help="only this account (repeatable)")
    add("--region", metavar="REGION", action="append", default=[], help="only this region (repeatable)")
    add("--from", dest="first", metavar="YYYY-MM-DD", type=_day, help="delivered on this day (UTC) or later")
    add("--to", dest="last", metavar="YYYY-MM-DD", type=_day, help="delivered on this day (UTC) or earlier")
    add("--no-hash", action="store_true", help="do not download the log files: no contents are compared")
    keys = "an answer of cloudtrail:ListPublicKeys (JSON), or PEM, instead of asking (repeatable)"
    add("--public-keys", metavar="FILE", action="append", default=[], help=keys)
    add("--repair", action="store_true", help="queue what is there and was not processed, for the daemon to read")
    add("--json", action="store_true", help="one JSON object instead of text")


def run(options: argparse.Namespace, context: Context) -> int:
    installation = home_of(context)
    problems = Problems()
    config = installation.load_config(problems)
    problems.raise_if_fatal("the configuration cannot be used")
    try:
        reports, queue = _audit(options, config, installation, context.stderr)
    except _UsageError as error:
        print(f"alertmill audit: {error}", file=context.stderr)
        return EXIT_USAGE
    complete = all(report.is_complete for report in reports)
    if options.json:
        values = {**_as_values(reports, complete=complete, hashes=not options.no_hash), "repair": queue.as_values()}
        print(json.dumps(values, indent=1), file=context.stdout)
    else:
        lines = [*_as_text(reports, complete=complete, hashes=not options.no_hash), *queue.lines()]
        text = "\n".join(map(_printable, lines))
        encoding = context.stdout.encoding or "utf-8"
        print(text.encode(encoding, "backslashreplace").decode(encoding), file=context.stdout)
    return EXIT_OK if complete else EXIT_PROBLEMS


# --- what to do -------------------------------------------------------------------------------------------------------


def _audit(
    options: argparse.Namespace, config: Config, installation: Installation, stderr: TextIO
) -> tuple[list[BucketReport], _Queue]:
    """Raises AlertmillError, OSError."""
    wanted = _wanted(options)
    buckets = _buckets(config, wanted, options.bucket)
    keys = _read_keys(options.public_keys)
    now = arrival_clock()()
    queue = _Queue(installation.var / "requests", writes=options.repair)
    checkpoints = Checkpoints(installation.var, read_only=True)
    try:
        reports = [_audit_bucket(bucket, wanted, checkpoints, keys, now, queue.add, stderr) for bucket in buckets]
    finally:
        checkpoints.close()
    queue.flush()
    return reports, queue


def _audit_bucket(
    bucket: Bucket,
    wanted: Wanted,
    checkpoints: Checkpoints,
    keys: PublicKeys | None,
    now: float,
    to_read: Callable[[ToRead], None],
    stderr: TextIO,
) -> BucketReport:
    try:
        store = S3Store(bucket.name, bucket, bucket.regions)
        trail = AuditClient(bucket.name, bucket, bucket.regions)
    except StoreError as fault:
        present = datetime.fromtimestamp(now, UTC)
        return BucketReport(bucket.name, bucket.path, present, present, faults=[Finding(fault.code, str(fault))])
    audit = Audit(bucket, wanted, checkpoints, store, trail, keys, now, to_read)
    try:
        with Patience(stderr, lambda: _how_far(audit.report)):
            return audit.run()
    finally:
        trail.close()
        store.close()


def _how_far(report: BucketReport) -> str:
    """What an audit that is under way has done."""
    tally = report.tally()
    done = (many(tally.digests, "digest file"), f"{tally.delivered} delivered", many(tally.findings, "finding"))
    where = f"{report.places[-1].account} {report.places[-1].region}" if report.places else "looking for accounts"
    return f"auditing s3://{report.bucket}: {where}; {', '.join(done)}"


def _buckets(config: Config, wanted: Wanted, names: list[str]) -> list[Bucket]:
    """The definitions to audit, in the order of ossec.conf. Raises _UsageError when what is wanted is in none."""
    modules = (module for module in config.aws_s3 if not module.disabled)
    found = [bucket for module in modules for bucket in module.buckets if bucket.type == "cloudtrail"]
    if not found:
        raise _UsageError('ossec.conf has no <bucket type="cloudtrail">, so there is nothing to audit')
    for name in names:
        if all(bucket.name != name for bucket in found):
            known = ", ".join(dict.fromkeys(bucket.name for bucket in found))
            raise _UsageError(f'there is no <bucket type="cloudtrail"> named {name}; there are: {known}')
    chosen = [bucket for bucket in found if (not names or bucket.name in names) and _reads(bucket, wanted)]
    if not chosen:
        raise _UsageError('no <bucket type="cloudtrail"> of ossec.conf reads these accounts and regions')
    return chosen


def _reads(bucket: Bucket, wanted: Wanted) -> bool:
    """Whether a definition may read any of the accounts and regions that are wanted."""
    both = ((bucket.aws_account_id, wanted.accounts), (bucket.regions, wanted.regions))
    return all(not configured or not asked or set(configured) & set(asked) for configured, asked in both)


def _wanted(options: argparse.Namespace) -> Wanted:
    if options.first and options.last and options.first > options.last:
        raise _UsageError(f"--from {options.first} lies behind --to {options.last}")
    return Wanted(
        datetime.combine(options.first, time(), UTC) if options.first else None,
        datetime.combine(options.last, time(), UTC) + timedelta(days=1) if options.last else None,
        tuple(options.account),
        tuple(options.region),
        not options.no_hash,
    )


def _read_keys(names: list[str]) -> PublicKeys | None:
    """The public keys of all files together, None when no file was named. Raises _UsageError."""
    keys = PublicKeys()
    for name in names:
        try:
            with Path(name).open("rb") as file:
                content = file.read(_MOST_KEYS + 1)
            if len(content) > _MOST_KEYS:
                raise PublicKeyError(f"larger than {_MOST_KEYS} bytes")
            keys.include(read_public_keys(content))
        except OSError as error:
            raise _UsageError(f"--public-keys {name}: {error.strerror or error}") from None
        except PublicKeyError as error:
            raise _UsageError(f"--public-keys {name}: {error}") from None
    return keys if names else None


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
        if day.isoformat() != text or day == date.max:
            raise ValueError(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day; write YYYY-MM-DD") from None
    return day


def _account(text: str) -> str:
    if not _ACCOUNT.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no account; write its twelve digits")
    return text


class _Queue:
    """What is to be read, collected into requests of bounded size; written only if that was asked for."""

    def __init__(self, folder: Path, *, writes: bool) -> None:
        self._folder = folder
        self._writes = writes
        self._read: list[ObjectToRead] = []
        self._retry: list[FailedObject] = []
        self._paths: list[Path] = []
        self._count = 0

    def add(self, file: ToRead) -> None:
        self._count += 1
        if not self._writes:
            return
        if file.failed:
            self._retry.append(FailedObject(file.scope, file.key, file.etag))
        else:
            self._read.append(ObjectToRead(file.bucket, file.key, file.etag))
        if len(self._read) + len(self._retry) >= MOST_ENTRIES:
            self.flush()

    def flush(self) -> None:
        """Write what has been collected. Raises OSError."""
        if self._read or self._retry:
            self._paths.append(write_request(self._folder, Request(tuple(self._read), tuple(self._retry))))
            self._read, self._retry = [], []

    def as_values(self) -> dict[str, object]:
        return {"can_be_read": self._count, "requests": [str(path) for path in self._paths]}

    def lines(self) -> Iterator[str]:
        if self._paths:
            yield f"{self._count} log files are queued for the daemon, which reads them when it runs: {self._folder}"
        elif self._count:
            yield f"{self._count} of the missing log files can be read: --repair queues them"


# --- what to say ------------------------------------------------------------------------------------------------------


def _as_values(reports: list[BucketReport], *, complete: bool, hashes: bool) -> dict[str, object]:
    return {
        "complete": complete,
        "contents_compared": hashes,
        **asdict(in_all(report.tally() for report in reports)),
        "buckets": [report.as_values() for report in reports],
    }


def _as_text(reports: list[BucketReport], *, complete: bool, hashes: bool) -> Iterator[str]:
    for report in reports:
        yield f"s3://{report.bucket}/{report.prefix}  delivered {written(report.since)} to {written(report.until)}"
        yield from (f"  {_said(fault)}" for fault in report.faults)
        for place in report.places:
            yield from _about_place(place)
    total = in_all(report.tally() for report in reports)
    yield f"in all: {_numbers(total)}{'' if hashes else '; contents were not compared'}"
    findings = sum(len(report.faults) for report in reports) + total.findings
    yield (
        "complete" if complete else f"NOT complete: {findings} {'finding' if findings == 1 else 'findings'}, see above"
    )


def _about_place(place: PlaceReport) -> Iterator[str]:
    yield f"  {place.account} {place.region}: {_numbers(place.tally)}; {_digests(place)}"
    yield from (f"    {_said(finding)}" for finding in place.findings[:_SHOWN])
    if place.tally.findings > _SHOWN:
        yield f"    ... and {place.tally.findings - _SHOWN} more; --json shows them"


def _numbers(tally: Tally) -> str:
    text = f"{tally.delivered} delivered, {tally.processed} processed, {tally.missing} missing, {tally.altered} altered"
    more = (
        (tally.not_processed, "not processed"),
        (tally.failed, "failed"),
        (tally.gone, "gone from the bucket"),
        (tally.removed, "deleted by Alertmill when processed"),
        (tally.unreadable, "not compared"),
        (tally.outside, "not to be read"),
    )
    others = ", ".join(f"{count} {what}" for count, what in more if count)
    return f"{text} ({others})" if others else text


def _digests(place: PlaceReport) -> str:
    if place.note:
        return place.note
    verified = f"{place.tally.verified} of {place.tally.digests} digest files verified"
    return f"{verified}, {written(place.covered[0])} to {written(place.covered[1])}" if place.covered else verified


def _said(finding: Finding) -> str:
    text = finding.text.removesuffix(f"  [{finding.code.id}]")
    return f"{text}  [{finding.code.id}]"


def _printable(line: str) -> str:
    """A line as a terminal may see it: keys hold what others chose."""
    return "".join(c if c.isprintable() else "?" for c in line)
