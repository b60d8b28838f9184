"""Which events of the recording belong to which technique, and which labelled rules ask for what rules cannot know.

A technique is described by the calls that it cannot do without, never by names, addresses or ids of the recording.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

#: How the recording's preparations are made, which are nobody's attack.
_PREPARING = re.compile(r"Terraform|HashiCorp")
#: Sessions of an instance's role end with the instance's id.
_INSTANCE = re.compile(r"/i-[0-9a-f]+$")


@dataclass(frozen=True, slots=True)
class Technique:
    """A technique and its calls (`service:Call`).

    `instance` is for techniques with an instance's credentials; `refused` leaves out calls that succeeded.
    """

    name: str
    mitre: str
    calls: frozenset[str]
    instance: bool = False
    refused: bool = False

    def includes(self, record: Json) -> bool:
        """Whether a record of the trail is part of it."""
        call = f"{record.get('eventSource', '').partition('.')[0]}:{record.get('eventName')}"
        identity = record.get("userIdentity", {})
        if call not in self.calls or _PREPARING.search(record.get("userAgent", "")):
            return False
        if "invokedBy" in identity and record.get("eventType") != "AwsServiceEvent":
            return False
        if self.refused and "errorCode" not in record:
            return False
        return not self.instance or _INSTANCE.search(identity.get("arn", "")) is not None


def _technique(name: str, mitre: str, *calls: str, instance: bool = False, refused: bool = False) -> Technique:
    return Technique(name, mitre, frozenset(calls), instance, refused)


TECHNIQUES: tuple[Technique, ...] = (
    _technique("a role that may not be assumed, tried", "T1078.004", "sts:AssumeRole", refused=True),
    _technique("security group opened", "T1562.007", "ec2:AuthorizeSecurityGroupIngress"),
    _technique("CloudTrail: events left out", "T1562.008", "cloudtrail:PutEventSelectors"),
    _technique("CloudTrail: logs expire", "T1562.008", "s3:PutBucketLifecycle"),
    _technique("CloudTrail: trail deleted", "T1562.008", "cloudtrail:DeleteTrail"),
    _technique("CloudTrail: trail stopped", "T1562.008", "cloudtrail:StopLogging"),
    _technique("command sent to instances", "T1651", "ssm:SendCommand"),
    _technique(
        "credentials of an instance used elsewhere",
        "T1552.005",
        "sts:GetCallerIdentity",
        "ec2:DescribeInstances",
        instance=True,
    ),
    _technique("image shared", "T1537", "ec2:ModifyImageAttribute"),
    _technique("large instances asked for", "T1496", "ec2:RunInstances"),
    _technique("organisation left", "T1666", "organizations:LeaveOrganization"),
    _technique("parameters read in bulk", "T1552", "ssm:GetParameters"),
    _technique("secrets read in bulk", "T1555.006", "secretsmanager:GetSecretValue"),
    _technique("shared snapshot used elsewhere", "T1537", "ec2:SharedSnapshotVolumeCreated"),
    _technique("user data of instances read", "T1552", "ec2:DescribeInstanceAttribute", refused=True),
    _technique(
        "users, roles and policies read",
        "T1087.004",
        "iam:ListUsers",
        "iam:GetAccountSummary",
        "iam:GetAccountAuthorizationDetails",
        "iam:ListSSHPublicKeys",
        "iam:ListMFADevices",
    ),
    _technique("VPC flow logs deleted", "T1562.008", "ec2:DeleteFlowLogs"),
    _technique("Windows passwords of instances read", "T1552", "ec2:GetPasswordData"),
)

_OWN_LIST = "asks for what only a list of one's own can tell"
#: Labelled rules that no shipped rule can speak for, and why.
OUT_OF_SCOPE: dict[str, str] = {
    "AWS.CloudTrail.IAMAssumeRoleBlacklistIgnored": _OWN_LIST,
    "AWS.CloudTrail.UserAccessKeyAuth": "is about any use of a user's key",
    "AWS.CloudTrail.VPCE.ExternalPrincipal": "network activity events have no rules",
    "AWS.CloudTrail.VPCE.S3ExternalIP": "network activity events have no rules",
    "AWS.EC2.Vulnerable.XZ.Image.Launched": _OWN_LIST,
    "AWS.LAMBDA.CRUD": _OWN_LIST,
    "AWS.UnusedRegion": _OWN_LIST,
    "CiscoUmbrella.DNS.Suspicious": _OWN_LIST,
    "Decoy.DynamoDB.Accessed": "a finding about a decoy is told by its severity, whatever was done",
    "Decoy.IAM.Assumed": "a finding about a decoy is told by its severity, whatever was done",
    "Decoy.Secret.Accessed": "a finding about a decoy is told by its severity, whatever was done",
    "Kubernetes.API.IOC.Activity": "asks for what is known about addresses elsewhere",
    "Kubernetes.System.Principal.PublicIP": "asks for what is known about addresses elsewhere",
}
