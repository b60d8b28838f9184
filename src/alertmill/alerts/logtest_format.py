"""The report that wazuh-logtest prints for one event: three phases, from the reply of a session (spec/logtest.md 1, 2).

Knows no terminal and no session: takes the parsed reply, gives lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_PREDECODER_FIRST = ("timestamp", "hostname", "program_name")
_DECODER_FIRST = ("name", "parent")
_RULE_FIRST = ("id", "level", "description", "groups", "firedtimes")


def report(reply: Mapping[str, Any]) -> list[str]:
    """The lines for one processed event, without their newlines.

    `reply` is the `data` of a session's answer to `log_processing`: `output`, `alert`, and where present `messages` and
    `rules_debug`.
    """
    output: Mapping[str, Any] = reply["output"]
    lines = _warnings(reply.get("messages", ()))
    lines += ["", "**Phase 1: Completed pre-decoding."]
    if "full_log" in output:
        lines.append(f"\tfull event: '{output['full_log']}'")
    lines += _block(output.get("predecoder", {}), _PREDECODER_FIRST)
    lines += ["", "**Phase 2: Completed decoding."]
    lines += _decoding(output)
    if "rules_debug" in reply:
        lines += ["", "**Rule debugging:"]
        lines += [("\t\t" if entry.startswith("*") else "\t") + entry for entry in reply["rules_debug"]]
    if "rule" in output:
        lines += ["", "**Phase 3: Completed filtering (rules)."]
        lines += _block(output["rule"], _RULE_FIRST)
    if reply.get("alert"):
        lines.append("**Alert to be generated.")
    return lines


def verdict(output: Mapping[str, Any]) -> list[str]:
    """Rule id, level and decoder name as texts, empty where there is none: what `-U` compares (spec/logtest.md 3)."""
    rule = output.get("rule", {})
    return [str(rule.get("id", "")), str(rule.get("level", "")), str(output.get("decoder", {}).get("name", ""))]


def unit_test_exit_code(expected: Sequence[str], last: Sequence[str] | None) -> int:
    """The exit code of `-U` from the expected triple and that of the last event, None without any (spec/logtest.md 3).

    By an odd rule of the original, what was not asked about counts against success.
    """
    return expected.count("") if last is not None and list(last) == list(expected) else 1


def _warnings(messages: Sequence[str]) -> list[str]:
    warnings = [f"** Wazuh-Logtest: {message}" for message in messages if message.startswith("WARNING")]
    return [*warnings, ""] if warnings else []


def _decoding(output: Mapping[str, Any]) -> list[str]:
    decoder = output.get("decoder")
    if not decoder:
        return ["\tNo decoder matched."]
    return [*_block(decoder, _DECODER_FIRST), *_block(output.get("data", {}), ())]


def _block(members: Mapping[str, Any], first: Sequence[str]) -> list[str]:
    """One line per value: the names of `first` in their order, then all others sorted."""
    names = [name for name in first if name in members]
    names += sorted(name for name in members if name not in first)
    return [f"\t{path}: '{value}'" for name in names for path, value in _flat(name, members[name])]


def _flat(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Values below `value` with their dotted paths, members sorted at each level. Hostile nesting is not recursed."""
    waiting = [(path, value)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, dict):
            waiting += [(f"{path}.{name}", value[name]) for name in sorted(value, reverse=True)]
        else:
            yield path, value
