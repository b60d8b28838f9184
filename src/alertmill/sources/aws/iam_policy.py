"""The least that an ossec.conf needs to be allowed in AWS, as IAM policies: one for each identity that it uses.

Pure: definitions in, policy documents out. Which calls need which permission: aws-wodle.md 15, and the service
authorization reference of AWS for each action. What a configuration does not tell (the buckets that a queue speaks of,
the keys that objects are encrypted with) is given by the caller.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from alertmill.config.models import AwsAccess, AwsS3, Bucket, Service, Subscriber
from alertmill.sources.aws.buckets import BUCKET_TYPES

Json = dict[str, Any]

#: The identity of definitions that name neither a role nor a profile nor keys.
DEFAULT_IDENTITY = "default"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the configuration does not say.

    `buckets` are those whose objects queues tell of (none: any), `keys` the ARNs of KMS keys that objects are encrypted
    with. `audit`: also what `alertmill audit` needs.
    """

    partition: str = "aws"
    buckets: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    audit: bool = False


@dataclass(slots=True)
class _Grants:
    """What one identity is to be allowed: resources by statement, in the order in which they were first needed."""

    listed: dict[str, dict[str, None]] = field(default_factory=dict)
    resources: dict[tuple[str, str], dict[str, None]] = field(default_factory=dict)

    def add(self, name: str, action: str, *resources: str) -> None:
        self.resources.setdefault((name, action), {}).update(dict.fromkeys(resources))


def identity_of(access: AwsAccess) -> str:
    """The word for whose permissions a definition uses: a role's ARN, a profile, an access key, or the default."""
    if access.iam_role_arn:
        return access.iam_role_arn
    return base_identity(access)


def base_identity(access: AwsAccess) -> str:
    """Whose permissions assume the role, or do the work where there is none."""
    if access.access_key:
        return f"access key ...{access.access_key.get_secret_value()[-4:]}"
    return f"profile {access.aws_profile}" if access.aws_profile else DEFAULT_IDENTITY


def policies(modules: Iterable[AwsS3], wishes: Wishes) -> dict[str, Json]:
    """The policy document of each identity, in the order in which ossec.conf brings them up."""
    grants: dict[str, _Grants] = {}

    def of(identity: str) -> _Grants:
        return grants.setdefault(identity, _Grants())

    for module in (module for module in modules if not module.disabled):
        definitions: Sequence[AwsAccess] = (*module.buckets, *module.services, *module.subscribers)
        for definition in definitions:
            grant = of(identity_of(definition))
            if isinstance(definition, Bucket):
                _bucket(definition, grant, wishes)
            elif isinstance(definition, Service):
                _service(definition, grant, wishes)
            elif isinstance(definition, Subscriber):
                _subscriber(definition, grant, wishes)
            if definition.iam_role_arn:
                of(base_identity(definition)).add("AssumeTheRole", "sts:AssumeRole", definition.iam_role_arn)
            if wishes.keys:
                grant.add("DecryptTheLogs", "kms:Decrypt", *wishes.keys)
    return {identity: _document(grant) for identity, grant in grants.items()}


def _bucket(bucket: Bucket, grant: _Grants, wishes: Wishes) -> None:
    kind = BUCKET_TYPES[bucket.type]
    arn = f"arn:{wishes.partition}:s3:::{bucket.name}"
    prefixes = grant.listed.setdefault(arn, {})
    if kind.base(bucket) is None:
        below = bucket.path
        prefixes[f"{below}*"] = None
    else:
        below = f"{bucket.path}AWSLogs/"
        # The path itself is listed to tell an empty bucket from a wrong <path>.
        prefixes.update({bucket.path: None, f"{bucket.path}AWSLogs*": None})
    if bucket.type == "guardduty":
        below = bucket.path
        prefixes[f"{below}*"] = None
    grant.add("ReadTheLogs", "s3:GetObject", f"{arn}/{below}*")
    if bucket.remove_from_bucket:
        grant.add("DeleteWhatHasBeenRead", "s3:DeleteObject", f"{arn}/{below}*")
    if kind.flow_logs:
        grant.add("NameFlowLogsInTheLog", "ec2:DescribeFlowLogs", "*")
    if bucket.type == "cloudtrail" and wishes.audit:
        grant.add("VerifyDigests", "cloudtrail:ListPublicKeys", "*")


def _service(service: Service, grant: _Grants, wishes: Wishes) -> None:
    if service.type == "inspector":
        grant.add("ReadFindings", "inspector2:ListFindings", "*")
        return
    for region in service.regions or ("*",):
        for group in service.aws_log_groups:
            arn = f"arn:{wishes.partition}:logs:{region}:*:log-group:{group}"
            grant.add("ListLogStreams", "logs:DescribeLogStreams", f"{arn}:*")
            grant.add("ReadLogStreams", "logs:GetLogEvents", f"{arn}:log-stream:*")
            if service.remove_log_streams:
                grant.add("DeleteReadStreams", "logs:DeleteLogStream", f"{arn}:log-stream:*")


def _subscriber(subscriber: Subscriber, grant: _Grants, wishes: Wishes) -> None:
    queue = f"arn:{wishes.partition}:sqs:*:*:{subscriber.sqs_name}"
    for action in (
        "sqs:ChangeMessageVisibility",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:GetQueueUrl",
        "sqs:ReceiveMessage",
    ):
        grant.add("WorkOnTheQueue", action, queue)
    named = [f"arn:{wishes.partition}:s3:::{name}/*" for name in wishes.buckets or ("*",)]
    grant.add("ReadWhatTheQueueTellsOf", "s3:GetObject", *named)


def _document(grant: _Grants) -> Json:
    statements: list[Json] = []
    for arn, prefixes in grant.listed.items():
        statement: Json = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": arn}
        if "*" not in prefixes:
            statement["Condition"] = {"StringLike": {"s3:prefix": list(prefixes)}}
        statements.append({"Sid": "ListTheLogs" + (str(len(statements) + 1) if statements else ""), **statement})
    merged: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for (name, action), resources in grant.resources.items():
        merged.setdefault((name, tuple(resources)), []).append(action)
    for (name, needed), actions in merged.items():
        statements.append(
            {
                "Sid": name,
                "Effect": "Allow",
                "Action": actions[0] if len(actions) == 1 else actions,
                "Resource": needed[0] if len(needed) == 1 else list(needed),
            }
        )
    return {"Version": "2012-10-17", "Statement": statements}
