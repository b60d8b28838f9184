"""`<ruleset>`: which decoders, rules and lists are loaded (spec/config-loading.md 4, spec/rules.md 1, spec/lists.md 1).

Which files the folders hold is not known here; `ruleset_files` puts both together.
"""

from __future__ import annotations

from alertmill import codes
from alertmill.config.draft import Draft
from alertmill.config.models import Ruleset, RulesetPath
from alertmill.config.options import attribute_of, empty_element, printable, shown, text_of, unknown_element
from alertmill.config.ruleset_files import file_matcher
from alertmill.errors import PatternError, Problems
from alertmill.xmltext import Element

#: Where a name without a slash is looked for.
_HOME_OF = {
    "decoder_include": "ruleset/decoders/",
    "list": "ruleset/rules/",
    "rule_include": "ruleset/rules/",
}
_FOLDERS = ("decoder_dir", "rule_dir")
_EXCLUDES = ("decoder_exclude", "rule_exclude")
_OPTIONS = (*_FOLDERS, *_EXCLUDES, *_HOME_OF)


def read_ruleset(section: Element, draft: Draft, problems: Problems) -> None:
    """One `<ruleset>`; the last one of the file counts."""
    paths: dict[str, list[RulesetPath]] = {name: [] for name in _OPTIONS}
    for child in section.children:
        if child.name not in paths:
            unknown_element(child, "ruleset", _OPTIONS, problems)
            continue
        path = _read_path(child, problems)
        if path is not None:
            paths[child.name].append(path)
    lists = tuple(paths["list"])
    given = {name: tuple(found) for name, found in paths.items() if found and name not in (*_EXCLUDES, "list")}
    excludes = {name: frozenset(path.path for path in paths[name]) for name in _EXCLUDES}
    draft.rulesets.append(Ruleset(origin=section.origin(), lists=lists, **given, **excludes))


def build_ruleset(draft: Draft, problems: Problems) -> Ruleset:
    """The last section, with the lists of the last section that has any."""
    if not draft.rulesets:
        return Ruleset()
    for ruleset in draft.rulesets[:-1]:
        kept = " except for its lists" if ruleset.lists and not draft.rulesets[-1].lists else ""
        problems.warn(
            codes.C_OVERRIDDEN,
            f"this <ruleset> is replaced by a later one{kept}",
            ruleset.origin,
            hint="write all of it into one <ruleset>",
        )
    last = draft.rulesets[-1]
    if not last.lists:
        lists = next((ruleset.lists for ruleset in reversed(draft.rulesets) if ruleset.lists), ())
        last = last.model_copy(update={"lists": lists})
    return last


def _read_path(element: Element, problems: Problems) -> RulesetPath | None:
    path = text_of(element, problems)
    if not path.strip():
        empty_element(element, problems)
        return None
    if element.name == "list":
        path = path.partition(".cdb")[0]
    if "/" not in path:
        path = _HOME_OF.get(element.name, "") + path
    pattern = None
    if element.name in _FOLDERS and element.attributes:
        pattern = _read_pattern(element, problems)
        if pattern is None:
            return None
    return RulesetPath(path=path, pattern=pattern, origin=element.text_origin())


def _read_pattern(element: Element, problems: Problems) -> str | None:
    pattern = attribute_of(element, "pattern", problems)
    if pattern is None:
        name = next(iter(element.attributes))
        value = attribute_of(element, name, problems) or ""
        problems.error(
            codes.C_ATTRIBUTE,
            f"<{element.name}> has the attribute {shown(name)}, expected pattern",
            element.attribute_origin(name),
            hint='write pattern=".xml$", or leave the attribute out',
            wazuh=f"(1233): Invalid attribute '{printable(name)}' in the configuration: '{printable(value)}'.",
        )
        return None
    try:
        file_matcher(pattern)
    except PatternError as error:
        message = f"the pattern of <{element.name}> does not compile: {error.message}"
        problems.error(codes.C_PATTERN, message, element.attribute_origin("pattern"), hint=error.hint)
        return None
    return pattern
