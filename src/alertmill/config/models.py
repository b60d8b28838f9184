"""ossec.conf as frozen values: one class per XML section, every value remembering the line it came from.

Names are those of ossec.conf (spec/ossec-conf.md, spec/aws-wodle.md 2). A model holds what the file says, with Wazuh's
defaults filled in; what the values mean is the business of whoever is handed the section by `bootstrap`. All text is
ordinary text: who compares it with byte text converts it (`event.to_byte_text`).
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from alertmill.config import defaults
from alertmill.config.defaults import ANALYSISD, MONITORD
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


class Global(Section):
    """`<global>`: the options that this program acts on, or that others ask it for (spec/ossec-conf.md 2)."""

    jsonout_output: bool = True
    alerts_log: bool = True
    logall: bool = False
    logall_json: bool = False
    #: Events kept for correlation.
    memory_size: int = defaults.MEMORY_SIZE
    #: Level of the statistics alert.
    stats: int = defaults.STATS_LEVEL
    #: Seconds after which the output files go to their next number; 0: only daily.
    rotate_interval: int = 0
    #: Bytes after which an output file goes to its next number; 0: never.
    max_output_size: int = 0
    #: Replaces the text of alerts.log; `$RULEID` and so on are filled in.
    custom_alert_output: str | None = None
    white_list: tuple[str, ...] = ()
    #: Events per second, 0 for no limit, and the window of the limit in seconds.
    eps_maximum: int = 0
    eps_timeframe: int = defaults.EPS_TIMEFRAME
    email_notification: bool = False
    integrity_checking: int = 8
    rootkit_detection: int = 8
    host_information: int = 8
    #: How AWS messages are spelled; Alertmill's own option.
    event_format: EventFormat = "compatible"
    #: Seconds for which the day files of outputs are kept, 0 for ever; Alertmill's own option.
    keep_day_files: int = 0
    #: Worker processes, 1 for none beside the daemon itself, 0 for one per core, None for one per core but one;
    #: Alertmill's own option.
    workers: int | None = None


class Alerts(Section):
    """`<alerts>`: from which level on alerts are written, and flagged for mail."""

    log_alert_level: int = defaults.LOG_ALERT_LEVEL
    email_alert_level: int = defaults.EMAIL_ALERT_LEVEL


class RulesetPath(Section):
    """A file, folder or list that `<ruleset>` names. `path` is relative to the home folder, or absolute.

    `pattern` is the OSREGEX of a folder, None for the default (`.xml` at the end, in any case).
    """

    path: str
    pattern: str | None = None


class Ruleset(Section):
    """`<ruleset>`: which decoders, rules and lists are loaded (spec/config-loading.md 4). Each tuple in file order.

    Excludes are file names, or paths as configured.
    """

    decoder_include: tuple[RulesetPath, ...] = ()
    decoder_dir: tuple[RulesetPath, ...] = (RulesetPath(path="ruleset/decoders"),)
    decoder_exclude: frozenset[str] = frozenset()
    rule_include: tuple[RulesetPath, ...] = ()
    rule_dir: tuple[RulesetPath, ...] = (RulesetPath(path="ruleset/rules"),)
    rule_exclude: frozenset[str] = frozenset()
    lists: tuple[RulesetPath, ...] = ()


class Label(Section):
    """`<label key="a.b">` of `<labels>`: a member of `agent.labels` in alerts of agent 000."""

    key: str
    value: str
    hidden: bool = False


class Cluster(Section):
    """`<cluster>`: only its names are used, in alerts."""

    name: str = "wazuh"
    node_name: str = ""
    node_type: str = "master"
    disabled: bool = False
    hidden: bool = False

    @property
    def shown(self) -> bool:
        """Whether alerts have a member `cluster`."""
        return not self.disabled and not self.hidden


class RuleTest(Section):
    """`<rule_test>`: the logtest service."""

    enabled: bool = True
    #: 0 for `auto`.
    threads: int = defaults.LOGTEST_THREADS
    max_sessions: int = defaults.LOGTEST_SESSIONS
    #: Seconds.
    session_timeout: int = defaults.LOGTEST_TIMEOUT


class Logging(Section):
    """`<logging>`: the forms of the daemon's own log, `logs/ossec.log` (plain) and `logs/ossec.json` (json)."""

    plain: bool = True
    json_: bool = False


class OtherSection(Section):
    """A section that is read past: its name, what it is about in a few words, and why nothing is done with it."""

    name: str
    about: str = ""
    reason: str


class Analysisd(Section):
    """Internal options `analysisd.*`; units and ranges in `defaults.ANALYSISD`."""

    debug: int = ANALYSISD["debug"].default
    decoder_order_size: int = ANALYSISD["decoder_order_size"].default
    default_timeframe: int = ANALYSISD["default_timeframe"].default
    fts_list_size: int = ANALYSISD["fts_list_size"].default
    fts_min_size_for_str: int = ANALYSISD["fts_min_size_for_str"].default
    label_cache_maxage: int = ANALYSISD["label_cache_maxage"].default
    log_fw: int = ANALYSISD["log_fw"].default
    min_rotate_interval: int = ANALYSISD["min_rotate_interval"].default
    rlimit_nofile: int = ANALYSISD["rlimit_nofile"].default
    show_hidden_labels: int = ANALYSISD["show_hidden_labels"].default
    state_interval: int = ANALYSISD["state_interval"].default
    stats_maxdiff: int = ANALYSISD["stats_maxdiff"].default
    stats_mindiff: int = ANALYSISD["stats_mindiff"].default
    stats_percent_diff: int = ANALYSISD["stats_percent_diff"].default


class Monitord(Section):
    """Internal options `monitord.*`; units and ranges in `defaults.MONITORD`."""

    compress: int = MONITORD["compress"].default
    daily_rotations: int = MONITORD["daily_rotations"].default
    day_wait: int = MONITORD["day_wait"].default
    debug: int = MONITORD["debug"].default
    keep_log_days: int = MONITORD["keep_log_days"].default
    rotate_log: int = MONITORD["rotate_log"].default
    sign: int = MONITORD["sign"].default
    size_rotate: int = MONITORD["size_rotate"].default


class InternalOptions(Section):
    """internal_options.conf and local_internal_options.conf, as far as Alertmill knows them."""

    analysisd: Analysisd = Analysisd()
    monitord: Monitord = Monitord()


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
    #: Seconds: an object that arrives later than this behind its date is not found by listing (D6); our own option.
    look_back: int = defaults.LOOK_BACK
    #: Seconds without data after which an account and region that had some counts as silent, 0 for never; our own.
    silence: int = defaults.SILENCE


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

    seconds: int = defaults.AWS_INTERVAL
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
    #: Seconds, for buckets that do not set their own.
    look_back: int = defaults.LOOK_BACK
    silence: int = defaults.SILENCE
    buckets: tuple[Bucket, ...] = ()
    services: tuple[Service, ...] = ()
    subscribers: tuple[Subscriber, ...] = ()


class Config(Section):
    """ossec.conf and the internal options. `aws_s3` holds one entry per `<wodle name="aws-s3">`, in file order."""

    global_: Global = Global()
    alerts: Alerts = Alerts()
    ruleset: Ruleset = Ruleset()
    labels: tuple[Label, ...] = ()
    cluster: Cluster | None = None
    rule_test: RuleTest = RuleTest()
    logging: Logging = Logging()
    aws_s3: tuple[AwsS3, ...] = ()
    #: What the file has for other daemons, in file order.
    sections_not_acted_on: tuple[OtherSection, ...] = ()
    internal: InternalOptions = InternalOptions()
