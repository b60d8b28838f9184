"""The invented company whose logs the samples are: who acts, from where, on what.

Made once per generator from its dice; the generators only pick from it. Addresses are those reserved for documentation
(RFC 5737), names belong to nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from alertmill.samples.objects import Dice, utc_text

#: What orjson writes as one JSON object.
Json = dict[str, Any]

_PEOPLE = ("amelia.hart", "jonas.weber", "priya.nair", "tomas.silva", "lin.yao", "noor.haddad", "oskar.lind")
_MACHINES = ("svc-backup", "svc-inventory", "svc-terraform")
_ROLES = ("orders-api", "billing-worker", "image-resizer", "eks-node", "ci-deploy", "metrics-agent", "web-frontend")
_SERVICES = (
    "autoscaling.amazonaws.com",
    "cloudformation.amazonaws.com",
    "config.amazonaws.com",
    "elasticloadbalancing.amazonaws.com",
    "rds.amazonaws.com",
    "secretsmanager.amazonaws.com",
    "ssm.amazonaws.com",
    "AWS Internal",
)
_PRINCIPALS = ("ec2.amazonaws.com", "lambda.amazonaws.com", "ecs-tasks.amazonaws.com", "cloudtrail.amazonaws.com")
_WORKLOAD_AGENTS = (
    "aws-sdk-go/1.55.5 (go1.22.5; linux; amd64)",
    "aws-sdk-java/2.27.2 Linux/6.1.97 OpenJDK_64-Bit_Server_VM/21.0.4 Java/21.0.4 vendor/Example io/sync http/Apache",
    "Boto3/1.35.14 md/Botocore#1.35.14 ua/2.0 os/linux#6.1.97 md/arch#x86_64 lang/python#3.12.5",
    "aws-sdk-js/3.637.0 ua/2.1 os/linux#5.10.223 lang/js md/nodejs#20.16.0 api/s3#3.637.0",
    "amazon-ssm-agent/3.3.551.0",
)
_PERSON_AGENTS = (
    "aws-cli/2.17.44 md/awscrt#0.21.2 ua/2.0 os/macos#23.6.0 md/arch#arm64 lang/python#3.11.9",
    "aws-cli/2.15.30 Python/3.11.8 Linux/6.5.0-generic exe/x86_64.ubuntu.22 prompt/off command/ec2.describe-instances",
    "APN/1.0 HashiCorp/1.0 Terraform/1.9.5 (+https://www.terraform.io) terraform-provider-aws/5.65.0",
)
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Safari/537.36"
_STAGES = ("prod", "stage", "dev")
_THINGS = ("orders", "billing", "catalog", "search", "media", "reports")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes a call: CloudTrail's `userIdentity`, the address or service host it comes from, and its user agent.

    `tls` is false for services, whose records carry no TLS details.
    """

    identity: Json
    address: str
    agent: str
    tls: bool = True


class Cast:
    """All that exists in the sample account. Attributes are pools to pick from."""

    def __init__(self, dice: Dice, account: str, region: str, begin: int) -> None:
        self.account = account
        self.region = region
        self._dice = dice
        self._begin = begin
        #: Where the sessions of a name call from: an instance has one address.
        self._homes: dict[str, str] = {}
        #: The day, as log streams are named, and when a session of an hour will end.
        self.day = utc_text(begin)[:10].replace("-", "/")
        self.expiry = utc_text(begin + 7200)
        self._make_things()
        self.people = [self._user(name, dice.pick(_PERSON_AGENTS)) for name in _PEOPLE]
        machines = [self._user(name, dice.pick(_WORKLOAD_AGENTS)) for name in _MACHINES]
        sessions = [self._session(role) for role in _ROLES for _ in range(6)]
        self.workloads = sessions + machines
        self.services = [self._on_behalf(caller, dice.pick(_SERVICES)) for caller in sessions for _ in range(2)]
        self.principals = [Caller({"type": "AWSService", "invokedBy": p}, p, p, tls=False) for p in _PRINCIPALS]
        #: Somebody from outside who got hold of keys.
        self.intruder = self._user("tomas.silva", "python-requests/2.32.3", address="198.51.100.77")
        self.root = Caller(
            {"type": "Root", "principalId": account, "arn": f"arn:aws:iam::{account}:root", "accountId": account},
            "192.0.2.200",
            BROWSER,
        )

    def _make_things(self) -> None:
        dice, arn = self._dice, f"{self.region}:{self.account}"
        self.instances = self._ids("i-", 24)
        self.vpcs = self._ids("vpc-", 3)
        self.subnets = self._ids("subnet-", 9)
        self.security_groups = self._ids("sg-", 12)
        self.interfaces = self._ids("eni-", 24)
        self.volumes = self._ids("vol-", 24)
        self.images = self._ids("ami-", 6)
        self.addresses = [f"203.0.113.{n}" for n in range(10, 40)]
        names = [f"{stage}-{thing}" for stage in _STAGES for thing in _THINGS]
        self.names = names
        self.buckets = [f"example-{name}-{dice.hex(6)}" for name in names]
        self.keys = [f"arn:aws:kms:{arn}:key/{dice.uuid()}" for _ in range(8)]
        self.secrets = [f"arn:aws:secretsmanager:{arn}:secret:{name}/db-{dice.word(6)}" for name in names]
        self.parameters = [f"/{name.replace('-', '/')}/config" for name in names]
        self.log_groups = [f"/aws/lambda/{name}" for name in names]
        self.roles = [f"arn:aws:iam::{self.account}:role/{role}" for role in _ROLES]
        self.target_groups = [
            f"arn:aws:elasticloadbalancing:{arn}:targetgroup/{name}/{dice.hex(16)}" for name in names[:8]
        ]

    def _ids(self, prefix: str, count: int) -> list[str]:
        return [f"{prefix}0{self._dice.hex(16)}" for _ in range(count)]

    def _user(self, name: str, agent: str, address: str = "") -> Caller:
        identity = {
            "type": "IAMUser",
            "principalId": "AIDA" + self._dice.capitals(17),
            "arn": f"arn:aws:iam::{self.account}:user/{name}",
            "accountId": self.account,
            "accessKeyId": "AKIA" + self._dice.capitals(16),
            "userName": name,
        }
        return Caller(identity, address or self._dice.pick(self.addresses), agent)

    def _session(self, role: str) -> Caller:
        dice = self._dice
        principal = "AROA" + dice.capitals(17)
        session = dice.pick((self.instances, self.names))
        name = dice.pick(session)
        identity = {
            "type": "AssumedRole",
            "principalId": f"{principal}:{name}",
            "arn": f"arn:aws:sts::{self.account}:assumed-role/{role}/{name}",
            "accountId": self.account,
            "accessKeyId": "ASIA" + dice.capitals(16),
            "sessionContext": {
                "sessionIssuer": {
                    "type": "Role",
                    "principalId": principal,
                    "arn": f"arn:aws:iam::{self.account}:role/{role}",
                    "accountId": self.account,
                    "userName": role,
                },
                "webIdFederationData": {},
                "attributes": {
                    "creationDate": utc_text(self._begin - dice.number(60, 3000)),
                    "mfaAuthenticated": "false",
                },
            },
        }
        address = self._homes.setdefault(name, dice.pick(self.addresses))
        return Caller(identity, address, dice.pick(_WORKLOAD_AGENTS))

    def _on_behalf(self, caller: Caller, service: str) -> Caller:
        return Caller({**caller.identity, "invokedBy": service}, service, service, tls=False)
