"""The calls over HTTP, with the SDK's own clients."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from alertmill.config.models import Service
from alertmill.sources.aws.faults import StoreError
from alertmill.sources.aws.services.calls import InspectorCalls, LogsCalls, StreamGoneError, TokenRefusedError
from alertmill.sources.aws.services.cloudwatchlogs import LogEvent, LogStream
from alertmill.sources.aws.session import AwsSession
from unit.sources.aws.wire import Reply, Wire, running_wire

NOON = 1_768_471_200_000
DATE = {"Date": "Thu, 15 Jan 2026 10:00:00 GMT"}


@pytest.fixture
def wire() -> Iterator[Wire]:
    with running_wire() as running:
        yield running


@pytest.fixture
def session(wire: Wire, aws_env: pytest.MonkeyPatch) -> AwsSession:
    service = Service(type="inspector", service_endpoint=wire.url)
    return AwsSession(service, ("us-east-1",), attempts=1)


@pytest.fixture
def logs(session: AwsSession) -> Iterator[LogsCalls]:
    calls = LogsCalls(session.logs("us-east-1"), session, "us-east-1")
    yield calls
    calls.close()


@pytest.fixture
def inspector(session: AwsSession) -> Iterator[InspectorCalls]:
    calls = InspectorCalls(session.inspector("us-east-1"), session, "us-east-1", known=True)
    yield calls
    calls.close()


def says(wire: Wire, value: object, status: int = 200, **headers: str) -> None:
    wire.replies = [Reply(status, json.dumps(value).encode(), {"Content-Type": "application/json", **headers})]


def refuses(wire: Wire, code: str, status: int = 400) -> None:
    says(wire, {"__type": code, "message": "told you so"}, status, **{"x-amzn-ErrorType": code})


def asked(wire: Wire) -> dict[str, object]:
    question: dict[str, object] = json.loads(wire.asked[-1].body)
    return question


def test_streams(wire: Wire, logs: LogsCalls) -> None:
    entries = [{"logStreamName": "a", "creationTime": 5, "lastIngestionTime": 7}, {"logStreamName": "b"}]
    says(wire, {"logStreams": entries, "nextToken": "t"})
    assert logs.streams("/app/g", "") == ([LogStream("a", 5, 7), LogStream("b")], "t")
    assert asked(wire) == {"logGroupName": "/app/g", "orderBy": "LogStreamName"}
    says(wire, {"logStreams": []})
    assert logs.streams("/app/g", "t") == ([], "")
    assert asked(wire)["nextToken"] == "t"
    assert wire.asked[-1].headers["x-amz-target"].endswith(".DescribeLogStreams")


def test_events(wire: Wire, logs: LogsCalls) -> None:
    entries = [{"timestamp": NOON, "message": "a\n", "ingestionTime": NOON + 5}]
    says(wire, {"events": entries, "nextForwardToken": "f/1"}, **DATE)
    assert logs.events("/app/g", "s", 7, "", 1000) == ([LogEvent(NOON, NOON + 5, "a\n")], "f/1", NOON)
    question = {"logGroupName": "/app/g", "logStreamName": "s", "startFromHead": True, "startTime": 7, "limit": 1000}
    assert asked(wire) == question
    says(wire, {"events": [], "nextForwardToken": "f/1"})
    assert logs.events("/app/g", "s", 7, "f/1", 10, 99) == ([], "f/1", None)
    assert asked(wire) == {**question, "limit": 10, "nextToken": "f/1", "endTime": 99}


@pytest.mark.parametrize(
    ("entry", "event"),
    [
        ({"timestamp": 5, "message": "x"}, LogEvent(5, 5, "x")),
        ({"timestamp": 5}, LogEvent(5, 5, "")),
        ({"timestamp": 10**30, "ingestionTime": -5, "message": "x"}, LogEvent(253402300799999, 0, "x")),
        ({}, LogEvent(0, 0, "")),
    ],
)
def test_odd_events(wire: Wire, logs: LogsCalls, entry: dict[str, object], event: LogEvent) -> None:
    says(wire, {"events": [entry], "nextForwardToken": "f/1"})
    assert logs.events("/app/g", "s", 7, "", 1000)[0] == [event]


@pytest.mark.parametrize(
    ("code", "token", "fault"),
    [
        ("InvalidParameterException", "f/1", TokenRefusedError),
        ("ResourceNotFoundException", "f/1", TokenRefusedError),
        ("ResourceNotFoundException", "", StreamGoneError),
        ("InvalidParameterException", "", StoreError),
    ],
)
def test_refused_tokens(wire: Wire, logs: LogsCalls, code: str, token: str, fault: type[Exception]) -> None:
    refuses(wire, code)
    with pytest.raises(fault):
        logs.events("/app/g", "s", 7, token, 10)


@pytest.mark.parametrize(
    ("code", "ours", "exit_code", "words"),
    [
        ("ResourceNotFoundException", "A030", 16, "told you so"),
        ("AccessDeniedException", "A001", 16, "allow logs:DescribeLogStreams on arn:"),
        ("ThrottlingException", "A006", 16, "request throttling"),
        ("ExpiredTokenException", "A002", 16, "Invalid credentials"),
        ("ServiceUnavailableException", "A007", 16, "told you so"),
    ],
)
def test_faults_of_logs(wire: Wire, logs: LogsCalls, code: str, ours: str, exit_code: int, words: str) -> None:
    refuses(wire, code)
    with pytest.raises(StoreError) as raised:
        logs.streams("/app/g", "")
    assert (raised.value.code.id, raised.value.exit_code) == (ours, exit_code)
    text = str(raised.value)
    assert text.startswith('The "get_log_streams" request failed: ')
    assert "logs:DescribeLogStreams on log group /app/g in us-east-1" in text
    assert words in text
    assert text.count(f"[{ours}]") == 1


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, b"<html>Please sign in</html>"),
        Reply(200, b"{}"),
        Reply(200, b'{"events": 5, "logStreams": 5, "findings": 5}'),
        Reply(200, b'{"events": ["x"], "logStreams": ["x"], "findings": ["x"]}'),
        Reply(200, b'{"events": [{"timestamp": "x"}], "logStreams": [{}], "findings": [7]}'),
    ],
    ids=["a page of a proxy", "nothing", "numbers", "texts", "odd members"],
)
@pytest.mark.parametrize(
    "call",
    [
        lambda logs, _: logs.streams("/app/g", ""),
        lambda logs, _: logs.events("/app/g", "s", 7, "", 10),
        lambda _, inspector: inspector.findings(1, 2, ""),
    ],
    ids=["streams", "events", "findings"],
)
def test_an_answer_that_is_none(
    wire: Wire,
    logs: LogsCalls,
    inspector: InspectorCalls,
    reply: Reply,
    call: Callable[[LogsCalls, InspectorCalls], object],
) -> None:
    """What reads nothing because of an error must not look like a stream without events."""
    wire.replies = [reply]
    with pytest.raises(StoreError) as raised:
        call(logs, inspector)
    assert raised.value.code.id == "A007"


def test_an_endpoint_that_is_not_there(wire: Wire, logs: LogsCalls) -> None:
    wire.close()
    with pytest.raises(StoreError) as raised:
        logs.streams("/app/g", "")
    assert (raised.value.code.id, raised.value.exit_code) == ("A005", 15)


def test_deletion(wire: Wire, logs: LogsCalls) -> None:
    says(wire, {})
    logs.delete("/app/g", "s")
    assert asked(wire) == {"logGroupName": "/app/g", "logStreamName": "s"}
    refuses(wire, "ResourceNotFoundException")
    logs.delete("/app/g", "s")
    refuses(wire, "AccessDeniedException")
    with pytest.raises(StoreError, match="delete_log_stream"):
        logs.delete("/app/g", "s")


def test_findings(wire: Wire, inspector: InspectorCalls) -> None:
    says(wire, {"findings": [{"findingArn": "arn:1", "updatedAt": 1768471200.5, "title": "x"}], "nextToken": "t"})
    (found,), token = inspector.findings(NOON, NOON + 1500, "")
    assert (found["findingArn"], found["updatedAt"].timestamp(), token) == ("arn:1", 1768471200.5, "t")
    window = asked(wire)["filterCriteria"]["updatedAt"]  # type: ignore[index]
    assert window == [{"startInclusive": 1768471200, "endInclusive": 1768471201.5}]
    assert (asked(wire)["maxResults"], wire.asked[-1].path) == (100, "/findings/list")
    says(wire, {"findings": []})
    assert inspector.findings(NOON, NOON, "t") == ([], "")
    assert asked(wire)["nextToken"] == "t"


@pytest.mark.parametrize(("known", "ours", "exit_code"), [(True, "A005", 15), (False, "A032", 22)])
def test_a_region_without_inspector(wire: Wire, session: AwsSession, known: bool, ours: str, exit_code: int) -> None:
    calls = InspectorCalls(session.inspector("us-west-9"), session, "us-west-9", known=known)
    wire.close()
    with pytest.raises(StoreError) as raised:
        calls.findings(1, 2, "")
    calls.close()
    assert (raised.value.code.id, raised.value.exit_code) == (ours, exit_code)
    assert ("Unsupported region 'us-west-9'" in str(raised.value)) is not known


@pytest.mark.parametrize("code", ["AccessDeniedException", "ThrottlingException", "ValidationException"])
def test_faults_of_inspector(wire: Wire, inspector: InspectorCalls, code: str) -> None:
    refuses(wire, code)
    with pytest.raises(StoreError) as raised:
        inspector.findings(1, 2, "")
    assert raised.value.exit_code == 12
    assert "inspector2:ListFindings on region us-east-1" in str(raised.value)


@pytest.mark.parametrize("region", ["us-gov-west-1", "cn-north-1", "xx-nowhere-9"])
def test_regions_of_any_partition(region: str, aws_env: pytest.MonkeyPatch) -> None:
    session = AwsSession(Service(type="inspector", regions=(region,)), (region,))
    for client in (session.logs(region), session.inspector(region)):
        assert region in client.meta.endpoint_url
        assert client.meta.endpoint_url.endswith(".cn") is (region == "cn-north-1")
        client.close()


def test_which_regions_there_are(aws_env: pytest.MonkeyPatch) -> None:
    session = AwsSession(Service(type="inspector"))
    assert {"us-east-1", "eu-west-1"} <= set(session.regions_of("logs"))
    assert session.regions_of("inspector2", "aws-us-gov") == ["us-gov-east-1", "us-gov-west-1"]
    assert session.region() is None
    aws_env.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    assert AwsSession(Service(type="inspector")).region() == "eu-west-1"
