"""`<cluster>`, `<labels>`, `<logging>` and `<rule_test>` (spec/ossec-conf.md 11 to 13, spec/control.md 10)."""

from __future__ import annotations

from alertmill import codes
from alertmill.config import defaults, parse
from alertmill.config.draft import Draft
from alertmill.config.models import Cluster, Label, Logging, RuleTest
from alertmill.config.options import (
    IfEmpty,
    Option,
    attribute_of,
    printable,
    shown,
    softened,
    text_of,
    unknown_element,
)
from alertmill.errors import Problems
from alertmill.xmltext import Element

_CLUSTER_OPTIONS = {
    "bind_addr": Option(parse.text, if_empty=IfEmpty.UNSET),
    "disabled": Option(parse.yes_no),
    "haproxy_helper": Option(parse.text, if_empty=IfEmpty.UNSET),
    "hidden": Option(parse.yes_no),
    "interval": Option(parse.text, if_empty=IfEmpty.UNSET),
    "key": Option(parse.text, if_empty=IfEmpty.UNSET),
    "name": Option(parse.text),
    "node_name": Option(parse.text),
    "node_type": Option(parse.one_of("master", "worker", "client")),
    "nodes": Option(parse.text, if_empty=IfEmpty.UNSET),
    "port": Option(parse.text, if_empty=IfEmpty.UNSET),
}

_LOG_FORMATS = {
    "plain": {"plain": True, "json_": False},
    "json": {"plain": False, "json_": True},
    "plain,json": {"plain": True, "json_": True},
    "json,plain": {"plain": True, "json_": True},
}

_LOGGING_OPTIONS = {"log_format": Option(parse.one_of(*_LOG_FORMATS))}


def read_cluster(section: Element, draft: Draft, problems: Problems) -> None:
    """`<cluster>`: only what alerts show of it is used."""
    draft.cluster.read(section, _CLUSTER_OPTIONS, problems)


def build_cluster(draft: Draft, problems: Problems) -> Cluster | None:
    """The cluster as alerts show it, None when the file has none."""
    if draft.cluster.section is None:
        return None
    cluster = draft.cluster.build(Cluster)
    if not cluster.disabled:
        message = "<cluster> only gives alerts their cluster name: Alertmill talks to no other node"
        problems.warn(codes.C_SECTION_IDLE, message, cluster.origin)
    return cluster


def read_labels(section: Element, draft: Draft, problems: Problems) -> None:
    """`<labels>`: one `<label key="...">` per label."""
    for element in section.children:
        if element.name != "label":
            unknown_element(element, "labels", ["label"], problems)
            continue
        label = _label(element, problems)
        if label is not None:
            draft.labels.append(label)


def _label(element: Element, problems: Problems) -> Label | None:
    key, value = attribute_of(element, "key", problems), text_of(element, problems)
    if not key:
        wazuh = "Expected 'key' attribute for label." if key is None else "Label with empty key."
        hint = 'write <label key="env">production</label>'
        problems.error(codes.C_ATTRIBUTE, "a label needs a key", element.origin(), hint=hint, wazuh=wazuh)
        return None
    if key.startswith("_"):
        message = f"label {shown(key)} is left out: keys that begin with _ are internal"
        problems.warn(codes.C_ATTRIBUTE, message, element.attribute_origin("key"))
        return None
    if not value:
        problems.warn(codes.C_EMPTY, f"label {shown(key)} has no text and is left out", element.origin())
        return None
    hidden = element.attributes.get("hidden", "no")
    if hidden not in ("yes", "no"):
        message = f"hidden is {shown(hidden)}, expected yes or no"
        wazuh = f"(1233): Invalid attribute 'hidden' in the configuration: '{printable(hidden)}'."
        problems.error(codes.C_ATTRIBUTE, message, element.attribute_origin("hidden"), wazuh=wazuh)
    return Label(key=key, value=value, hidden=hidden == "yes", origin=element.origin())


def read_logging(section: Element, draft: Draft, problems: Problems) -> None:
    """`<logging>`."""
    draft.logging.read(section, _LOGGING_OPTIONS, problems)


def build_logging(draft: Draft) -> Logging:
    """The forms of the daemon's own log."""
    return draft.logging.build(Logging, **_LOG_FORMATS[draft.logging.found.get("log_format", "plain")])


def _threads(text: str) -> int:
    return 0 if text == "auto" else parse.number(1, 2**31 - 1, "threads, or auto")(text)


_RULE_TEST_OPTIONS = {
    "enabled": Option(parse.yes_no),
    "max_sessions": Option(parse.number(1, 2**31 - 1, "sessions")),
    "session_timeout": Option(parse.duration()),
    "threads": Option(_threads),
}
#: Option -> its limit and what Wazuh says above it.
_RULE_TEST_LIMITS = {
    "max_sessions": (
        defaults.MAX_LOGTEST_SESSIONS,
        "(7001): Number of maximum users connected in logtest too high. Only allows {} users",
    ),
    "session_timeout": (defaults.MAX_LOGTEST_TIMEOUT, ""),
    "threads": (
        defaults.MAX_LOGTEST_THREADS,
        "(7000): Number of logtest threads too high. Only creates {} threads",
    ),
}


def read_rule_test(section: Element, draft: Draft, problems: Problems) -> None:
    """`<rule_test>`. A fault costs only itself: in Wazuh, too, it keeps nothing but this service from starting."""
    values, found = draft.rule_test, Problems()
    values.read(section, _RULE_TEST_OPTIONS, found)
    problems.extend(softened(found, "the default is used"))
    for name, (limit, wazuh) in _RULE_TEST_LIMITS.items():
        if (values.get(name) or 0) > limit:
            values.adjust(name, limit, f"above the limit; {limit} is used", problems, wazuh=wazuh.format(limit))


def build_rule_test(draft: Draft) -> RuleTest:
    """The logtest service."""
    return draft.rule_test.build(RuleTest)
