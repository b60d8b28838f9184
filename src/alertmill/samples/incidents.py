"""What a security team wants to hear of: the calls that the shipped rules speak about, as little stories.

Each incident is a function that returns the records of one story, usually one record, in their order. `INCIDENTS` lists
them so that a generator can tell them all, one after the other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from alertmill.samples.cast import BROWSER, Caller, Cast, Json
from alertmill.samples.objects import Dice
from alertmill.samples.records import Failure, record

Incident = Callable[[Cast, Dice], list[Json]]

#: Failed sign-ins in one attempt to guess a password, and refused calls of one intruder looking around.
_GUESSES = 7
_PROBES = 12


def _unauthorized(action: str, who: Caller) -> Failure:
    refused = f"{who.identity['arn']} is not authorized to perform: ec2:{action}"
    return "Client.UnauthorizedOperation", f"You are not authorized to perform this operation. User: {refused}"


def _ec2(cast: Cast, dice: Dice, action: str, params: Json, response: Json, *, refused: bool) -> list[Json]:
    who = cast.intruder if refused else dice.pick(cast.people)
    failure = _unauthorized(action, who) if refused else None
    answer = None if refused else {"requestId": dice.uuid(), **response}
    return [record(dice, cast, who, "ec2", action, params=params, response=answer, failure=failure)]


def _run_instances(cast: Cast, dice: Dice, *, refused: bool = False) -> list[Json]:
    image, size = dice.pick(cast.images), "p4d.24xlarge" if refused else "t3.medium"
    params: Json = {
        "instancesSet": {"items": [{"imageId": image, "minCount": 1, "maxCount": 1}]},
        "instanceType": size,
        "blockDeviceMapping": {},
        "monitoring": {"enabled": False},
        "disableApiTermination": False,
        "subnetId": dice.pick(cast.subnets),
        "clientToken": dice.uuid(),
    }
    instance = {"instanceId": f"i-0{dice.hex(16)}", "imageId": image, "instanceState": {"code": 0, "name": "pending"}}
    response = {"ownerId": cast.account, "groupSet": {}, "instancesSet": {"items": [instance]}}
    return _ec2(cast, dice, "RunInstances", params, response, refused=refused)


def _power(action: Literal["StartInstances", "StopInstances"], *, refused: bool = False) -> Incident:
    before, after = ("stopped", "pending") if action == "StartInstances" else ("running", "stopping")

    def story(cast: Cast, dice: Dice) -> list[Json]:
        instance = dice.pick(cast.instances)
        change = {"instanceId": instance, "currentState": {"name": after}, "previousState": {"name": before}}
        params = {"instancesSet": {"items": [{"instanceId": instance}]}}
        return _ec2(cast, dice, action, params, {"instancesSet": {"items": [change]}}, refused=refused)

    return story


def _create_security_group(cast: Cast, dice: Dice) -> list[Json]:
    params = {"groupName": dice.pick(cast.names), "groupDescription": "made by hand", "vpcId": dice.pick(cast.vpcs)}
    response = {"_return": True, "groupId": dice.pick(cast.security_groups)}
    return _ec2(cast, dice, "CreateSecurityGroup", params, response, refused=False)


def _allocate_address(cast: Cast, dice: Dice) -> list[Json]:
    response = {"publicIp": "192.0.2.44", "domain": "vpc", "allocationId": f"eipalloc-0{dice.hex(16)}"}
    return _ec2(cast, dice, "AllocateAddress", {"domain": "vpc"}, response, refused=False)


def _associate_address(cast: Cast, dice: Dice) -> list[Json]:
    params = {"instanceId": dice.pick(cast.instances), "allocationId": f"eipalloc-0{dice.hex(16)}"}
    response = {"_return": True, "associationId": f"eipassoc-0{dice.hex(16)}"}
    return _ec2(cast, dice, "AssociateAddress", params, response, refused=False)


def _create_vpc(cast: Cast, dice: Dice, *, refused: bool = False) -> list[Json]:
    params = {"cidrBlock": "10.99.0.0/16", "instanceTenancy": "default", "amazonProvidedIpv6CidrBlock": False}
    response = {"vpc": {"vpcId": f"vpc-0{dice.hex(16)}", "state": "pending", "cidrBlock": "10.99.0.0/16"}}
    return _ec2(cast, dice, "CreateVpc", params, response, refused=refused)


def _open_port(port: int, network: str) -> Incident:
    def story(cast: Cast, dice: Dice) -> list[Json]:
        group = dice.pick(cast.security_groups)
        asked = {
            "ipProtocol": "tcp",
            "fromPort": port,
            "toPort": port,
            "groups": {},
            "ipRanges": {"items": [{"cidrIp": network}]},
            "ipv6Ranges": {},
            "prefixListIds": {},
        }
        given = {
            "groupOwnerId": cast.account,
            "groupId": group,
            "securityGroupRuleId": f"sgr-0{dice.hex(16)}",
            "isEgress": False,
            "ipProtocol": "tcp",
            "fromPort": port,
            "toPort": port,
            "cidrIpv4": network,
        }
        params = {"groupId": group, "ipPermissions": {"items": [asked]}}
        response = {"_return": True, "securityGroupRuleSet": {"items": [given]}}
        return _ec2(cast, dice, "AuthorizeSecurityGroupIngress", params, response, refused=False)

    return story


def _refused_snapshot(cast: Cast, dice: Dice) -> list[Json]:
    return _ec2(cast, dice, "CreateSnapshot", {"volumeId": dice.pick(cast.volumes)}, {}, refused=True)


def _sign_in(cast: Cast, dice: Dice, who: Caller, *, success: bool = True, mfa: bool = True) -> Json:
    identity = {k: v for k, v in who.identity.items() if k != "accessKeyId"}
    browser = Caller(identity, who.address, BROWSER)
    url = "https://console.aws.amazon.com/console/home"
    return record(
        dice,
        cast,
        browser,
        "signin",
        "ConsoleLogin",
        response={"ConsoleLogin": "Success" if success else "Failure"},
        failure=None if success else ("", "Failed authentication"),
        more={"LoginTo": url, "MobileVersion": "No", "MFAUsed": "Yes" if mfa else "No"},
        event_type="AwsConsoleSignIn",
    )


def _signed_in(*, mfa: bool = True, root: bool = False) -> Incident:
    def story(cast: Cast, dice: Dice) -> list[Json]:
        return [_sign_in(cast, dice, cast.root if root else dice.pick(cast.people), mfa=mfa)]

    return story


def _mistyped(cast: Cast, dice: Dice) -> list[Json]:
    return [_sign_in(cast, dice, dice.pick(cast.people), success=False, mfa=False)]


def _guesses(cast: Cast, dice: Dice) -> list[Json]:
    """One address tries the names of the company."""
    attacker = f"198.51.100.{dice.number(1, 254)}"
    victims = [Caller(dice.pick(cast.people).identity, attacker, BROWSER) for _ in range(_GUESSES)]
    return [_sign_in(cast, dice, victim, success=False, mfa=False) for victim in victims]


def _spread_guesses(cast: Cast, dice: Dice) -> list[Json]:
    """One name is tried from many addresses."""
    victim = dice.pick(cast.people).identity
    callers = [Caller(victim, f"198.51.100.{10 * n + dice.number(0, 9)}", BROWSER) for n in range(1, _GUESSES + 1)]
    return [_sign_in(cast, dice, caller, success=False, mfa=False) for caller in callers]


def _iam(action: str, params: Json) -> Incident:
    def story(cast: Cast, dice: Dice) -> list[Json]:
        return [record(dice, cast, dice.pick(cast.people), "iam", action, params=dict(params))]

    return story


def _lose_factor(cast: Cast, dice: Dice) -> list[Json]:
    who, name = dice.pick(cast.people), dice.pick(cast.people).identity["userName"]
    params = {"userName": name, "serialNumber": f"arn:aws:iam::{cast.account}:mfa/{name}"}
    return [record(dice, cast, who, "iam", "DeactivateMFADevice", params=params)]


def _trail(action: str, params: Json, *, refused: bool = False) -> Incident:
    def story(cast: Cast, dice: Dice) -> list[Json]:
        arn, who = cast.intruder.identity["arn"], cast.intruder
        message = f"User: {arn} is not authorized to perform: cloudtrail:{action}"
        failure = ("AccessDeniedException", message) if refused else None
        return [record(dice, cast, who, "cloudtrail", action, params=dict(params), failure=failure)]

    return story


def _refused(source: str, action: str, code: str = "AccessDenied") -> Incident:
    def story(cast: Cast, dice: Dice) -> list[Json]:
        who = dice.pick(cast.workloads)
        message = f"User: {who.identity['arn']} is not authorized to perform: {source}:{action}"
        return [record(dice, cast, who, source, action, failure=(code, message), read_only=True)]

    return story


_PROBED = (
    ("iam", "ListUsers"),
    ("s3", "ListBuckets"),
    ("rds", "DescribeDBInstances"),
    ("lambda", "ListFunctions20150331"),
)


def _probes(cast: Cast, dice: Dice) -> list[Json]:
    """Stolen keys are tried on everything."""
    who, records = cast.intruder, []
    for _ in range(_PROBES):
        source, action = dice.pick(_PROBED)
        failure = ("AccessDenied", f"User: {who.identity['arn']} is not authorized to perform: {source}:{action}")
        records.append(record(dice, cast, who, source, action, failure=failure, read_only=True))
    return records


_NEW_USER = {"userName": "backup-helper"}
_NO_EVENTS = {"readWriteType": "ReadOnly", "includeManagementEvents": False, "dataResources": []}
_ADMINISTRATOR = {"policyArn": "arn:aws:iam::aws:policy/AdministratorAccess", **_NEW_USER}
_READER = {"policyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess", "roleName": "metrics-agent"}

INCIDENTS: tuple[Incident, ...] = (
    _run_instances,
    lambda c, d: _run_instances(c, d, refused=True),
    _power("StartInstances"),
    _power("StartInstances", refused=True),
    _power("StopInstances"),
    _power("StopInstances", refused=True),
    _create_security_group,
    _allocate_address,
    _associate_address,
    _create_vpc,
    lambda c, d: _create_vpc(c, d, refused=True),
    _open_port(8443, "10.0.0.0/8"),
    _open_port(443, "0.0.0.0/0"),
    _open_port(22, "0.0.0.0/0"),
    _refused_snapshot,
    _signed_in(),
    _signed_in(mfa=False),
    _signed_in(root=True),
    _signed_in(root=True, mfa=False),
    _mistyped,
    _guesses,
    _spread_guesses,
    _iam("CreateUser", _NEW_USER),
    _iam("CreateAccessKey", _NEW_USER),
    _iam("AttachRolePolicy", _READER),
    _iam("AttachUserPolicy", _ADMINISTRATOR),
    _iam(
        "UpdateAssumeRolePolicy", {"roleName": "ci-deploy", "policyDocument": '{"Version":"2012-10-17","Statement":[]}'}
    ),
    _lose_factor,
    _iam("UpdateAccountPasswordPolicy", {"minimumPasswordLength": 6, "requireSymbols": False}),
    _iam("DeleteUser", _NEW_USER),
    _trail("StopLogging", {"name": "example-trail"}),
    _trail("DeleteTrail", {"name": "example-trail"}),
    _trail("UpdateTrail", {"name": "example-trail", "isMultiRegionTrail": False}),
    _trail("PutEventSelectors", {"trailName": "example-trail", "eventSelectors": [_NO_EVENTS]}),
    _trail("StopLogging", {"name": "example-trail"}, refused=True),
    _refused("s3", "GetBucketPolicy"),
    _refused("kms", "ListKeys", "AccessDeniedException"),
    _probes,
)
