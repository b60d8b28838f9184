"""Decoders and rules as trees for `getconfig` (spec/control.md 6.2), as far as the loaded structures still know them.

Children of a decoder that can never be chosen are not in the loaded tree, nor is the regex of a decoder with children.
Which members there are is decided here; sending them is the business of `control`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from alertmill.decoders import PLUGINS, DecoderTree
from alertmill.decoders.compiled import Branch, Pattern, Root, Step
from alertmill.event import DecoderInfo
from alertmill.ruleset import CompiledRule
from alertmill.ruleset.siblings import Node
from alertmill.ruleset.spec import DEFAULT_FREQUENCY, AddressCriterion, JoinedText, RuleSpec, TextCriterion

Json = dict[str, Any]

#: Largest number that a reply holds; only an `if_matched_sid` of no rule can be larger.
_LARGEST = 2**63 - 1


def printable(text: str) -> str:
    """Byte text as text that JSON can hold; bytes that are not UTF-8 become replacement characters."""
    return text if text.isascii() else text.encode("latin-1").decode("utf-8", "replace")


def sendable(text: str) -> str:
    """Ordinary text as JSON can hold it: surrogates, which stand for bytes that were not UTF-8, are replaced."""
    return text if text.isascii() else text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


# --- rules ------------------------------------------------------------------------------------------------------------


def describe_rules(roots: Sequence[Node]) -> bytes:
    """The JSON array of the tree of rules, in the order in which they are tried.

    It is written without recursion and from shared parts: a tree has thousands of nodes, and rules may hang below each
    other as deep as their authors like.
    """
    parts: list[bytes] = []
    known: dict[int, bytes] = {}
    waiting: list[Node | bytes] = [b"]", *_listed(roots), b"["]
    while waiting:
        item = waiting.pop()
        if isinstance(item, bytes):
            parts.append(item)
            continue
        rule = item.rule
        if rule.id not in known:
            known[rule.id] = orjson.dumps(rule_members(rule))
        parts.append(b'{"children":[')
        # The rule's own object without its opening brace.
        waiting += [known[rule.id][1:], b"],", *_listed(item.children)]
    return b"".join(parts)


def _listed(nodes: Sequence[Node]) -> Iterator[Node | bytes]:
    """Nodes and the commas between them, last first."""
    for number, node in enumerate(reversed(nodes)):
        if number:
            yield b","
        yield node


def rule_members(rule: CompiledRule) -> Json:
    """What is told of a rule besides its children."""
    spec = rule.spec
    told: Json = {
        "sigid": rule.id,
        "level": rule.level,
        "maxsize": spec.maxsize,
        "frequency": (spec.frequency or DEFAULT_FREQUENCY) if spec.composite else 0,
        "timeframe": spec.timeframe,
        "ignore_time": spec.ignore,
        "decoded_as": spec.decoder_identity if spec.decoded_as is not None else 0,
        "if_matched_sid": min(int(spec.if_matched_sid.text), _LARGEST) if spec.if_matched_sid else 0,
        "group": printable(spec.group_text),
    }
    told |= {name: _criterion(criterion) for name, criterion in spec.texts.items()}
    told["comment"] = printable(spec.description)
    told |= {name: printable(text) for name, text in _texts(spec) if text is not None}
    told["rule_file"] = sendable(spec.origin.path)
    told["category"] = spec.category
    if spec.fields:
        told["field"] = [{"name": printable(one.name), **_criterion(one)} for one in spec.fields]
    told |= {name: _addresses(criterion) for name, criterion in spec.addresses.items()}
    return told | _comparisons(spec)


def _texts(spec: RuleSpec) -> list[tuple[str, str | None]]:
    def text_of(joined: JoinedText | None) -> str | None:
        return None if joined is None else joined.text

    regex = spec.if_matched_regex
    return [
        ("info", spec.info),
        ("cve", spec.cve),
        ("if_sid", text_of(spec.if_sid)),
        ("if_matched_regex", None if regex is None else regex.source.text),
        ("if_matched_group", text_of(spec.if_matched_group)),
    ]


def _criterion(criterion: TextCriterion) -> Json:
    return {"pattern": printable(criterion.source.text), "type": criterion.dialect, "negate": criterion.negate}


def _addresses(criterion: AddressCriterion) -> list[str]:
    sign = "!" if criterion.negate else ""
    return [printable(sign + entry) for entry in criterion.entries]


def _comparisons(spec: RuleSpec) -> Json:
    """What must be equal or different in counted events, and the other options without a value."""
    told: Json = {}
    if spec.same_fields:
        told["same_field"] = [printable(name) for name in spec.same_fields]
    if spec.different_fields:
        told["different_field"] = [printable(name) for name in spec.different_fields]
    for word, names in (("same", spec.same), ("different", spec.different)):
        told |= {f"{word}_{'user' if name == 'dstuser' else name}": "" for name in names}
    flags = {
        "global_frequency": spec.global_frequency,
        "check_diff": spec.check_diff,
        "if_fts": spec.if_fts,
    }
    return told | {name: "" for name, is_set in flags.items() if is_set}


# --- decoders ---------------------------------------------------------------------------------------------------------


def describe_decoders(tree: DecoderTree) -> list[Json]:
    """The decoders without parent, those with a program name first, each with its children."""
    return [_root(root) for root in tree.roots]


def _root(root: Root) -> Json:
    # A root without children has itself for its only branch.
    alone = len(root.branches) == 1 and root.branches[0].info is root.info
    children = [] if alone else [child for branch in root.branches for child in _chain(branch, root.info)]
    step = root.branches[0].steps[0] if alone else None
    return _decoder(root.info, step, prematch=root.prematch, program_name=root.program_name, children=children)


def _chain(branch: Branch, parent: DecoderInfo) -> Iterator[Json]:
    """The members of a chain; only the first has a prematch."""
    for number, step in enumerate(branch.steps):
        yield _decoder(branch.info, step, prematch=None if number else branch.prematch, parent=parent.name)


def _decoder(
    info: DecoderInfo,
    step: Step | None,
    *,
    prematch: Pattern | None,
    program_name: Pattern | None = None,
    parent: str = "",
    children: Sequence[Json] = (),
) -> Json:
    """The members of a decoder that say anything."""
    regex = None if step is None else step.regex
    told: Json = {
        "id": info.identity,
        "name": printable(info.name),
        "parent": printable(parent),
        "order": [] if step is None else [static or printable(name) for static, name in step.order],
        "children": children,
        "use_own_name": bool(parent) and info.name != parent,
        "accumulate": info.accumulate,
        "prematch": _pattern(prematch),
        "prematch_offset": _offset(prematch),
        "regex": _pattern(regex),
        "regex_offset": _offset(regex),
        "program_name": _pattern(program_name),
        "fts": [*sorted(info.fts or ()), *map(printable, info.fts_fields)],
        "ftscomment": printable(info.ftscomment),
        "type": info.type,
        **_plugin(step),
    }
    return {name: value for name, value in told.items() if value not in ("", None, [], ())}


def _plugin(step: Step | None) -> Json:
    if step is None or step.plugin is None:
        return {}
    word = next(word for word, plugin in PLUGINS.items() if plugin is step.plugin)
    return {"plugin_decoder": word, "plugin_offset": step.plugin_offset}


def _offset(pattern: Pattern | None) -> str:
    return "" if pattern is None else pattern.offset


def _pattern(pattern: Pattern | None) -> Json | None:
    if pattern is None:
        return None
    return {"pattern": printable(pattern.matcher.pattern), "type": pattern.dialect}
