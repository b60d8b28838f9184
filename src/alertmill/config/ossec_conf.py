"""ossec.conf: text -> `Config`, with every problem of the file in one report (spec/ossec-conf.md 1).

The catalogue SECTIONS says who reads which section. An error means that Alertmill cannot start with this file; what
Wazuh refuses is refused, except for options inside the sections of daemons that Alertmill does not replace.
"""

from __future__ import annotations

from alertmill import codes
from alertmill.config.aws_section import read_aws_s3
from alertmill.config.draft import Draft, SectionReader
from alertmill.config.global_section import build_global, read_alerts, read_global
from alertmill.config.models import Alerts, Config, InternalOptions
from alertmill.config.options import STANDARD, name_of
from alertmill.config.other_sections import OTHER_SECTIONS, read_other, read_other_wodle, report_others
from alertmill.config.ruleset_section import build_ruleset, read_ruleset
from alertmill.config.secrets import mask_elements, without_secrets
from alertmill.config.small_sections import (
    build_cluster,
    build_logging,
    build_rule_test,
    read_cluster,
    read_labels,
    read_logging,
    read_rule_test,
)
from alertmill.errors import Origin, Problems, did_you_mean
from alertmill.event import from_byte_text
from alertmill.xmltext import Element, XmlError, load_xml

ROOT = "ossec_config"


def _read_wodle(section: Element, draft: Draft, problems: Problems) -> None:
    if section.attributes.get("name") == "aws-s3":
        read_aws_s3(section, draft, problems)
    else:
        read_other_wodle(section, draft, problems)


#: Section name -> who reads it. Alphabetical; the rest is in OTHER_SECTIONS.
SECTIONS: dict[str, SectionReader] = {
    "alerts": read_alerts,
    "cluster": read_cluster,
    "global": read_global,
    "labels": read_labels,
    "logging": read_logging,
    "rule_test": read_rule_test,
    "ruleset": read_ruleset,
    "wodle": _read_wodle,
    **dict.fromkeys(OTHER_SECTIONS, read_other),
}


def read_config(text: str, path: str, problems: Problems, internal: InternalOptions | None = None) -> Config:
    """The file's text (byte text) as a `Config`.

    Args:
        text: what the file holds.
        path: how messages call the file.
        problems: receives everything that is wrong. With an error among them the result is what could be read, and
            nobody should run with it.
        internal: the internal options, which some ranges depend on; they become part of the result.
    """
    draft, found = Draft(internal or InternalOptions()), Problems()
    roots = _elements(text, path, found)
    for root in roots or ():
        if root.name == ROOT:
            _read_root(root, draft, found)
        else:
            _unknown_root(root, found)
    if roots is not None and not any(root.name == ROOT for root in roots):
        message = f"there is no <{ROOT}> in the file: every option has its default"
        found.warn(codes.C_NOTHING, message, Origin(path), hint=f"write all sections between <{ROOT}> and </{ROOT}>")
    report_others(draft, found)
    config = _build(draft, found)
    problems.extend(sorted(found, key=lambda problem: problem.origin.line if problem.origin else 0))
    return config


def _elements(text: str, path: str, problems: Problems) -> list[Element] | None:
    """The root elements, None when the file cannot be read. What they say of their places is free of secrets."""
    try:
        roots = load_xml(text, path)
    except XmlError as error:
        problems.extend([without_secrets(error.problem, text)])
        return None
    if roots:
        roots[0].source.text = mask_elements(text, roots)
    return roots


def _read_root(root: Element, draft: Draft, problems: Problems) -> None:
    for section in root.children:
        reader = SECTIONS.get(section.name)
        if reader is None:
            _unknown_section(section, problems)
        elif section.children or section.name == "wodle":
            reader(section, draft, problems)
        elif section.text.strip():
            message = f"the text of <{section.name}> is ignored: its options are elements"
            problems.warn(codes.C_NOTHING, message, section.text_origin())


def _unknown_section(section: Element, problems: Problems) -> None:
    name = name_of(section)
    wazuh = STANDARD.unknown.format(option=name)
    hint = did_you_mean(name, SECTIONS)
    problems.error(codes.C_UNKNOWN, f"there is no section <{name}>", section.origin(), hint=hint, wazuh=wazuh)


def _unknown_root(root: Element, problems: Problems) -> None:
    name = name_of(root)
    message = f"<{name}> stands outside of <{ROOT}>"
    hint = did_you_mean(from_byte_text(root.name), [ROOT]) or f"write it between <{ROOT}> and </{ROOT}>"
    problems.error(codes.C_UNKNOWN, message, root.origin(), hint=hint, wazuh=STANDARD.unknown.format(option=name))


def _build(draft: Draft, problems: Problems) -> Config:
    return Config(
        global_=build_global(draft, problems),
        alerts=draft.alerts.build(Alerts),
        ruleset=build_ruleset(draft, problems),
        labels=tuple(draft.labels),
        cluster=build_cluster(draft, problems),
        rule_test=build_rule_test(draft),
        logging=build_logging(draft),
        aws_s3=tuple(draft.aws_s3),
        sections_not_acted_on=tuple(other for _, other in draft.others),
        internal=draft.internal,
    )
