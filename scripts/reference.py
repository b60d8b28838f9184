"""The generated reference: words of rules, decoders and ossec.conf, and the sources, each with one line.

Words, dialects and attributes come from the tables that the program reads files with; the lines from `reference_text`.
A word without a line is a KeyError here, and a test tells of lines without a word.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import get_args

sys.path.insert(0, str(Path(__file__).resolve().parent))

import reference_text as text

from alertmill.config import aws_definitions, aws_section, global_section, small_sections
from alertmill.config import ruleset_section as ruleset_section
from alertmill.config.defaults import ANALYSISD, MONITORD
from alertmill.config.models import Analysisd, Monitord
from alertmill.config.options import Option
from alertmill.config.other_sections import OTHER_SECTIONS
from alertmill.decoders import PLUGINS, reading
from alertmill.decoders.spec import TYPES
from alertmill.ruleset import attributes, elements
from alertmill.ruleset import vocabulary as words
from alertmill.ruleset.lists import LOOKUPS
from alertmill.ruleset.predicates import PREDICATES
from alertmill.sources.aws.buckets import BUCKET_TYPES
from alertmill.sources.aws.subscribers import SUBSCRIBER_TYPES

_MADE = "<!-- Made by scripts/make_docs.py; do not edit. -->"
_DIALECTS = {"osmatch": "OS_Match", "osregex": "OS_Regex", "string": "the whole text", "pcre2": "PCRE2"}


def listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def table(heading: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    cells = list(heading)
    yield f"| {' | '.join(cells)} |"
    yield f"|{' --- |' * len(cells)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"


# --- rules ------------------------------------------------------------------------------------------------------------


def rules_page() -> str:
    """docs/reference/rule-elements.md."""
    lines = [
        "# Words of rules",
        "",
        "Every attribute and element that `<rule>` knows. [How the engine works](../how-it-works.md) tells how they",
        "play together, [writing rules](../how-to/custom-rules.md) how to begin.",
        "",
        _MADE,
        "",
        "## Attributes of `<rule>`",
        "",
        *table(("attribute", ""), ((f"`{name}`", text.RULE_ATTRIBUTES[name]) for name in rule_attributes())),
    ]
    for title, (above, own) in text.RULE_ELEMENTS.items():
        lines += ["", f"## {title}", "", *([above, ""] if above else [])]
        lines += table(("element", "", "pattern", "attributes"), (_rule_row(n, own) for n in _members(title, own)))
    lines += ["", "## Options", "", *table(("word", ""), ((f"`{n}`", text.RULE_OPTIONS[n]) for n in words.OPTIONS))]
    lines += [
        "",
        "## Patterns",
        "",
        "The column *pattern* is the dialect without `type`; `type` may be `osmatch`, `osregex` or `pcre2`.",
        '`negate="yes"` turns the result round.',
        "",
    ]
    return "\n".join(lines)


def rule_attributes() -> list[str]:
    return ["id", "level", *(name for name in text.RULE_ATTRIBUTES if name in attributes._READERS)]


def rule_elements() -> list[str]:
    return list(elements._ELEMENTS)


def _members(title: str, own: Mapping[str, str]) -> list[str]:
    """The elements below a heading: those that have a line, and for the comparisons the whole family."""
    if title.startswith("Counting: what"):
        return [*words.SAME, *words.DIFFERENT, *own]
    return list(own)


def _rule_row(name: str, own: Mapping[str, str]) -> tuple[str, ...]:
    dialect = _DIALECTS.get({**words.TEXT_CRITERIA, "field": words.FIELD_DIALECT}.get(name, ""), "")
    if name == "if_matched_regex":
        dialect = _DIALECTS[words.FIELD_DIALECT]
    taken = ("field", "lookup", "check_value") if name == "list" else elements._ATTRIBUTES.get(name, ())
    return f"`{name}`", _rule_line(name, own), dialect, listed(taken)


def _rule_line(name: str, own: Mapping[str, str]) -> str:
    if name in words.SAME:
        return text.SAME.format(field=f"`{words.SAME[name]}`")
    if name in words.DIFFERENT:
        return text.DIFFERENT.format(field=f"`{words.DIFFERENT[name]}`")
    return own[name].format(
        categories=listed(words.CATEGORIES),
        lookups=listed(LOOKUPS),
        predicates=listed(PREDICATES),
        info_types=listed(words.INFO_TYPES),
        options="see [below](#options)",
        ignore_names=listed(sorted(words.IGNORE_NAMES)),
    )


# --- decoders ---------------------------------------------------------------------------------------------------------


def decoders_page() -> str:
    """docs/reference/decoder-elements.md."""
    rows = (
        (f"`{name}`", _decoder_line(name), listed(taken))
        for name in text.DECODER_ELEMENTS
        for _, taken in (reading.OPTIONS[name],)
    )
    return "\n".join(
        [
            "# Words of decoders",
            "",
            'Every element that `<decoder name="...">` knows. [Adding a decoder](../adding-a-decoder.md) shows them',
            "at work.",
            "",
            _MADE,
            "",
            *table(("element", "", "attributes"), rows),
            "",
            f"`offset` is one of {listed(reading.OFFSETS)}. Names of static fields in `order`:",
            f"{listed(reading.STATIC_NAMES)}; every other name is a dynamic field.",
            "",
        ]
    )


def _decoder_line(name: str) -> str:
    return text.DECODER_ELEMENTS[name].format(plugins=listed(PLUGINS), types=listed(TYPES))


# --- ossec.conf -------------------------------------------------------------------------------------------------------


def conf_options() -> dict[str, dict[str, Option | None]]:
    """Section -> the options that it knows; None where the option is read by hand."""
    return {
        "global": {
            **global_section._GLOBAL_OPTIONS,
            **dict.fromkeys(("keep_day_files", "max_output_size", "rotate_interval")),
        },
        "limits": dict(global_section._EPS_OPTIONS),
        "alerts": dict(global_section._ALERT_OPTIONS),
        "ruleset": dict.fromkeys(ruleset_section._OPTIONS),
        "rule_test": dict(small_sections._RULE_TEST_OPTIONS),
        "logging": dict(small_sections._LOGGING_OPTIONS),
        'wodle name="aws-s3"': dict(aws_section._OPTIONS),
        "bucket": {**aws_definitions._BUCKET_OPTIONS, "discard_regex": None},
        "service": {**aws_definitions._SERVICE_OPTIONS, "discard_regex": None},
        "subscriber": {**aws_definitions._SUBSCRIBER_OPTIONS, "discard_regex": None},
    }


#: Options of `<global>` and `<alerts>` that are for Wazuh's other daemons: read, checked, and without effect.
def idle_options(section: str) -> list[str]:
    return sorted(name for name in conf_options()[section] if name not in text.CONF_OPTIONS[section])


def conf_page() -> str:
    """docs/reference/ossec-conf.md."""
    lines = [
        "# ossec.conf",
        "",
        "Every section and option that Alertmill acts on. `alertmill init` writes a commented file;",
        "`alertmill check` names what is wrong in yours, and what has no effect, each with its line and the reason.",
        "",
        _MADE,
    ]
    for section, about in text.CONF_SECTIONS.items():
        lines += ["", f"## `<{section}>`", "", about]
        options = text.CONF_OPTIONS.get(section, {})
        if options:
            lines += ["", *table(("option", ""), ((f"`{name}`", line) for name, line in options.items()))]
        idle = idle_options(section) if section in ("global", "alerts") else []
        if idle:
            lines += ["", f"Read and without effect, as there is nothing here that they could change: {listed(idle)}."]
    lines += [
        "",
        "## Sections of other daemons",
        "",
        f"Read over, and named by `alertmill check`: {listed(sorted(OTHER_SECTIONS))}, and `<wodle>` of other names.",
        "",
        "## Internal options",
        "",
        "`etc/internal_options.conf` and `etc/local_internal_options.conf`, lines like `analysisd.state_interval=10`:",
        "",
        *table(("option", "default", "range", "unit"), _internal_rows()),
        "",
    ]
    return "\n".join(lines)


def _internal_rows() -> Iterator[tuple[str, ...]]:
    for section, known, model in (("analysisd", ANALYSISD, Analysisd), ("monitord", MONITORD, Monitord)):
        for name in sorted(known.keys() & model.model_fields.keys()):
            option = known[name]
            yield f"`{section}.{name}`", str(option.default), f"{option.least} to {option.greatest}", option.unit


# --- sources ----------------------------------------------------------------------------------------------------------


def sources_page() -> str:
    """docs/reference/aws-sources.md."""
    lines = [
        "# AWS sources",
        "",
        "What Alertmill reads. The options of each kind stand in [ossec.conf](ossec-conf.md).",
        "",
        _MADE,
    ]
    services = get_args(aws_definitions.ServiceTypeName)
    lines += _sources("bucket", BUCKET_TYPES, text.BUCKET_TYPES, "bucket-types.md")
    lines += _sources("service", services, text.SERVICE_TYPES, "services.md")
    lines += _sources("subscriber", SUBSCRIBER_TYPES, text.SUBSCRIBER_TYPES, "subscribers.md")
    return "\n".join([*lines, ""])


def _sources(kind: str, names: Iterable[str], lines: Mapping[str, str], page: str) -> Iterator[str]:
    """The section of one kind; `page` has an example of each."""
    rows = ((f"`{name}`", lines[name], f"[example](../{page}#{name})") for name in names)
    yield from ("", f'## `<{kind} type="...">`', "", *table(("type", "reads", ""), rows))
    yield from ("", f"Options: {listed(text.CONF_OPTIONS[kind])}.")


PAGES = {
    "reference/aws-sources.md": sources_page,
    "reference/decoder-elements.md": decoders_page,
    "reference/ossec-conf.md": conf_page,
    "reference/rule-elements.md": rules_page,
}
