"""The long tail of a CloudTrail trail: calls beside those of `alertmill.samples`, and what their parameters look like.

Of a trail of 2,093 real events, 172 names of calls in 187 different shapes were counted. The common ones are in
`alertmill.samples.calls`; these fill up the rest. Parameters are made up from the name of the call, so that every call
has a shape of its own that is always the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from alertmill.samples.cast import Cast, Json
from alertmill.samples.objects import Dice

#: Calls that read, most frequent first, by service.
READS = {
    "ec2": """
        DescribeVpcAttribute DescribeNatGateways DescribeAccountAttributes DescribeInstanceAttribute GetPasswordData
        DescribeInternetGateways DescribeNetworkAcls DescribeVpcClassicLink DescribeVpcEndpoints DescribeAddresses
        DescribeSnapshots DescribeKeyPairs DescribeLaunchTemplates DescribeInstanceTypes DescribeDhcpOptions
        DescribeFlowLogs DescribeSnapshotAttribute DescribeSecurityGroupRules DescribePrefixLists DescribeHosts
        DescribePlacementGroups DescribeVolumesModifications DescribeIamInstanceProfileAssociations
        GetEbsEncryptionByDefault DescribeTransitGateways DescribeSpotPriceHistory DescribeReservedInstances
        DescribeVolumeStatus
    """,
    "ssm": """
        DescribeParameters DescribeInstanceInformation GetParameters ListCommands DescribePatchBaselines GetDocument
        ListDocuments DescribeSessions GetInventory ListComplianceSummaries GetConnectionStatus
    """,
    "iam": """
        ListRolePolicies GetRolePolicy ListInstanceProfilesForRole GetPolicyVersion ListAccessKeys GetAccountSummary
        GetLoginProfile ListMFADevices ListPolicies GetPolicy ListSigningCertificates ListServiceSpecificCredentials
        ListSSHPublicKeys GetAccessKeyLastUsed ListAttachedUserPolicies GenerateCredentialReport GetInstanceProfile
        GetAccountPasswordPolicy ListEntitiesForPolicy SimulatePrincipalPolicy
    """,
    "s3": """
        GetBucketLogging GetBucketPolicy GetBucketEncryption GetBucketVersioning GetBucketTagging GetBucketCors
        GetBucketWebsite GetBucketReplication GetBucketLifecycle GetBucketObjectLockConfiguration
        GetBucketOwnershipControls GetBucketRequestPayment GetAccelerateConfiguration HeadBucket
        GetBucketNotification
    """,
    "secretsmanager": "GetResourcePolicy ListSecrets ListSecretVersionIds GetRandomPassword",
    "kms": "GetKeyPolicy ListKeys ListResourceTags GetKeyRotationStatus ListGrants",
    "sts": "GetSessionToken AssumeRoleWithWebIdentity DecodeAuthorizationMessage",
    "lambda": """
        GetPolicy20150331v2 ListTags20170331 GetFunctionConfiguration20150331v2 ListEventSourceMappings20150331
    """,
    "logs": "DescribeLogStreams FilterLogEvents DescribeMetricFilters DescribeSubscriptionFilters",
    "monitoring": "DescribeAlarmsForMetric ListDashboards GetDashboard DescribeAnomalyDetectors",
    "rds": """
        DescribeDBClusters DescribeDBSnapshots DescribeDBSubnetGroups DescribeOrderableDBInstanceOptions
    """,
    "ecs": "DescribeServices DescribeTasks ListTasks DescribeClusters DescribeContainerInstances",
    "dynamodb": "DescribeTimeToLive ListTables DescribeContinuousBackups",
    "organizations": "DescribeOrganization ListAccounts DescribeAccount",
    "route53": "ListHostedZones ListResourceRecordSets GetChange",
    "guardduty": "GetDetector ListDetectors GetFindings",
    "access-analyzer": "ListAnalyzers ValidatePolicy",
    "sqs": "GetQueueAttributes ListQueues",
    "sns": "GetTopicAttributes ListSubscriptionsByTopic",
}

#: Calls that change something, most frequent first. Wazuh's stock ruleset raises an alert for each, failed or not.
CHANGES = {
    "ec2": """
        RunInstances CreateVpc CreateRouteTable AssociateRouteTable CreateSubnet CreateTags DisassociateRouteTable
        DeleteRouteTable CreateRoute DeleteRoute AttachInternetGateway TerminateInstances
        AuthorizeSecurityGroupIngress CreateNetworkInterface DeleteNetworkInterface AllocateAddress
        ModifyInstanceAttribute CreateSnapshot CreateSecurityGroup StopInstances StartInstances
        RevokeSecurityGroupEgress ModifyImageAttribute CreateNatGateway DeleteNatGateway DeleteInternetGateway
        CreateVolume AttachVolume DetachVolume DeleteVolume AuthorizeSecurityGroupEgress CreateImage
        RevokeSecurityGroupIngress DeleteSecurityGroup DetachNetworkInterface CreateKeyPair CreateNetworkAclEntry
        DeleteSnapshot AssociateIamInstanceProfile ModifySnapshotAttribute RebootInstances CreateVpcEndpoint
        DeleteTags CopySnapshot
    """,
    "iam": """
        CreateRole DeleteRole PutRolePolicy AttachRolePolicy DeleteRolePolicy AddRoleToInstanceProfile
        CreateAccessKey CreateInstanceProfile DeleteInstanceProfile RemoveRoleFromInstanceProfile DetachRolePolicy
        CreatePolicy CreateUser UpdateAssumeRolePolicy AttachUserPolicy DeleteUser UpdateLoginProfile
        CreateLoginProfile PutUserPolicy DeleteAccessKey CreatePolicyVersion AddUserToGroup DeactivateMFADevice
        EnableMFADevice CreateVirtualMFADevice DeleteGroupPolicy
    """,
    "s3": """
        DeleteBucket CreateBucket PutBucketPolicy PutBucketTagging PutBucketVersioning PutBucketLogging PutBucketAcl
        DeleteBucketPolicy PutBucketReplication PutBucketNotification PutBucketLifecycle
    """,
    "rds": """
        ModifyDBInstance CreateDBSnapshot DeleteDBInstance CreateDBInstance RestoreDBInstanceFromDBSnapshot
        ModifyDBCluster
    """,
    "autoscaling": "PutScalingPolicy TerminateInstanceInAutoScalingGroup AttachLoadBalancers",
    "elasticloadbalancing": "RegisterTargets DeregisterTargets ModifyTargetGroup CreateListener ModifyRule",
    "cloudformation": "CreateStack UpdateStack DeleteStack",
    "config": "PutEvaluations PutConfigRule StartConfigRulesEvaluation",
    "route53": "ChangeResourceRecordSets",
    "cloudtrail": "StopLogging",
    "kms": "DisableKey",
}

#: Errors with their shares in hundredths: of 230 failed calls of a real trail, 44 % were throttled, 26 % refused.
ERRORS = (
    (44, "ThrottlingException", "Rate exceeded"),
    (19, "Client.UnauthorizedOperation", "You are not authorized to perform this operation."),
    (7, "AccessDenied", "User is not authorized to perform this operation"),
    (6, "Client.InvalidRouteTableID.NotFound", "The routeTable ID does not exist"),
    (6, "NoSuchBucketPolicy", "The bucket policy does not exist"),
    (5, "NoSuchEntityException", "The role cannot be found."),
    (5, "TrailNotFoundException", "Unknown trail"),
    (4, "Client.InvalidParameterValue", "Value is not valid for this parameter"),
    (4, "BucketNotEmpty", "The bucket you tried to delete is not empty"),
)

_VERB = re.compile(
    "Describe|Get|List|Create|Delete|Update|Put|Modify|Attach|Detach|Associate|Disassociate|Authorize|Revoke|Run|Start|Stop"
    "|Terminate|Allocate|Add|Remove|Register|Deregister|Enable|Disable|Deactivate|Copy|Reboot|Restore|Change|Generate"
    "|Filter|Head|Simulate|Validate|Assume|Decode"
)
#: Members that any call may have beside its own, by chance of its name.
_EXTRAS = ("maxResults", "nextToken", "dryRun", "includeShadow", "clientToken", "tags", "filters", "description")
_POLICIES = ("Policy",)


@dataclass(frozen=True, slots=True)
class TailCall:
    """One kind of call with its own shape. `params` and `response` make the values."""

    source: str
    name: str
    params: Callable[[Cast, Dice], Json | None]
    response: Callable[[Cast, Dice], Json | None]
    read_only: bool


def calls(table: dict[str, str], *, read_only: bool) -> list[TailCall]:
    """The calls of a table, most frequent first: the first of each service, then the second of each, and so on."""
    columns = [(source, names.split()) for source, names in table.items()]
    ordered = [
        (source, names[rank])
        for rank in range(max(len(n) for _, n in columns))
        for source, names in columns
        if rank < len(names)
    ]
    return [_call(source, name, read_only) for source, name in ordered]


def _call(source: str, name: str, read_only: bool) -> TailCall:
    chance = Dice(f"shape/{source}/{name}")
    noun = _VERB.sub("", name, count=1).rstrip("0123456789v") or "Resource"
    noun = noun[0].lower() + noun[1:]
    extras = [extra for extra in _EXTRAS if chance.random() < 0.12]
    own = _ec2_members(noun, read_only) if source == "ec2" else _members(noun, name, chance)

    def params(cast: Cast, dice: Dice) -> Json | None:
        made = own(cast, dice)
        for extra in extras:
            made[extra] = _extra(extra, cast, dice)
        return made or None

    answers = not read_only and chance.random() < 0.68

    def response(cast: Cast, dice: Dice) -> Json | None:
        if not answers:
            return None
        thing = {
            f"{noun}Id": dice.hex(17),
            "state": "available",
            "ownerId": cast.account,
            "tagSet": {},
            **own(cast, dice),
        }
        return {"requestId": dice.uuid(), noun: thing}

    return TailCall(source, name, params, response, read_only)


def _ec2_members(noun: str, read_only: bool) -> Callable[[Cast, Dice], Json]:
    """EC2 wraps what it is given in sets of items."""

    def members(cast: Cast, dice: Dice) -> Json:
        if read_only:
            return {f"{noun}Set": {"items": [{f"{noun}Id": dice.pick(cast.instances)}]}, "filterSet": {}}
        return {
            f"{noun}Id": dice.pick(cast.volumes),
            "vpcId": dice.pick(cast.vpcs),
            "subnetId": dice.pick(cast.subnets),
        }

    return members


def _members(noun: str, name: str, chance: Dice) -> Callable[[Cast, Dice], Json]:
    none_at_all, listed = chance.random() < 0.15, chance.random() < 0.2

    def members(cast: Cast, dice: Dice) -> Json:
        if none_at_all:
            return {}
        made: Json = {f"{noun}Name": dice.pick(cast.names)}
        if listed:
            made[f"{noun}Arns"] = [dice.pick(cast.keys) for _ in range(dice.number(1, 4))]
        if name.endswith(_POLICIES) and not name.startswith(("Get", "List", "Attach", "Detach", "Delete")):
            made["policyDocument"] = _policy(cast, dice)
        return made

    return members


def _policy(cast: Cast, dice: Dice) -> str:
    """A policy as IAM and S3 log it: JSON within a text, some hundred bytes to two thousand."""
    statements = ",".join(
        f'{{"Sid":"Statement{number}","Effect":"Allow","Action":["s3:GetObject","s3:ListBucket","logs:PutLogEvents"],'
        f'"Resource":"arn:aws:s3:::{dice.pick(cast.buckets)}/*"}}'
        for number in range(dice.number(1, 12))
    )
    return f'{{"Version":"2012-10-17","Statement":[{statements}]}}'


def _extra(name: str, cast: Cast, dice: Dice) -> object:
    match name:
        case "maxResults":
            return dice.pick((50, 100, 1000))
        case "dryRun" | "includeShadow":
            return dice.random() < 0.5
        case "tags":
            return [{"key": "team", "value": dice.pick(cast.names)}, {"key": "Name", "value": dice.word(12)}]
        case "filters":
            return [{"name": "tag:stack", "values": [dice.pick(cast.names)]}]
        case "description":
            return f"made by {dice.pick(cast.names)}"
        case _:
            return dice.uuid()
