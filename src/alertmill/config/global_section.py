"""`<global>` and `<alerts>` (spec/ossec-conf.md 2 and 3, spec/alerts.md 6, spec/control.md 8).

Options that only matter to Wazuh's other daemons are accepted; those that would change something are named.
"""

from __future__ import annotations

from alertmill import codes
from alertmill.config import defaults, parse
from alertmill.config.draft import Draft
from alertmill.config.models import Global
from alertmill.config.options import BadValueError, IfEmpty, Option, Values
from alertmill.errors import Problems
from alertmill.xmltext import Element

_NO_MAIL = "Alertmill sends no mail"
_NO_AGENTS = "Alertmill serves no agents"
_OBSOLETE = "it belongs to checks that Alertmill does not make"
_NO_GEOIP = "Alertmill looks up no places of addresses"
_NO_QUEUE = "Alertmill does not write alerts to other programs' queues"
#: Options of outputs that no longer exist; only their switch, `..._output`, says anything.
_DEAD_PREFIXES = ("prelude_", "zeromq_")

_DAY = 86400
#: Largest number of days in `<keep_day_files>`: a century.
_MOST_DAYS_KEPT = 36500

_ALERT_OPTIONS = {
    "email_alert_level": Option(parse.level),
    "log_alert_level": Option(parse.level),
    "use_geoip": Option(parse.yes_no, idle=_NO_GEOIP, quiet=(False,)),
}

_GLOBAL_OPTIONS = {
    "agents_disconnection_alert_time": Option(parse.duration("smhd")),
    "agents_disconnection_time": Option(parse.duration("smhd")),
    "alerts_log": Option(parse.yes_no),
    "compress_alerts": Option(parse.text, if_empty=IfEmpty.UNSET),
    "cti-url": Option(parse.text, if_empty=IfEmpty.UNSET),
    "custom_alert_output": Option(parse.text),
    "email_from": Option(parse.text),
    "email_idsname": Option(parse.text),
    "email_log_source": Option(parse.one_of("alerts.log", "alerts.json")),
    "email_maxperhour": Option(parse.number(1, 1_000_000, "mails")),
    "email_notification": Option(parse.yes_no, idle=_NO_MAIL, quiet=(False,)),
    "email_reply_to": Option(parse.text),
    "email_to": Option(parse.text, many=True),
    "event_format": Option(parse.one_of("compatible", "improved")),
    "forward_to": Option(parse.text, many=True, idle=_NO_QUEUE),
    "geoipdb": Option(parse.text, idle=_NO_GEOIP),
    "helo_server": Option(parse.text),
    "host_information": Option(parse.level, idle=_OBSOLETE, quiet=(8,)),
    "integrity_checking": Option(parse.level, idle=_OBSOLETE, quiet=(8,)),
    "jsonout_output": Option(parse.yes_no),
    "logall": Option(parse.yes_no),
    "logall_json": Option(parse.yes_no),
    "memory_size": Option(parse.number(0, 2**31 - 1, "events")),
    "prelude_output": Option(parse.yes_no, idle=_NO_QUEUE, quiet=(False,)),
    "queue_size": Option(parse.number(1, 2**31 - 1, "events"), idle=_NO_AGENTS, quiet=(131072,)),
    "rootkit_detection": Option(parse.level, idle=_OBSOLETE, quiet=(8,)),
    "smtp_server": Option(parse.text),
    "stats": Option(parse.level, idle="Alertmill keeps no hourly statistics", quiet=(0, defaults.STATS_LEVEL)),
    "update_check": Option(parse.yes_no),
    "white_list": Option(parse.text, many=True),
    "workers": Option(parse.number(0, defaults.MAX_WORKERS, "processes")),
    "zeromq_output": Option(parse.yes_no, idle=_NO_QUEUE, quiet=(False,)),
}

_EPS_OPTIONS = {
    "maximum": Option(parse.number(0, defaults.MAX_EPS, "events per second")),
    "timeframe": Option(parse.number(1, defaults.MAX_EPS_TIMEFRAME, "seconds")),
}


def read_alerts(section: Element, draft: Draft, problems: Problems) -> None:
    """`<alerts>`."""
    draft.alerts.read(section, _ALERT_OPTIONS, problems)


def read_global(section: Element, draft: Draft, problems: Problems) -> None:
    """`<global>`."""
    values = draft.global_
    least = draft.internal.analysisd.min_rotate_interval
    table = {
        **_GLOBAL_OPTIONS,
        "keep_day_files": Option(_keep_day_files),
        "max_output_size": Option(_max_output_size),
        "rotate_interval": Option(lambda text: _rotate_interval(text, least)),
    }
    dead = [child.name for child in section.children if child.name.startswith(_DEAD_PREFIXES)]
    values.read(section, table, problems, others=["limits", *dead])
    for limits in (child for child in section.children if child.name == "limits"):
        _read_limits(limits, values, problems)
    if values.found.get("memory_size", defaults.MEMORY_SIZE) < defaults.MIN_MEMORY_SIZE:
        why = f"too few events for correlation; {defaults.MIN_MEMORY_SIZE} is used"
        values.adjust("memory_size", defaults.MIN_MEMORY_SIZE, why, problems)


def build_global(draft: Draft, problems: Problems) -> Global:
    """The section from all its pieces, and what can be said only of the whole."""
    section = draft.global_.build(Global)
    if not section.jsonout_output and not section.alerts_log:
        problems.warn(
            codes.C_CONFLICT,
            "<jsonout_output> and <alerts_log> are both no: alerts are counted but written nowhere",
            section.at("alerts_log"),
            hint="set one of them to yes",
            wazuh="All alert formats are disabled. Mail reporting, Syslog client and Integrator won't work properly.",
        )
    return section


def _read_limits(limits: Element, values: Values, problems: Problems) -> None:
    """`<limits><eps><maximum>500</maximum><timeframe>10</timeframe></eps></limits>`."""
    Values().read(limits, {}, problems, others=["eps"])
    for eps in (child for child in limits.children if child.name == "eps"):
        found = Values()
        found.read(eps, _EPS_OPTIONS, problems)
        for name, value in found.found.items():
            values.found[f"eps_{name}"] = value
            values.elements[f"eps_{name}"] = found.elements[name]
        if "maximum" not in found.found and "timeframe" in found.found:
            message = "<eps> has no <maximum>: nothing is limited"
            wazuh = "EPS limit disabled. The maximum value is missing in the configuration block."
            problems.warn(codes.C_REQUIRED, message, eps.origin(), wazuh=wazuh)


def _rotate_interval(text: str, least: int) -> int:
    seconds = parse.duration("smhd")(text)
    if seconds and not least <= seconds <= defaults.MAX_ROTATE_INTERVAL:
        wazuh = f"Rotate interval setting must be between {least} seconds and one day."
        raise BadValueError(f"0, or {least} seconds to one day", wazuh=wazuh)
    return seconds


def _keep_day_files(text: str) -> int:
    seconds = parse.duration()(text)
    if seconds and not _DAY <= seconds <= _MOST_DAYS_KEPT * _DAY:
        hint = f"{text} counts seconds; write {text}d" if text.isdigit() and int(text) <= _MOST_DAYS_KEPT else ""
        raise BadValueError(f"0, or 1d to {_MOST_DAYS_KEPT}d", hint=hint)
    return seconds


def _max_output_size(text: str) -> int:
    size = parse.size(text)
    if size and not defaults.MIN_OUTPUT_SIZE <= size <= defaults.MAX_OUTPUT_SIZE:
        raise BadValueError("0, or 1M to 1024G", wazuh="Maximum output size must be between 1 MiB and 1 TiB.")
    return size
