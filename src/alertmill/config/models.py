"""ossec.conf as frozen values: one class per XML section, every value remembering the line it came from.

Names are those of ossec.conf (spec/ossec-conf.md, spec/aws-wodle.md 2). A model holds what the file says, with Wazuh's
defaults filled in; what the values mean is the business of whoever is handed the section by `bootstrap`.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from alertmill.errors import Origin

EventFormat = Literal["compatible", "improved"]
BucketTypeName = Literal[
    "cloudtrail",
    "config",
    "custom",
    "guardduty",
    "vpcflow",
    "cisco_umbrella",
    "waf",
    "alb",
    "clb",
    "nlb",
    "server_access",
]


class Section(BaseModel):
    """Base of all sections. `origin` is the place of the section, `origins` of each option that the file sets."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    origin: Origin | None = None
    origins: dict[str, Origin] = Field(default_factory=dict)

    def at(self, option: str) -> Origin | None:
        """Where `option` was set, or the section's place when the default holds."""
        return self.origins.get(option, self.origin)


class DiscardRegex(Section):
    """`<discard_regex field="...">`: records whose field matches at its start are not sent. Already unescaped (D3)."""

    field: str | None = None
    pattern: str


class AwsAccess(Section):
    """How a definition gets at AWS; common to buckets, services and subscribers."""

    access_key: SecretStr | None = None
    secret_key: SecretStr | None = None
    aws_profile: str | None = None
    iam_role_arn: str | None = None
    #: Seconds, 900 to 3600; None leaves it to STS.
    iam_role_duration: int | None = None
    external_id: str | None = None
    sts_endpoint: str | None = None
    service_endpoint: str | None = None


class Bucket(AwsAccess):
    """`<bucket type="...">`."""

    type: BucketTypeName
    name: str
    aws_organization_id: str | None = None
    aws_account_id: tuple[str, ...] = ()
    aws_account_alias: str = ""
    remove_from_bucket: bool = False
    #: Key prefix before `AWSLogs/`, or the whole prefix (custom family); empty or ending in `/`.
    path: str = ""
    #: Inserted behind `AWSLogs/`; empty or ending in `/`.
    path_suffix: str = ""
    only_logs_after: date | None = None
    regions: tuple[str, ...] = ()
    discard_regex: DiscardRegex | None = None


class Service(AwsAccess):
    """`<service type="...">`."""

    type: Literal["cloudwatchlogs", "inspector"]
    aws_account_id: tuple[str, ...] = ()
    aws_account_alias: str = ""
    only_logs_after: date | None = None
    regions: tuple[str, ...] = ()
    aws_log_groups: tuple[str, ...] = ()
    remove_log_streams: bool = False
    discard_regex: DiscardRegex | None = None


class Subscriber(AwsAccess):
    """`<subscriber type="...">`."""

    type: Literal["security_lake", "buckets", "security_hub"]
    sqs_name: str
    discard_regex: DiscardRegex | None = None


class Interval(Section):
    """A repetition: `seconds` (0 for months), or a number of `months`."""

    seconds: int = 600
    months: int = 0


class AwsS3(Section):
    """`<wodle name="aws-s3">`. Defaults are the documented ones (aws-wodle.md D1, D2)."""

    disabled: bool = False
    interval: Interval = Interval()
    #: Day of the month, 1 to 31.
    day: int | None = None
    #: Day of the week, Monday is 0.
    wday: int | None = None
    #: Minutes since midnight, local time.
    time: int | None = None
    run_on_start: bool = True
    skip_on_error: bool = True
    buckets: tuple[Bucket, ...] = ()
    services: tuple[Service, ...] = ()
    subscribers: tuple[Subscriber, ...] = ()
