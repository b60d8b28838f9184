"""The ordinary traffic of an AWS account: which calls are made how often, by whom, with which parameters.

Mostly reads, half of them made by services on somebody's behalf, a few per cent failing for reasons of no interest. The
shipped rules have nothing to say about any of them; what they do speak of is in `incidents`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from alertmill.samples.cast import Caller, Cast, Json
from alertmill.samples.objects import Dice
from alertmill.samples.records import Failure, record

Making = Callable[[Cast, Dice], Json | None]
Who = Literal["person", "workload", "service", "principal"]

#: Of the calls that can fail, one in this many does.
_ONE_FAILS_IN = 6


def _nothing(cast: Cast, dice: Dice) -> Json | None:
    return None


@dataclass(frozen=True, slots=True)
class Call:
    """One kind of call. `weight` is its share among all, in thousandths or so; `failure` what some of them end with."""

    source: str
    name: str
    weight: int
    by: Who
    params: Making = _nothing
    response: Making = _nothing
    read_only: bool = True
    failure: Failure | None = None
    #: Kind of the resource named by the first parameter that is an ARN (`AWS::KMS::Key`), empty for none.
    resource: str = ""
    more: Making = _nothing

    def made(self, cast: Cast, dice: Dice) -> Json:
        """A record of such a call, without its time."""
        params = self.params(cast, dice)
        failure = self.failure if self.failure is not None and dice.random() * _ONE_FAILS_IN < 1 else None
        return record(
            dice,
            cast,
            dice.pick(_callers(cast, self.by)),
            self.source,
            self.name,
            params=params,
            response=None if failure else self.response(cast, dice),
            failure=failure,
            more=self.more(cast, dice),
            resource=self._resource(params, cast, dice),
            read_only=self.read_only,
        )

    def _resource(self, params: Json | None, cast: Cast, dice: Dice) -> tuple[str, str] | None:
        if not self.resource:
            return None
        arns = (v for v in (params or {}).values() if isinstance(v, str) and v.startswith("arn:"))
        return self.resource, next(arns, "") or dice.pick(cast.keys)


def _callers(cast: Cast, by: Who) -> Sequence[Caller]:
    if by == "service":
        return cast.services
    if by == "workload":
        return cast.workloads
    return cast.people if by == "person" else cast.principals


def _given(key: str, pool: str, **rest: object) -> Making:
    """One parameter, picked from a pool of the cast, and fixed ones behind it."""
    return lambda cast, dice: {key: dice.pick(getattr(cast, pool)), **rest}


def _listed(group: str, key: str, pool: str, **rest: object) -> Making:
    """EC2's way to name one resource."""
    return lambda cast, dice: {group: {"items": [{key: dice.pick(getattr(cast, pool))}]}, "filterSet": {}, **rest}


def _filtered(group: str, name: str, pool: str, **rest: object) -> Making:
    """EC2's way to ask for what has a property."""

    def params(cast: Cast, dice: Dice) -> Json:
        value = {"items": [{"value": dice.pick(getattr(cast, pool))}]}
        return {group: {}, "filterSet": {"items": [{"name": name, "valueSet": value}]}, **rest}

    return params


def _fixed(**params: object) -> Making:
    return lambda cast, dice: dict(params)


def _role(cast: Cast, dice: Dice) -> Json:
    return {"roleName": dice.pick(cast.roles).rpartition("/")[2]}


def _bucket(suffix: str) -> Making:
    def params(cast: Cast, dice: Dice) -> Json:
        name = dice.pick(cast.buckets)
        return {"bucketName": name, "Host": f"{name}.s3.{cast.region}.amazonaws.com", suffix: ""}

    return params


def _tagging(cast: Cast, dice: Dice) -> Json:
    tags = {"items": [{"key": "stack", "value": dice.pick(cast.names)}]}
    return {"resourcesSet": {"items": [{"resourceId": dice.pick(cast.volumes)}]}, "tagSet": tags}


def _tagged(cast: Cast, dice: Dice) -> Json:
    return {"requestId": dice.uuid(), "_return": True}


def _heartbeat(cast: Cast, dice: Dice) -> Json:
    return {
        "instanceId": dice.pick(cast.instances),
        "agentVersion": "3.3.551.0",
        "agentStatus": "Active",
        "platformType": "Linux",
        "platformName": "Amazon Linux",
        "platformVersion": "2023",
        "iPAddress": f"10.0.{dice.number(0, 3)}.{dice.number(4, 250)}",
        "availabilityZone": f"{cast.region}a",
    }


def _sealed_parameter(cast: Cast, dice: Dice) -> Json:
    arn = f"arn:aws:ssm:{cast.region}:{cast.account}:parameter{dice.pick(cast.parameters)}"
    return {"encryptionAlgorithm": "SYMMETRIC_DEFAULT", "encryptionContext": {"PARAMETER_ARN": arn}}


def _object_key(cast: Cast, dice: Dice) -> Json:
    arn = f"arn:aws:s3:::{dice.pick(cast.buckets)}/{dice.hex(8)}"
    return {"keyId": dice.pick(cast.keys), "encryptionContext": {"aws:s3:arn": arn}, "keySpec": "AES_256"}


def _taking_role(cast: Cast, dice: Dice) -> Json:
    return {"roleArn": dice.pick(cast.roles), "roleSessionName": dice.pick(cast.instances)}


def _assumed(cast: Cast, dice: Dice) -> Json:
    role = dice.pick(cast.roles).rpartition("/")[2]
    session, begin = dice.pick(cast.instances), dice.capitals(17)
    return {
        "credentials": {
            "accessKeyId": "ASIA" + dice.capitals(16),
            "sessionToken": dice.hex(120),
            "expiration": cast.expiry,
        },
        "assumedRoleUser": {
            "assumedRoleId": f"AROA{begin}:{session}",
            "arn": f"arn:aws:sts::{cast.account}:assumed-role/{role}/{session}",
        },
    }


def _stream(cast: Cast, dice: Dice) -> Json:
    return {"logGroupName": dice.pick(cast.log_groups), "logStreamName": f"{cast.day}/[$LATEST]{dice.hex(32)}"}


def _evaluation(cast: Cast, dice: Dice) -> Json:
    made = {"complianceType": "COMPLIANT", "complianceResourceType": "AWS::EC2::Instance"}
    return {"evaluations": [{**made, "complianceResourceId": dice.pick(cast.instances)}]}


def _transfer(cast: Cast, dice: Dice) -> Json:
    return {
        "SignatureVersion": "SigV4",
        "CipherSuite": "TLS_AES_128_GCM_SHA256",
        "bytesTransferredIn": 0.0,
        "AuthenticationMethod": "AuthHeader",
        "x-amz-id-2": dice.hex(64),
        "bytesTransferredOut": float(dice.number(120, 2400)),
    }


_THROTTLED = ("ThrottlingException", "Rate exceeded")
_LIMITED = ("Client.RequestLimitExceeded", "Request limit exceeded.")
_NO_POLICY = ("NoSuchBucketPolicy", "The bucket policy does not exist")
_NO_BLOCK = ("NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found")
_NO_PARAMETER = ("ParameterNotFound", "")
_EXISTS = ("ResourceAlreadyExistsException", "The specified log stream already exists")

_KEY = "AWS::KMS::Key"
_IAM_ROLE = "AWS::IAM::Role"

CALLS: tuple[Call, ...] = (
    # EC2
    Call(
        "ec2", "DescribeInstances", 45, "workload", _listed("instancesSet", "instanceId", "instances"), failure=_LIMITED
    ),
    Call("ec2", "DescribeInstances", 15, "service", _filtered("instancesSet", "vpc-id", "vpcs", maxResults=1000)),
    Call(
        "ec2",
        "DescribeNetworkInterfaces",
        30,
        "service",
        _listed("networkInterfaceIdSet", "networkInterfaceId", "interfaces"),
    ),
    Call("ec2", "DescribeRouteTables", 20, "service", _filtered("routeTableIdSet", "vpc-id", "vpcs")),
    Call("ec2", "DescribeSecurityGroups", 20, "service", _listed("securityGroupIdSet", "groupId", "security_groups")),
    Call("ec2", "DescribeSecurityGroups", 8, "person", _filtered("securityGroupIdSet", "group-name", "names")),
    Call("ec2", "DescribeSubnets", 12, "service", _listed("subnetSet", "subnetId", "subnets")),
    Call("ec2", "DescribeVpcs", 10, "service", _listed("vpcSet", "vpcId", "vpcs")),
    Call("ec2", "DescribeVolumes", 12, "workload", _listed("volumeSet", "volumeId", "volumes")),
    Call("ec2", "DescribeTags", 14, "workload", _filtered("tagSet", "resource-id", "instances", maxResults=5)),
    Call("ec2", "DescribeInstanceStatus", 14, "service", _listed("instancesSet", "instanceId", "instances")),
    Call("ec2", "DescribeAvailabilityZones", 7, "person", _fixed(availabilityZoneSet={}, availabilityZoneIdSet={})),
    Call("ec2", "DescribeRegions", 4, "person", _fixed(regionSet={})),
    Call("ec2", "DescribeImages", 6, "workload", _listed("imagesSet", "imageId", "images", ownersSet={})),
    Call("ec2", "CreateTags", 6, "service", _tagging, _tagged, read_only=False),
    Call("ec2", "CreateNetworkInterface", 5, "service", _given("subnetId", "subnets", groupSet={}), read_only=False),
    # Systems Manager, KMS, secrets
    Call("ssm", "UpdateInstanceInformation", 40, "workload", _heartbeat, read_only=False),
    Call(
        "ssm", "GetParameter", 35, "workload", _given("name", "parameters", withDecryption=True), failure=_NO_PARAMETER
    ),
    Call(
        "ssm", "GetParametersByPath", 12, "workload", _given("path", "parameters", recursive=True), failure=_THROTTLED
    ),
    Call("ssm", "ListAssociations", 10, "service", _fixed(maxResults=50)),
    Call("kms", "Decrypt", 100, "service", _sealed_parameter, resource=_KEY),
    Call("kms", "GenerateDataKey", 45, "service", _object_key, resource=_KEY),
    Call("kms", "Encrypt", 8, "service", _given("keyId", "keys"), resource=_KEY),
    Call("kms", "DescribeKey", 12, "person", _given("keyId", "keys"), resource=_KEY),
    Call("secretsmanager", "GetSecretValue", 30, "workload", _given("secretId", "secrets"), failure=_THROTTLED),
    Call("secretsmanager", "DescribeSecret", 10, "workload", _given("secretId", "secrets")),
    # Identity
    Call("sts", "AssumeRole", 90, "principal", _taking_role, _assumed, resource=_IAM_ROLE),
    Call("sts", "AssumeRole", 15, "workload", _taking_role, _assumed, resource=_IAM_ROLE),
    Call("sts", "GetCallerIdentity", 20, "workload"),
    Call("iam", "GetRole", 15, "person", _role),
    Call("iam", "ListAttachedRolePolicies", 10, "person", _role),
    Call("iam", "GetUser", 8, "person"),
    Call("iam", "ListRoles", 4, "service", _fixed(maxItems=1000)),
    # Storage and data
    Call("s3", "GetBucketAcl", 40, "principal", _bucket("acl"), more=_transfer),
    Call("s3", "ListBuckets", 8, "person", _fixed(Host="s3.amazonaws.com"), more=_transfer),
    Call("s3", "GetBucketLocation", 10, "workload", _bucket("location"), more=_transfer),
    Call("s3", "GetBucketPolicyStatus", 9, "service", _bucket("policyStatus"), failure=_NO_POLICY, more=_transfer),
    Call(
        "s3",
        "GetBucketPublicAccessBlock",
        9,
        "service",
        _bucket("publicAccessBlock"),
        failure=_NO_BLOCK,
        more=_transfer,
    ),
    Call("dynamodb", "DescribeTable", 18, "workload", _given("tableName", "names")),
    Call("rds", "DescribeDBInstances", 12, "workload", _given("dBInstanceIdentifier", "names", maxRecords=100)),
    # Compute and operations
    Call("logs", "CreateLogStream", 45, "workload", _stream, failure=_EXISTS, read_only=False),
    Call("logs", "DescribeLogGroups", 10, "person", _given("logGroupNamePrefix", "log_groups")),
    Call("elasticloadbalancing", "DescribeTargetHealth", 30, "service", _given("targetGroupArn", "target_groups")),
    Call("elasticloadbalancing", "DescribeLoadBalancers", 10, "workload", _fixed(pageSize=400), failure=_THROTTLED),
    Call("autoscaling", "DescribeAutoScalingGroups", 18, "workload", _given("autoScalingGroupName", "names")),
    Call("monitoring", "DescribeAlarms", 12, "service", _given("alarmNamePrefix", "names")),
    Call("lambda", "GetFunction20150331v2", 8, "person", _given("functionName", "names")),
    Call("lambda", "ListFunctions20150331", 4, "person"),
    Call("ecr", "GetAuthorizationToken", 10, "workload", _fixed(registryIds=["123456789012"])),
    Call("eks", "DescribeCluster", 5, "workload", _fixed(name="example-cluster")),
    Call("config", "PutEvaluations", 5, "workload", _evaluation, read_only=False),
    Call("cloudformation", "DescribeStacks", 7, "person", _given("stackName", "names")),
    Call("cloudtrail", "DescribeTrails", 6, "person", _fixed(includeShadowTrails=False)),
    Call("cloudtrail", "GetTrailStatus", 6, "service", _fixed(name="example-trail")),
    Call("health", "DescribeEventAggregates", 7, "person", _fixed(aggregateField="eventTypeCategory")),
    Call("tagging", "GetResources", 5, "person", _fixed(resourceTypeFilters=["ec2:instance"], resourcesPerPage=100)),
)

#: `CALLS`, each as often as it weighs: picking from it makes the mix.
MIX: tuple[Call, ...] = tuple(call for call in CALLS for _ in range(call.weight))
