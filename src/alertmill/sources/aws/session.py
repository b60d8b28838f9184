"""Credentials and clients: from the options of a definition to boto3 clients (aws-wodle.md 6).

In this order: static keys, a profile, the SDK's own chain; with `iam_role_arn` these then assume a role. Whatever
expires is refreshed as long as the daemon runs. What goes wrong is told as a StoreError.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import botocore.session
from botocore import exceptions as sdk
from botocore.config import Config
from botocore.credentials import RefreshableCredentials

from alertmill import codes
from alertmill.config.models import AwsAccess
from alertmill.sources.aws import chain, partitions
from alertmill.sources.aws.explain import SDK_ERRORS, Call, explain
from alertmill.sources.aws.faults import StoreError

if TYPE_CHECKING:
    from mypy_boto3_cloudtrail import CloudTrailClient
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_inspector2 import Inspector2Client
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sts import STSClient

#: The name of an assumed role's session, which trust policies and CloudTrail searches of existing set-ups know.
ROLE_SESSION_NAME = "WazuhLogParsing"

#: Seconds.
_CONNECT_TIMEOUT = 10
_READ_TIMEOUT = 30
#: Seconds for calls that only serve to say more, and are made once.
_CURIOUS_TIMEOUT = 4

_ATTEMPTS = 10
#: Seconds that a role's session lasts where nobody says otherwise, and the seconds before its end from which on a new
#: one is asked for, first without holding up anybody; for a short one, so many times less.
_ROLE_DURATION = 3600
_REFRESH_EARLY, _REFRESH_LATE = 900, 600


class AwsSession:
    """The clients of one definition. `regions` are those that it asks for.

    `attempts` is how often a call is tried in all, None for as often as the daemon does. Raises StoreError when the
    profile does not exist or no credentials can be made.
    """

    def __init__(self, access: AwsAccess, regions: tuple[str, ...] = (), *, attempts: int | None = None) -> None:
        self._access = access
        self._identity: str | None = None
        self._lock = threading.RLock()  # sessions are not made for several threads, clients are
        role = access.iam_role_arn or ""
        call = Call("sts:AssumeRole", role, role, _base_name(access)) if role else Call("", "", "", _base_name(access))
        try:
            self._base = _base_session(access)
            self._found = chain.found_name(self._base)
            #: The partition that everything of the definition lies in.
            self.partition = partitions.meant(access, regions, self._base.region_name)
            self._region = partitions.region_to_ask(self.partition, regions, self._base.region_name)
            self._config = _config(self._base, attempts)
            self._session = self._assumed(replace(call, who=self._base_name())) if role else self._base
        except SDK_ERRORS as error:
            raise explain(error, call) from None

    def s3(self) -> S3Client:
        """The S3 client; path-style addressing for an endpoint that is not Amazon's own. Raises StoreError."""
        own = self._is_own_s3() or _placed("S3")
        try:
            client = self._s3_client(path_style=own)
            if own == partitions.is_amazon(client.meta.endpoint_url):  # the shared config file places it elsewhere
                client = self._s3_client(path_style=not own)
        except SDK_ERRORS as error:
            raise explain(
                error, Call("s3:ListBucket", self._access.service_endpoint or "S3", "*", self.who())
            ) from None
        except ValueError as error:
            raise StoreError(codes.A_DEFINITION, 1, f"the S3 endpoint cannot be used: {error}") from None
        return client

    def ec2(self, region: str) -> EC2Client | None:
        """The EC2 client of a region, which never uses the endpoint that is meant for S3 (D11).

        None beside an S3 of one's own, whose credentials mean nothing to Amazon.
        """
        if self._is_own_s3() and not _placed("EC2"):
            return None
        with self._lock:
            client: EC2Client = self._session.client("ec2", region_name=region, config=_curious_config())
        return client

    def cloudtrail(self, region: str) -> CloudTrailClient | None:
        """The CloudTrail client of a region, None beside an S3 of one's own, as for `ec2`."""
        if self._is_own_s3() and not _placed("CLOUDTRAIL"):
            return None
        with self._lock:
            client: CloudTrailClient = self._session.client("cloudtrail", region_name=region, config=self._config)
        return client

    def sqs(self) -> SQSClient:
        """The SQS client, which never uses the endpoint that is meant for S3 (aws-wodle.md 12.1). Raises StoreError."""
        try:
            with self._lock:
                client: SQSClient = self._session.client("sqs", config=self._config)
        except SDK_ERRORS as error:
            raise explain(error, Call("sqs:GetQueueUrl", "SQS", "*", self.who())) from None
        except ValueError as error:
            raise StoreError(codes.A_DEFINITION, 1, f"the SQS endpoint cannot be used: {error}") from None
        return client

    def logs(self, region: str) -> CloudWatchLogsClient:
        """The CloudWatch Logs client of a region. Raises StoreError."""
        client: CloudWatchLogsClient = self._service_client("logs", region)
        return client

    def inspector(self, region: str) -> Inspector2Client:
        """The client of Amazon Inspector in a region. Raises StoreError."""
        client: Inspector2Client = self._service_client("inspector2", region)
        return client

    def _service_client(self, service: str, region: str) -> Any:
        """A client of the service that a `<service>` reads, which `service_endpoint` is meant for."""
        try:
            with self._lock:
                return self._session.client(
                    service, region_name=region, endpoint_url=self._access.service_endpoint, config=self._config
                )
        except SDK_ERRORS as error:
            raise explain(error, Call(service, f"region {region}", "*", self.who())) from None
        except ValueError as error:
            raise StoreError(codes.A_DEFINITION, 1, f"the endpoint of {service} cannot be used: {error}") from None

    def region(self) -> str | None:
        """The region that the profile, the configuration file or the environment names."""
        return self._base.region_name

    def regions_of(self, service: str, partition: str = "aws") -> list[str]:
        """The regions in which the SDK knows a service."""
        with self._lock:
            return sorted(self._base.get_available_regions(service, partition_name=partition))

    def credentials(self) -> Any:
        """The credentials of the S3 client, refreshed when needed (botocore's object), or None."""
        return self._session.get_credentials()

    def require_credentials(self) -> None:
        """Have credentials now, rather than with the first call. Raises StoreError."""
        call = Call("", "", "", self.who())
        try:
            found = self.credentials()
            if found is None:
                raise sdk.NoCredentialsError
            found.get_frozen_credentials()
        except SDK_ERRORS as error:
            raise explain(error, call) from None

    def ca_file(self) -> str | None:
        """The certificates that the user's configuration says to trust."""
        found: str | None = self._base._session.get_config_variable("ca_bundle")
        return found

    def who(self) -> str:
        """Whose credentials these are, without asking AWS; empty where there are none."""
        return self._access.iam_role_arn or self._base_name()

    def identity(self) -> str:
        """The ARN behind the credentials if STS tells it quickly, else `who()`. Asked once."""
        with self._lock:
            if self._identity is None:
                try:
                    self._identity = self.caller() or self.who()
                except StoreError:
                    self._identity = self.who()
            return self._identity

    def caller(self) -> str:
        """The ARN behind the credentials, as STS tells it; empty beside an S3 of one's own, which has no STS.

        Raises StoreError.
        """
        if self._is_own_s3() and not self._access.sts_endpoint and not _placed("STS"):
            return ""
        try:
            with self._lock:
                client = self._sts(self._session, _curious_config())
            with closing(client):
                return client.get_caller_identity()["Arn"]
        except SDK_ERRORS as error:
            raise explain(error, Call("sts:GetCallerIdentity", "STS", "*", self.who())) from None

    def _base_name(self) -> str:
        return _base_name(self._access) or self._found

    def _is_own_s3(self) -> bool:
        return bool(self._access.service_endpoint) and not partitions.is_amazon(self._access.service_endpoint)

    def _s3_client(self, *, path_style: bool) -> S3Client:
        style = Config(s3={"addressing_style": "path"}) if path_style else Config()
        client: S3Client = self._session.client(
            "s3",
            region_name=self._region,
            endpoint_url=self._access.service_endpoint,
            config=self._config.merge(style),
        )
        return client

    def _sts(self, session: boto3.Session, config: Config) -> STSClient:
        region = self._region or session.region_name or partitions.region_in(self.partition)
        client: STSClient = session.client(
            "sts", region_name=region, endpoint_url=self._access.sts_endpoint, config=config
        )
        return client

    def _assumed(self, call: Call) -> boto3.Session:
        """A session whose credentials are the role's, assumed anew before they expire (D13)."""
        refresh = self._role_assumption(call)
        session = _core_session(self._access.aws_profile)
        duration = self._access.iam_role_duration or _ROLE_DURATION
        credentials = RefreshableCredentials.create_from_metadata(
            refresh(),
            refresh,
            "assume-role",
            advisory_timeout=_REFRESH_EARLY * duration // _ROLE_DURATION,
            mandatory_timeout=_REFRESH_LATE * duration // _ROLE_DURATION,
        )
        chain.tell_as_the_sdk(credentials)
        session._credentials = credentials  # type: ignore[attr-defined]  # botocore has no public way to say so
        return boto3.Session(botocore_session=session, region_name=self._base.region_name)

    def _role_assumption(self, call: Call) -> Callable[[], dict[str, str]]:
        access = self._access
        request: dict[str, Any] = {"RoleArn": access.iam_role_arn, "RoleSessionName": ROLE_SESSION_NAME}
        if access.external_id:
            request["ExternalId"] = access.external_id
        if access.iam_role_duration:
            request["DurationSeconds"] = access.iam_role_duration
        client = self._sts(self._base, self._config)

        def refresh() -> dict[str, str]:
            try:
                given = client.assume_role(**request)["Credentials"]
            except SDK_ERRORS as error:
                raise explain(error, call) from None
            return {
                "access_key": given["AccessKeyId"],
                "secret_key": given["SecretAccessKey"],
                "token": given["SessionToken"],
                "expiry_time": given["Expiration"].isoformat(),
            }

        return refresh


def _placed(service: str) -> bool:
    """Whether the environment says where a service is."""
    return any(os.environ.get(name) for name in ("AWS_ENDPOINT_URL", f"AWS_ENDPOINT_URL_{service}"))


@cache
def _loader() -> Any:
    """The SDK's service descriptions, shared: reading them takes most of the time that making a client takes.

    EC2's takes a tenth of a second of CPU, for six hundred calls of which one is made: `models` describes that one, in
    the SDK's own format. What it says of endpoints is still the SDK's, and so is a newer version of the service.
    """
    loader = botocore.session.Session().get_component("data_loader")
    paths = loader.search_paths
    paths.insert(paths.index(loader.BUILTIN_DATA_PATH), str(Path(__file__).with_name("models")))
    return loader


def _core_session(profile: str | None) -> botocore.session.Session:
    session = botocore.session.Session(profile=profile)
    session.register_component("data_loader", _loader())
    return session


def _base_session(access: AwsAccess) -> boto3.Session:
    if access.access_key and access.secret_key:
        return boto3.Session(
            aws_access_key_id=access.access_key.get_secret_value(),
            aws_secret_access_key=access.secret_key.get_secret_value(),
            botocore_session=_core_session(None),
        )
    return boto3.Session(botocore_session=_core_session(access.aws_profile))


def _base_name(access: AwsAccess) -> str:
    if access.access_key:
        return f"access key ...{access.access_key.get_secret_value()[-4:]}"
    return f"profile {access.aws_profile}" if access.aws_profile else ""


def _config(session: boto3.Session, wanted: int | None) -> Config:
    """Timeouts and retries; the user's own retry settings in the config file or the environment win."""
    own = session._session.get_scoped_config()
    mode = os.environ.get("AWS_RETRY_MODE") or own.get("retry_mode") or "standard"
    attempts = wanted or os.environ.get("AWS_MAX_ATTEMPTS") or own.get("max_attempts") or _ATTEMPTS
    if not str(attempts).isdecimal():
        raise sdk.InvalidConfigError(error_msg=f"max_attempts must be a number from 1 on, not {attempts}")
    retries: Any = {"mode": mode, "total_max_attempts": int(attempts)}
    return Config(
        connect_timeout=_CONNECT_TIMEOUT,
        read_timeout=_READ_TIMEOUT,
        retries=retries,
        max_pool_connections=48,
        # S3-compatible servers know no checksum headers, and gzip has a check sum of its own.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )


def _curious_config() -> Config:
    return Config(
        connect_timeout=_CURIOUS_TIMEOUT,
        read_timeout=_CURIOUS_TIMEOUT,
        retries={"mode": "standard", "total_max_attempts": 1},
    )
