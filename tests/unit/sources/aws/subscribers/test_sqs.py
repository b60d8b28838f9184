"""The real queue over HTTP: what it asks of SQS, and in which words it tells what went wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from alertmill import codes
from alertmill.config.models import AwsAccess
from alertmill.sources.aws.faults import StoreError
from alertmill.sources.aws.subscribers.sqs import Message, QueueFacts, SqsQueue
from unit.sources.aws.wire import Asked, Reply, Wire, running_wire


class Service:
    """An SQS that answers as a test says. `answers` are by the name of the call."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.wire: Wire | None = None

    def reply(self, asked: Asked) -> Reply:
        name = asked.headers.get("x-amz-target", "").rpartition(".")[2]
        if not name:  # STS is asked who this is
            return Reply(403, b"<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>")
        self.asked.append((name, json.loads(asked.body)))
        answer = self.answers.get(name, {"QueueUrl": f"{self.wire.url}/1/q"} if name == "GetQueueUrl" else {})
        status = 400 if "__type" in answer else 200
        return Reply(status, json.dumps(answer).encode(), {"Content-Type": "application/x-amz-json-1.0"})


@pytest.fixture
def service(aws_env: pytest.MonkeyPatch) -> Iterator[Service]:
    made = Service()
    with running_wire(route=made.reply) as wire:
        made.wire = wire
        aws_env.setenv("AWS_ENDPOINT_URL_SQS", wire.url)
        aws_env.setenv("AWS_ENDPOINT_URL_STS", wire.url)
        aws_env.setenv("AWS_DEFAULT_REGION", "eu-west-1")
        aws_env.setenv("AWS_MAX_ATTEMPTS", "1")
        yield made


def queue() -> SqsQueue:
    return SqsQueue("q", AwsAccess())


def refusal(code: str) -> dict[str, str]:
    return {"__type": f"com.amazonaws.sqs#{code}", "message": "told you so"}


def test_receiving(service: Service) -> None:
    attributes = {"ApproximateReceiveCount": "3"}
    service.answers["ReceiveMessage"] = {
        "Messages": [
            {"MessageId": "m1", "ReceiptHandle": "r1", "Body": "{}", "Attributes": attributes},
            {"MessageId": "m2", "ReceiptHandle": "r2", "Body": ""},
        ]
    }
    assert queue().receive(20) == [Message("m1", "r1", "{}", 3), Message("m2", "r2", "", 1)]
    name, request = service.asked[-1]
    assert (name, request["MaxNumberOfMessages"], request["WaitTimeSeconds"]) == ("ReceiveMessage", 10, 20)
    assert "VisibilityTimeout" not in request
    service.answers["ReceiveMessage"] = {}
    assert queue().receive(1) == []


def test_deleting_and_extending_by_tens(service: Service) -> None:
    messages = [Message(f"m{number}", f"r{number}", "") for number in range(12)]
    failed = {"Failed": [{"Id": "0", "Code": "ReceiptHandleIsInvalid", "Message": "old", "SenderFault": True}]}
    service.answers["DeleteMessageBatch"] = failed
    assert queue().delete(messages) == ["ReceiptHandleIsInvalid: old"] * 2
    service.answers["ChangeMessageVisibilityBatch"] = failed
    assert queue().extend(messages, 60) == ["ReceiptHandleIsInvalid: old"] * 2
    entries = [request["Entries"] for name, request in service.asked if "Batch" in name]
    assert [len(one) for one in entries] == [10, 2, 10, 2]
    assert entries[1] == [{"Id": "0", "ReceiptHandle": "r10"}, {"Id": "1", "ReceiptHandle": "r11"}]
    assert entries[2][0] == {"Id": "0", "ReceiptHandle": "r0", "VisibilityTimeout": 60}


def test_facts(service: Service) -> None:
    service.answers["GetQueueAttributes"] = {
        "Attributes": {"ApproximateNumberOfMessages": "7", "VisibilityTimeout": "45"}
    }
    assert queue().facts() == QueueFacts(7, 45)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("QueueDoesNotExist", codes.A_QUEUE),
        ("AccessDenied", codes.A_REFUSED),
        ("InvalidClientTokenId", codes.A_CREDENTIALS),
    ],
)
def test_a_queue_that_cannot_be_found(service: Service, code: str, expected: codes.Code) -> None:
    service.answers["GetQueueUrl"] = refusal(code)
    with pytest.raises(
        StoreError, match=r"^Queue does not exist, verify the given name: .*sqs:GetQueueUrl on queue q"
    ) as caught:
        queue()
    assert (caught.value.code, caught.value.exit_code) == (expected, 20)
    assert str(caught.value).count("[A") == 1


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("AccessDenied", codes.A_REFUSED),
        ("RequestThrottled", codes.A_THROTTLED),
        ("ExpiredToken", codes.A_CREDENTIALS),
        ("KmsDisabled", codes.A_FAILED_CALL),
    ],
)
@pytest.mark.parametrize(
    ("call", "action"),
    [
        ("ReceiveMessage", "sqs:ReceiveMessage"),
        ("DeleteMessageBatch", "sqs:DeleteMessage"),
        ("ChangeMessageVisibilityBatch", "sqs:ChangeMessageVisibility"),
        ("GetQueueAttributes", "sqs:GetQueueAttributes"),
    ],
)
def test_calls_that_fail(service: Service, call: str, action: str, code: str, expected: codes.Code) -> None:
    service.answers[call] = refusal(code)
    message = [Message("m1", "r1", "")]
    opened = queue()
    calls: dict[str, Any] = {
        "ReceiveMessage": lambda: opened.receive(0),
        "DeleteMessageBatch": lambda: opened.delete(message),
        "ChangeMessageVisibilityBatch": lambda: opened.extend(message, 1),
        "GetQueueAttributes": opened.facts,
    }
    with pytest.raises(StoreError, match=f"{action} on queue q") as caught:
        calls[call]()
    assert (caught.value.code, caught.value.exit_code) == (expected, 21)


def test_a_refusal_names_what_to_allow(service: Service) -> None:
    service.answers["ReceiveMessage"] = refusal("AccessDenied")
    with pytest.raises(StoreError, match=r"allow sqs:ReceiveMessage on arn:aws:sqs:\*:\*:q"):
        queue().receive(0)


def test_an_endpoint_that_nobody_answers_at(service: Service, aws_env: pytest.MonkeyPatch) -> None:
    assert service.wire is not None
    service.wire.close()
    with pytest.raises(StoreError) as caught:
        queue()
    assert (caught.value.code, caught.value.exit_code) == (codes.A_UNREACHABLE, 15)


def test_without_a_region(service: Service, aws_env: pytest.MonkeyPatch) -> None:
    aws_env.delenv("AWS_DEFAULT_REGION")
    with pytest.raises(StoreError, match="needs a region") as caught:
        queue()
    assert caught.value.exit_code == 22


def test_the_endpoint_for_s3_is_not_that_of_sqs(service: Service) -> None:
    queue = SqsQueue("q", AwsAccess(service_endpoint="http://127.0.0.1:1"))
    assert queue.receive(0) == []
    queue.close()
