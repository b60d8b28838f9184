"""Trying out what ossec.conf reads of AWS, without changing or taking anything: `alertmill check --aws`.

Each definition is tried by the calls that a run makes, through the same code, so that what is said here is what the
daemon would say. What cannot be tried without doing it (receiving a message, deleting an object) is told as not tried.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from alertmill import codes
from alertmill.config.models import AwsAccess, AwsS3, Bucket, Service, Subscriber
from alertmill.errors import AlertmillError
from alertmill.sources.aws import partitions
from alertmill.sources.aws.faults import StoreError
from alertmill.sources.aws.s3 import S3Store
from alertmill.sources.aws.services.accounts import regions_of
from alertmill.sources.aws.services.calls import InspectorCalls, LogsCalls, StreamGoneError
from alertmill.sources.aws.session import AwsSession
from alertmill.sources.aws.subscribers.sqs import SqsQueue
from alertmill.sources.aws.trial_bucket import BucketTrial
from alertmill.sources.aws.workers import Workers

#: Definitions that are tried side by side, and calls that are made for them.
_DEFINITIONS = 8
_CALLS = 16

#: How often a call is tried: a person is waiting.
_ATTEMPTS = 2

#: What a region says that is not enabled for the account, or does not have the group: no fault where nobody named it.
_ABSENT = (codes.A_NO_LOG_GROUP, codes.A_CREDENTIALS, codes.A_NO_SERVICE_THERE)

Definition = Bucket | Service | Subscriber


@dataclass(frozen=True, slots=True)
class Trial:
    """One thing that was tried. `ok` is None for what was not tried, or does not matter; `detail` says why."""

    definition: str
    what: str
    ok: bool | None
    detail: str


@dataclass(slots=True)
class Tries:
    """What was tried of one definition, in order."""

    definition: str
    found: list[Trial] = field(default_factory=list)

    def add(self, what: str, ok: bool | None, detail: str) -> None:
        self.found.append(Trial(self.definition, what, ok, detail))

    def attempt(self, what: str, call: Callable[[], str]) -> bool:
        """Make the call, which returns what is to be told of its success."""
        try:
            self.add(what, True, call())
        except AlertmillError as error:
            self.add(what, False, str(error))
            return False
        return True


def try_sources(modules: Iterable[AwsS3], now: float) -> list[Future[list[Trial]]]:
    """Begin to try every definition of the wodles that are not disabled; results in the order of ossec.conf.

    `now` is epoch seconds.
    """
    definitions, calls = Workers(_DEFINITIONS, "try"), Workers(_CALLS, "try-call")
    wanted: list[Definition] = []
    for module in modules:
        if not module.disabled:
            wanted += [*module.buckets, *module.services, *module.subscribers]
    return [definitions.submit(partial(_try, definition, calls, now)) for definition in wanted]


def name_of(definition: Definition) -> str:
    """How a definition is called in reports: what it reads, and where it stands."""
    place = f", {definition.origin}" if definition.origin else ""
    if isinstance(definition, Bucket):
        return f"bucket {definition.name}/{definition.path} ({definition.type}){place}"
    if isinstance(definition, Service):
        return f"service {definition.type}{place}"
    return f"subscriber {definition.sqs_name} ({definition.type}){place}"


def _try(definition: Definition, calls: Workers, now: float) -> list[Trial]:
    tries = Tries(name_of(definition))
    try:
        if isinstance(definition, Bucket):
            if session := _session(definition, definition.regions, tries):
                _try_bucket(definition, session, calls, now, tries)
        elif isinstance(definition, Service):
            if session := _session(definition, definition.regions, tries):
                _try_service(definition, session, calls, tries)
        elif session := _session(definition, (), tries):
            _try_subscriber(definition, session, tries)
    except AlertmillError as error:
        tries.add("definition", False, str(error))
    except Exception as error:  # one definition must not keep the others from being tried
        tries.add("definition", False, f"it could not be tried: {type(error).__name__}: {error}")
    return tries.found


def _session(access: AwsAccess, regions: tuple[str, ...], tries: Tries) -> AwsSession | None:
    """A session with credentials, which says whose they are; None where there are none."""
    try:
        session = AwsSession(access, regions, attempts=_ATTEMPTS)
        session.require_credentials()
    except StoreError as fault:
        tries.add("credentials", False, str(fault))
        return None
    elsewhere = "" if session.partition == partitions.COMMON else f", partition {session.partition}"
    tries.add("credentials", True, f"{session.who()}{elsewhere}")
    try:
        arn = session.caller()
        tries.add("identity", True if arn else None, arn or "an S3 of one's own has no STS beside it to be asked")
    except StoreError as fault:
        missed = fault.code is codes.A_UNREACHABLE
        tries.add("identity", None if missed else False, f"{fault}; it is not needed to read" if missed else str(fault))
    return session


def _try_bucket(bucket: Bucket, session: AwsSession, calls: Workers, now: float, tries: Tries) -> None:
    store = S3Store(bucket.name, bucket, bucket.regions, pause=lambda _: None, session=session)
    try:
        BucketTrial(bucket, store, calls, now, tries.add).run()
    finally:
        store.close()


# --- services ---------------------------------------------------------------------------------------------------------


def _try_service(service: Service, session: AwsSession, calls: Workers, tries: Tries) -> None:
    regions, guessed = regions_of(service, session, session.partition)
    if not regions:
        tries.add("regions", False, f"no region to read {service.type} in: set <regions>  [{codes.A_DEFINITION.id}]")
        return
    subjects: dict[str, Callable[[str], str]] = {"findings": partial(_list_findings, session)}
    if service.type == "cloudwatchlogs":
        subjects = {group: partial(_read_group, session, group) for group in service.aws_log_groups}
    asked = {
        subject: [(region, calls.submit(partial(attempt, region))) for region in regions]
        for subject, attempt in subjects.items()
    }
    for subject, answers in asked.items():
        _tell_regions(subject, answers, tries, guessed=guessed)
    if service.remove_log_streams:
        tries.add("delete", None, "not tried: deleting a stream can only be tried by doing it")


def _tell_regions(subject: str, asked: list[tuple[str, Future[str]]], tries: Tries, *, guessed: bool) -> None:
    """One line for each region; where nobody named them, those without the subject are summed up."""
    absent: list[str] = []
    first: StoreError | None = None
    for region, answer in asked:
        try:
            tries.add(f"{subject} in {region}", True, answer.result())
        except StoreError as fault:
            if not guessed or fault.code not in _ABSENT:
                tries.add(f"{subject} in {region}", False, str(fault))
                continue
            absent.append(region)
            first = first or fault
    if len(absent) == len(asked):
        tries.add(subject, False, f"found in none of {len(asked)} regions; the first answer was: {first}")
    elif absent:
        tries.add(subject, None, f"not in {', '.join(absent)}; <regions> narrows where it is looked for")


def _read_group(session: AwsSession, group: str, region: str) -> str:
    """The first streams of a log group, and an event of one of them. Raises StoreError."""
    calls = LogsCalls(session.logs(region), session, region)
    try:
        streams, more = calls.streams(group, "")
        if not streams:
            return "no streams yet"
        with suppress(StreamGoneError):  # deleted just now
            calls.events(group, streams[-1].name, 0, "", 1)
        return f"{len(streams)}{'+' if more else ''} stream{'s' if len(streams) > 1 else ''}, events can be read"
    finally:
        calls.close()


def _list_findings(session: AwsSession, region: str) -> str:
    """Findings of a moment long ago: the permission counts, not the findings. Raises StoreError."""
    known = region in session.regions_of("inspector2", session.partition)
    calls = InspectorCalls(session.inspector(region), session, region, known=known)
    try:
        calls.findings(0, 1, "")
        return "findings can be listed"
    finally:
        calls.close()


# --- subscribers ------------------------------------------------------------------------------------------------------


def _try_subscriber(subscriber: Subscriber, session: AwsSession, tries: Tries) -> None:
    queues: list[SqsQueue] = []

    def opened() -> str:
        queues.append(SqsQueue(subscriber.sqs_name, subscriber, session))
        return "the queue is there"

    if tries.attempt("queue", opened):
        (queue,) = queues
        tries.attempt("attributes", partial(_facts, queue))
        queue.close()
    hidden = "not tried: receiving one would hide it from other readers"
    tries.add("messages", None, f"{hidden} (needs sqs:ReceiveMessage, DeleteMessage and ChangeMessageVisibility)")
    tries.add("objects", None, "not tried: only the messages tell which buckets they lie in (needs s3:GetObject)")


def _facts(queue: SqsQueue) -> str:
    facts = queue.facts()
    return f"about {facts.waiting} messages wait, visibility timeout {facts.visibility} s"
