"""The words of the rule language: elements, options, categories, and what each stands for (spec/rules.md 4)."""

from __future__ import annotations

#: Criteria with a pattern: element -> dialect without a `type` attribute (spec/regex.md 1.2).
TEXT_CRITERIA = {
    "match": "osmatch",
    "regex": "osregex",
    "action": "string",
    "data": "osmatch",
    "dstgeoip": "osmatch",
    "dstport": "osmatch",
    "extra_data": "osmatch",
    "hostname": "osmatch",
    "id": "osmatch",
    "location": "osmatch",
    "program_name": "osmatch",
    "protocol": "osmatch",
    "srcgeoip": "osmatch",
    "srcport": "osmatch",
    "status": "osmatch",
    "system_name": "osmatch",
    "url": "osmatch",
    "user": "osmatch",
}

#: Words of `<category>`.
CATEGORIES = ("firewall", "ids", "ossec", "squid", "syslog", "web-log", "windows")

#: Dialect of `<field>` and `<if_matched_regex>`.
FIELD_DIALECT = "osregex"

#: Words of the attribute `type` on a criterion.
DIALECTS = ("osmatch", "osregex", "pcre2")

#: Names that `<field>` must not have: they have elements of their own.
STATIC_NAMES = frozenset(
    (
        "action",
        "data",
        "dstgeoip",
        "dstip",
        "dstport",
        "dstuser",
        "extra_data",
        "id",
        "protocol",
        "srcgeoip",
        "srcip",
        "srcport",
        "srcuser",
        "status",
        "system_name",
        "url",
        "user",
    )
)

#: Static names of the attribute `field` of `<list>` (spec/lists.md 3); every other name is a dynamic field.
LIST_NAMES = frozenset(
    (
        "action",
        "data",
        "dstip",
        "dstport",
        "extra_data",
        "hostname",
        "id",
        "program_name",
        "protocol",
        "srcip",
        "srcport",
        "status",
        "system_name",
        "url",
        "user",
    )
)

#: Elements that ask for equality with the counted events -> what is compared.
SAME = {
    "same_action": "action",
    "same_data": "data",
    "same_dst_port": "dstport",
    "same_dstgeoip": "dstgeoip",
    "same_dstip": "dstip",
    "same_dstport": "dstport",
    "same_extra_data": "extra_data",
    "same_id": "id",
    "same_location": "location",
    "same_protocol": "protocol",
    "same_source_ip": "srcip",
    "same_src_port": "srcport",
    "same_srcgeoip": "srcgeoip",
    "same_srcip": "srcip",
    "same_srcport": "srcport",
    "same_srcuser": "srcuser",
    "same_status": "status",
    "same_system_name": "system_name",
    "same_url": "url",
    "same_user": "dstuser",
}

#: Elements that ask for difference -> what is compared.
DIFFERENT = {
    "different_action": "action",
    "different_data": "data",
    "different_dst_port": "dstport",
    "different_dstgeoip": "dstgeoip",
    "different_dstip": "dstip",
    "different_dstport": "dstport",
    "different_extra_data": "extra_data",
    "different_id": "id",
    "different_location": "location",
    "different_protocol": "protocol",
    "different_src_port": "srcport",
    "different_srcgeoip": "srcgeoip",
    "different_srcip": "srcip",
    "different_srcport": "srcport",
    "different_srcuser": "srcuser",
    "different_status": "status",
    "different_system_name": "system_name",
    "different_url": "url",
    "different_user": "dstuser",
    "not_same_id": "id",
    "not_same_source_ip": "srcip",
    "not_same_user": "dstuser",
}

SAME_FIELD = "same_field"
DIFFERENT_FIELD = ("different_field", "not_same_field")

#: Accepted, without any effect.
DEPRECATED = ("same_agent", "not_same_agent")

#: Elements whose names are compared with upper and lower case.
LOWER_CASE_ONLY = frozenset(
    (
        "same_id",
        "same_url",
        "same_data",
        "same_extra_data",
        "same_status",
        "same_system_name",
        "same_srcgeoip",
        "same_dstgeoip",
        "not_same_id",
        "not_same_source_ip",
        *(
            name
            for name, field in DIFFERENT.items()
            if name.startswith("different_")
            and field
            in (
                "srcip",
                "protocol",
                "action",
                "id",
                "url",
                "data",
                "extra_data",
                "status",
                "system_name",
                "srcgeoip",
                "dstgeoip",
            )
        ),
    )
)

#: Words of `<options>`.
OPTIONS = (
    "alert_by_email",
    "log_alert",
    "no_ar",
    "no_counter",
    "no_email_alert",
    "no_full_log",
    "no_log",
)

#: Words of the attribute `type` of `<info>`.
INFO_TYPES = ("cve", "link", "osvdb", "text")

#: Static names of `<ignore>` and `<check_if_ignored>`; every other name is a dynamic field.
IGNORE_NAMES = frozenset(("data", "dstip", "id", "location", "name", "srcip", "user"))

#: Decoder names that rules may use although no decoder file defines them (spec/rules.md 4.2.1).
BUILT_IN_DECODERS = (
    "ciscat",
    "hostinfo_modified",
    "hostinfo_new",
    "rootcheck",
    "sca",
    "syscheck_deleted",
    "syscheck_integrity_changed",
    "syscheck_new_entry",
    "syscheck_registry_key_added",
    "syscheck_registry_key_deleted",
    "syscheck_registry_key_modified",
    "syscheck_registry_value_added",
    "syscheck_registry_value_deleted",
    "syscheck_registry_value_modified",
    "syscollector",
    "windows_eventchannel",
)
