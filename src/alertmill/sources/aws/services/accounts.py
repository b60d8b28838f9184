"""Whose account a `<service>` reads, and where: the names under which its positions are kept.

The account is asked of STS, which may not answer today (D14). Positions must be found again all the same, so the answer
is remembered; and what was stored while it was not known, or comes from Wazuh's database, moves to the account's name.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from alertmill.config.models import Service
from alertmill.sources.aws.session import AwsSession
from alertmill.sources.base import Position, Progress

_ARN = re.compile(r"arn:(aws[a-z0-9-]*):[a-z]+:[a-z0-9-]*:([0-9]{12}):")

#: The services as the SDK calls them.
_SDK_NAMES = {"cloudwatchlogs": "logs", "inspector": "inspector2"}


def credentials_name(service: Service) -> str:
    """What names the credentials of a definition, without asking anybody."""
    if service.iam_role_arn:
        return service.iam_role_arn
    if service.access_key:
        return f"access key ...{service.access_key.get_secret_value()[-4:]}"
    return f"profile {service.aws_profile}" if service.aws_profile else "default"


@dataclass(frozen=True, slots=True)
class Account:
    """`id` is the account's number, or what names the credentials while the number is not known."""

    id: str
    partition: str
    credentials: str
    #: Where the accounts of definitions are remembered, by what names their credentials.
    scope: str

    @classmethod
    def found(cls, service: Service, session: AwsSession, progress: Progress) -> Account:
        """The account behind the credentials; asks STS where neither a role's ARN nor an earlier answer tells."""
        name, scope = credentials_name(service), scope_of(service.type, "*", "*")
        told = _ARN.match(service.iam_role_arn or "") or _ARN.match(session.identity())
        if told:
            return cls(told[2], told[1], name, scope)
        known = progress.positions(scope).get(name, "")
        partition, _, number = known.rpartition(":")
        return cls(number or name, partition or session.partition, name, scope)

    def marks(self, progress: Progress) -> tuple[Position, ...]:
        """What remembers the account, if it is known and was not before."""
        text = f"{self.partition}:{self.id}"
        if self.id == self.credentials or progress.positions(self.scope).get(self.credentials) == text:
            return ()
        return (Position(self.scope, self.credentials, text),)


def scope_of(kind: str, account: str, region: str) -> str:
    """The scope of the positions of a region."""
    return f"aws-service|{kind}|{account}|{region}"


def positions_of(
    kind: str, account: Account, region: str, progress: Progress, ours: Callable[[str], bool]
) -> tuple[dict[str, str], tuple[Position, ...]]:
    """The positions of a region, and the marks that move those here that are stored under another name.

    `ours` says which keys the definition reads.
    """
    scope = scope_of(kind, account.id, region)
    positions = progress.positions(scope)
    marks: list[Position] = []
    for name in dict.fromkeys((account.credentials, "")):
        former = scope_of(kind, name, region)
        if former == scope:
            continue
        for key, value in progress.positions(former).items():
            if ours(key):
                marks.append(Position(former, key, ""))
                if key not in positions:
                    positions[key] = value
                    marks.append(Position(scope, key, value))
    return positions, tuple(marks)


def regions_of(service: Service, session: AwsSession, partition: str) -> tuple[list[str], bool]:
    """The regions to read, in order, and whether they are a guess (aws-wodle.md 11.1)."""
    if service.regions:
        return sorted(set(service.regions)), False
    if region := session.region():
        return [region], False
    return session.regions_of(_SDK_NAMES[service.type], partition), True
