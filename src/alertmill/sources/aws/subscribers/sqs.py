"""The queue behind a subscriber: what it can do (`Queue`), and the real one behind boto3 (`SqsQueue`).

Which messages are asked for, kept or deleted is decided elsewhere. Rules: aws-wodle.md 12.1 and 13.2.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from botocore import exceptions as sdk

from alertmill import codes
from alertmill.config.models import AwsAccess
from alertmill.sources.aws.explain import SDK_ERRORS, Call, explain, is_refusal
from alertmill.sources.aws.faults import StoreError
from alertmill.sources.aws.session import AwsSession

#: Messages of one call, which SQS limits.
AT_ONCE = 10

_UNKNOWN_QUEUE = frozenset({"AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"})
#: What Wazuh's module would have ended with.
_EXIT_NO_QUEUE, _EXIT_CALL = 20, 21


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `receipt` changes with every receipt of it, `received` counts these."""

    id: str
    receipt: str
    body: str
    received: int = 1


@dataclass(frozen=True, slots=True)
class QueueFacts:
    """What a queue says of itself: about how many messages can be received, and its visibility timeout in seconds."""

    waiting: int
    visibility: int


class Queue(Protocol):
    """One queue. All methods raise StoreError, and may be called from any thread."""

    def receive(self, wait: int) -> list[Message]:
        """Some messages, at most ten; waits up to `wait` seconds (20 at most) for the first."""

    def delete(self, messages: Sequence[Message]) -> list[str]:
        """Delete messages; the reasons why some of them were not."""

    def extend(self, messages: Sequence[Message], seconds: int) -> list[str]:
        """Hide messages for so many seconds from now on; the reasons why some of them were not."""

    def facts(self) -> QueueFacts: ...

    def close(self) -> None:
        """End the connections."""


class SqsQueue:
    """The queue `name` in the account and region of the credentials, reached as `access` says.

    `session` is one that is there already. Raises StoreError when there are no credentials, no region or no such queue.
    """

    def __init__(self, name: str, access: AwsAccess, session: AwsSession | None = None) -> None:
        self._name = name
        self._session = session or AwsSession(access)
        self._client = self._session.sqs()
        try:
            self._url = self._client.get_queue_url(QueueName=name)["QueueUrl"]
        except SDK_ERRORS as error:
            raise self._unknown(error) from None

    def receive(self, wait: int) -> list[Message]:
        try:
            answer = self._client.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=AT_ONCE,
                WaitTimeSeconds=wait,
                AttributeNames=["ApproximateReceiveCount"],
            )
        except SDK_ERRORS as error:
            raise self._fault(error, "sqs:ReceiveMessage") from None
        return [
            Message(found["MessageId"], found["ReceiptHandle"], found.get("Body", ""), _count(found.get("Attributes")))
            for found in answer.get("Messages", ())
        ]

    def delete(self, messages: Sequence[Message]) -> list[str]:
        refused: list[str] = []
        for part in _parts(messages):
            try:
                answer = self._client.delete_message_batch(
                    QueueUrl=self._url,
                    Entries=[{"Id": str(n), "ReceiptHandle": message.receipt} for n, message in enumerate(part)],
                )
            except SDK_ERRORS as error:
                raise self._fault(error, "sqs:DeleteMessage") from None
            refused += map(_reason, answer.get("Failed", ()))
        return refused

    def extend(self, messages: Sequence[Message], seconds: int) -> list[str]:
        refused: list[str] = []
        for part in _parts(messages):
            try:
                answer = self._client.change_message_visibility_batch(
                    QueueUrl=self._url,
                    Entries=[
                        {"Id": str(n), "ReceiptHandle": message.receipt, "VisibilityTimeout": seconds}
                        for n, message in enumerate(part)
                    ],
                )
            except SDK_ERRORS as error:
                raise self._fault(error, "sqs:ChangeMessageVisibility") from None
            refused += map(_reason, answer.get("Failed", ()))
        return refused

    def facts(self) -> QueueFacts:
        try:
            found = self._client.get_queue_attributes(
                QueueUrl=self._url, AttributeNames=["ApproximateNumberOfMessages", "VisibilityTimeout"]
            )["Attributes"]
        except SDK_ERRORS as error:
            raise self._fault(error, "sqs:GetQueueAttributes") from None
        return QueueFacts(int(found["ApproximateNumberOfMessages"]), int(found["VisibilityTimeout"]))

    def close(self) -> None:
        self._client.close()

    def _unknown(self, error: Exception) -> StoreError:
        """Why there is no queue of this name to be used."""
        fault = self._fault(error, "sqs:GetQueueUrl")
        if not isinstance(error, sdk.ClientError):
            return fault
        code = codes.A_QUEUE if error.response.get("Error", {}).get("Code", "") in _UNKNOWN_QUEUE else fault.code
        text = f"Queue does not exist, verify the given name: {_said(fault)}"
        return StoreError(code, _EXIT_NO_QUEUE, text)

    def _fault(self, error: Exception, action: str) -> StoreError:
        who = self._session.who()
        if isinstance(error, sdk.ClientError) and is_refusal(error.response.get("Error", {}).get("Code", "")):
            who = self._session.identity()  # a refusal names the identity, which is worth a call to STS
        grant = f"arn:{self._session.partition}:sqs:*:*:{self._name}"
        fault = explain(error, Call(action, f"queue {self._name}", grant, who))
        exit_code = _EXIT_CALL if isinstance(error, sdk.ClientError) else fault.exit_code
        return StoreError(fault.code, exit_code, _said(fault), ends_run=fault.ends_run)


def _said(fault: StoreError) -> str:
    """What a fault says, without its code."""
    return str(fault).removesuffix(f"  [{fault.code.id}]")


def _parts(messages: Sequence[Message]) -> Iterator[Sequence[Message]]:
    for start in range(0, len(messages), AT_ONCE):
        yield messages[start : start + AT_ONCE]


def _count(attributes: Any) -> int:
    """How often a message was received; once, where the server does not count."""
    found = str((attributes or {}).get("ApproximateReceiveCount", "1"))
    return int(found) if found.isascii() and found.isdigit() else 1


def _reason(failed: Any) -> str:
    return f"{failed.get('Code', '')}: {failed.get('Message', '')}"
