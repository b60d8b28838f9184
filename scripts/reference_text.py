"""One line for every word of ossec.conf, rules and decoders, for the generated reference pages.

The words themselves come from the tables that the program reads files with; a test holds both equal.
"""

from __future__ import annotations

#: Attributes of `<rule>`.
RULE_ATTRIBUTES = {
    "id": "one to six digits. 100000 to 120000 are yours; nothing shipped, by Alertmill or Wazuh, is ever there",
    "level": "0 to 16. 0 makes no alert and is tried first among its siblings, then 16 down to 1",
    "frequency": "the rule fires when so many events matched within `timeframe` (2 to 9999). With 2, or none, it fires at every event behind the first; from 3 on it begins anew each time. For counting rules only",
    "timeframe": "seconds that are counted over (default: `analysisd.default_timeframe`, 360)",
    "ignore": "seconds for which the rule is silent after it fired",
    "maxsize": "the *least* length of the log in bytes, whatever the name says",
    "noalert": "`1`: the rule only sorts. When none of its children match, the search goes on with its next sibling",
    "overwrite": "`yes`: replaces the rule of this id that was loaded before; its place in the tree stays",
    "accuracy": "`0`: tried after all other siblings",
}

#: Groups of elements of `<rule>`: heading -> what stands below it and the elements, each with its line.
RULE_ELEMENTS: dict[str, tuple[str, dict[str, str]]] = {
    "Its place in the tree": (
        "Below which rules this one is tried. The first of `if_sid`, `if_level`, `if_group`, `category` that is present "
        "decides; parents must have been loaded before.",
        {
            "if_sid": "ids of the rules it hangs below, separated by commas or blanks",
            "if_level": "below every rule of this level or above",
            "if_group": "below every rule whose groups contain this text; alternatives with `|`",
            "category": "below the root for this kind of decoder: {categories}",
            "decoded_as": "events of this decoder only (its name, or the parent's)",
        },
    ),
    "What the event must have": (
        "All of them must hold. An element that stands several times is one pattern, its texts put together; of `field`, "
        "`list` and the addresses each counts.",
        {
            "match": "text of the log, after the header that was recognised",
            "regex": "the same text",
            "field": "the dynamic field of the attribute `name`, for instance `aws.eventName`",
            "action": "the static field `action`",
            "user": "the static field `dstuser`, or `srcuser` if that is not set",
            "srcip": "an address, a network (`10.0.0.0/8`), or several elements of them; of `srcip`",
            "dstip": "the same, of `dstip`",
            "srcport": "the static field `srcport`",
            "dstport": "the static field `dstport`",
            "protocol": "the static field `protocol`",
            "id": "the static field `id`",
            "url": "the static field `url`",
            "status": "the static field `status`",
            "data": "the static field `data`",
            "extra_data": "the static field `extra_data`",
            "system_name": "the static field `system_name`",
            "program_name": "the program in the syslog header",
            "hostname": "the host in the syslog header",
            "location": "where the log came from: `Wazuh-AWS` for everything of AWS",
            "srcgeoip": "the place of `srcip`. Never set: Alertmill looks up no places",
            "dstgeoip": "the place of `dstip`. Never set either",
            "list": "looks the field of the attribute `field` up in a CDB list; `lookup`: {lookups}; `check_value`: "
            "a pattern for the value found",
            "time": "the time of arrival: `6 pm - 8:30 am`, `!9:00-17:00`",
            "weekday": "the day of arrival: `weekdays`, `weekends`, `monday, fri`",
            "compiled_rule": "a built-in test: {predicates}",
            "check_diff": "the log differs from the last one of this rule (and agent)",
            "if_fts": "the first-seen key of the decoder's `<fts>` is new",
        },
    ),
    "Counting: which earlier events": (
        "With one of these the rule is a composite: it fires when `frequency` events, this one among them, came within "
        "`timeframe`. Without `same_...` and `different_...` all that matched are counted together.",
        {
            "if_matched_sid": "events that the rule of this id matched",
            "if_matched_group": "events that a rule with this group matched",
            "if_matched_regex": "events with a log like this, of the same kind of decoder",
            "global_frequency": "count over all agents. Without agents it changes nothing",
        },
    ),
    "Counting: what they have in common": (
        "The counted events must be the same as the present one in this (`same_`), or different from it (`different_`).",
        {
            "same_field": "the same dynamic field, which is the element's text",
            "different_field": "another value of the dynamic field, which is the element's text",
            "not_same_field": "the same as `different_field`",
            **dict.fromkeys(("same_agent", "not_same_agent"), "accepted, without effect"),
        },
    ),
    "What the alert shows": (
        "",
        {
            "description": "the sentence of the alert; `$(name)` is replaced by the field of that name",
            "group": "groups of the rule, separated by commas, in addition to those of its `<group name=...>`",
            "mitre": "`<id>T1078</id>` for each technique, or one `<tacticID>` with one `<techniqueID>`",
            "info": "a link or note; its attribute `type`: {info_types}",
            "cve": "a CVE that the rule is about",
            "options": "one word per element: {options}",
            "ignore": "names whose values are remembered when the rule fires, as for Wazuh: {ignore_names}, or a dynamic "
            "field",
            "check_if_ignored": "the same names. As in Wazuh 4.14 it has no effect",
        },
    ),
}

#: What `same_X` and `different_X` compare: the line for each.
SAME = "the same {field}"
DIFFERENT = "another {field}"

#: Words of `<options>`.
RULE_OPTIONS = {
    "alert_by_email": '`"mail": true`, whatever the level',
    "log_alert": "written, whatever `<log_alert_level>` says",
    "no_ar": "no active response; Alertmill has none",
    "no_counter": "no `firedtimes` is counted",
    "no_email_alert": '`"mail": false`, whatever the level',
    "no_full_log": "the alert is without `full_log`, which often is half of it",
    "no_log": "counted and matched, but not written",
}

#: Elements of `<decoder>`.
DECODER_ELEMENTS = {
    "parent": "the decoder below which this one is tried",
    "program_name": "pattern for the program in the syslog header",
    "prematch": "pattern that decides whether this decoder is taken; `offset`: where it begins to look",
    "regex": "pattern with parentheses whose contents become fields, named by `order`; `offset` as for `prematch`",
    "order": "the names of the fields, in the order of the parentheses; names that are not static ones become dynamic fields",
    "plugin_decoder": "a decoder in the program: {plugins}",
    "json_null_field": "of `JSON_Decoder`: `discard` or `string`, what becomes of `null`",
    "json_array_structure": "of `JSON_Decoder`: `array` or `csv`, how a list is written",
    "json_static_field": "of `JSON_Decoder`, Alertmill's own: a static field that the JSON field `name` fills, `when` another "
    "field has a value",
    "fts": "fields whose values together make the key of what is seen for the first time",
    "ftscomment": "a note for the alert of a first time",
    "type": "the category for rules: {types}",
    "use_own_name": "`true`: rules see this decoder's name instead of its parent's",
    "accumulate": "fields are gathered over several events with the same `id`",
}

#: ossec.conf: the sections, and what is said above their options.
CONF_SECTIONS = {
    "global": "What is written, and how.",
    "alerts": "Which alerts.",
    "ruleset": "Which files. Paths are relative to the home; folders are read in the order of file names.",
    "rule_test": "Sessions of `alertmill logtest` and of programs that use its socket.",
    "logging": "The daemon's own log.",
    "labels": '`<label key="env">production</label>`: members that every alert gets.',
    "cluster": "Gives alerts their `cluster` member; Alertmill talks to no other node.",
    'wodle name="aws-s3"': "When AWS is read, and what holds for all definitions inside.",
    "bucket": "One bucket of one type, inside the `<wodle>`.",
    "service": "One API that is asked for events, inside the `<wodle>`.",
    "subscriber": "One SQS queue that tells of objects, inside the `<wodle>`.",
    "limits": "Inside `<global>`, as `<limits><eps>...</eps></limits>`.",
}

_ACCESS = {
    "access_key": "a key. Deprecated, as in Wazuh: use a role or a profile",
    "secret_key": "its secret. Deprecated",
    "aws_profile": "a profile of `~/.aws/config` of the daemon's user",
    "iam_role_arn": "a role to assume for reading",
    "iam_role_duration": "seconds that its session lasts, 900 to 3600; it is renewed by itself",
    "service_endpoint": "another endpoint for S3 (of a service: for that service)",
    "sts_endpoint": "where roles are assumed",
}

_SCHEDULE = {
    "interval": "from one look to the next: a number with `s`, `m`, `h`, `d`, `w` or `M` (default 10m)",
    "day": "look on this day of the month",
    "wday": "look on this day of the week",
    "time": "look at this time of the day, `04:30`",
}

#: ossec.conf: section -> option -> its line.
CONF_OPTIONS: dict[str, dict[str, str]] = {
    "global": {
        "alerts_log": "`logs/alerts/alerts.log`, alerts as text (default yes)",
        "jsonout_output": "`logs/alerts/alerts.json`, one JSON object a line (default yes)",
        "logall": "`logs/archives/archives.log`, every event (default no)",
        "logall_json": "`logs/archives/archives.json`, every event (default no)",
        "event_format": "`improved` or `compatible` (default): how AWS events are spelled, and whose time counts",
        "custom_alert_output": "the form of `alerts.log`: a text with words like `$TIMESTAMP`, `$RULEID`",
        "memory_size": "events remembered for rules that count (default 8192, least 2048)",
        "rotate_interval": "begin a new file within the day every so often (default 0: no)",
        "max_output_size": "begin a new file within the day at this size (default 0: no)",
        "keep_day_files": "delete files of days that ended longer ago (default 0: never)",
        "workers": "worker processes (default 0: none)",
    },
    "limits": {
        "maximum": "events per second; 0 for no limit",
        "timeframe": "seconds over which that is counted (default 10)",
    },
    "alerts": {
        "log_alert_level": "alerts from this level on are written (default 1; `alertmill init` writes 2)",
        "email_alert_level": 'alerts from this level on carry `"mail": true` (default 7)',
    },
    "ruleset": {
        "rule_dir": "a folder of rules; `pattern` narrows the names",
        "decoder_dir": "a folder of decoders",
        "rule_include": "one file of rules",
        "decoder_include": "one file of decoders",
        "rule_exclude": "a file of those folders that is left out",
        "decoder_exclude": "the same for decoders",
        "list": "a CDB list that rules may use",
    },
    "rule_test": {
        "enabled": "whether the socket for test sessions is there (default yes)",
        "max_sessions": "sessions at once (default 64)",
        "session_timeout": "seconds without a message after which one ends (default 15m)",
        "threads": "read, and without effect: sessions take turns",
    },
    "logging": {"log_format": "`plain` (ossec.log), `json` (ossec.json), or `plain,json`"},
    'wodle name="aws-s3"': {
        "disabled": "`yes`: nothing of this module is read (default no)",
        **_SCHEDULE,
        "run_on_start": "look at once when the daemon starts (default yes)",
        "skip_on_error": "`no`: an object that cannot be read ends the run (default yes)",
        "look_back": "how late an object may come and still be found by listing (default 48h)",
        "silence": "an account and region without new objects for so long raises an alert (default 24h; 0: never)",
        "remove_from_bucket": "for old `<bucket>name</bucket>` forms only",
        "access_key": "for old `<bucket>name</bucket>` forms only",
        "secret_key": "for old `<bucket>name</bucket>` forms only",
    },
    "bucket": {
        "name": "the bucket, without `s3://`. Required",
        "aws_account_id": "only these accounts (default: all that are found)",
        "regions": "only these regions (default: all that are found)",
        "aws_organization_id": "the organisation's folder, for an organisation's trail",
        "path": "what stands before `AWSLogs/`, or before everything",
        "path_suffix": "what stands between `AWSLogs/` and the account",
        "only_logs_after": "first day, `2026-JAN-01` (default: the day of the first run)",
        "aws_account_alias": "a name that is put into every event",
        "discard_regex": "events whose `field` matches are left out",
        "remove_from_bucket": "`yes`: objects are deleted when their alerts are on disk (default no)",
        "look_back": "as in the module, for this bucket",
        "silence": "as in the module, for this bucket",
        **_ACCESS,
    },
    "service": {
        "aws_log_groups": "the log groups, by name. Required for `cloudwatchlogs`",
        "regions": "where to look (default: that of the profile, else all)",
        "only_logs_after": "first day (default: the day of the first run)",
        "discard_regex": "events that are left out",
        "remove_log_streams": "`yes`: streams that were read are deleted (default no)",
        "aws_account_id": "shown in the log only",
        "aws_account_alias": "shown in `improved` messages",
        **_ACCESS,
    },
    "subscriber": {
        "sqs_name": "the queue. Required",
        "external_id": "for the role. Required for `security_lake`",
        "discard_regex": "events that are left out; not for `security_lake`",
        **{name: text for name, text in _ACCESS.items() if name not in ("access_key", "secret_key")},
    },
}

#: Sources: type -> what it reads.
BUCKET_TYPES = {
    "alb": "access logs of application load balancers",
    "cisco_umbrella": "DNS, proxy and IP logs of Cisco Umbrella",
    "cloudtrail": "who called what: management, data and Insights-free events of CloudTrail",
    "clb": "access logs of classic load balancers",
    "config": "histories and snapshots of AWS Config",
    "custom": "events of EventBridge that Firehose writes: Macie, KMS, Trusted Advisor, your own",
    "guardduty": "findings of GuardDuty, native or by Firehose",
    "nlb": "access logs of network load balancers",
    "server_access": "access logs of S3 buckets",
    "vpcflow": "VPC flow logs, in any format, text or Parquet",
    "waf": "logs of AWS WAF",
}
SERVICE_TYPES = {
    "cloudwatchlogs": "log groups of CloudWatch Logs",
    "inspector": "findings of Amazon Inspector",
}
SUBSCRIBER_TYPES = {
    "buckets": "objects of any kind that a queue tells of",
    "security_hub": "events of Security Hub in objects",
    "security_lake": "OCSF records of Security Lake",
}
