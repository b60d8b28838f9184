"""Comments that silence findings: `<!-- lint: ignore L012 reason -->` inside a rule or decoder, or directly before it.

Before a `<group>` it holds for the group with all its rules. A comment that silences nothing is a finding itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from alertmill.errors import Origin, Problem
from alertmill.event import from_byte_text
from alertmill.lint import catalogue as kinds
from alertmill.lint.scene import Scene
from alertmill.xmltext import SourceText

_COMMENT = re.compile(r"<!--\s*lint:\s*ignore\b(?P<codes>(?:[\s,]+[A-Z]\d{3}\b)*).*?-->", re.DOTALL)
_CODE = re.compile(r"[A-Z]\d{3}")
_MEMBER = re.compile(r"<(?P<name>rule|decoder)\s", re.IGNORECASE)
_GROUP = re.compile(r"<group\s", re.IGNORECASE)
_BETWEEN = re.compile(r"(?:\s|<!--.*?-->)*", re.DOTALL)


@dataclass(slots=True)
class _Silence:
    """A comment: the codes that it names, the lines that it holds for, and the codes that were found there."""

    origin: Origin
    codes: frozenset[str]
    first: int
    last: int
    used: set[str]

    def covers(self, finding: Problem) -> bool:
        origin = finding.origin
        if origin is None or finding.code.id not in self.codes or origin.path != self.origin.path:
            return False
        return self.first <= origin.line <= self.last


def without_ignored(scene: Scene, findings: Iterable[Problem]) -> Iterator[Problem]:
    """The findings that no comment silences, their texts as people read them, and the comments without effect."""
    silences = [one for path, text in (*scene.decoder_texts, *scene.rule_texts) for one in _silences(scene, path, text)]
    for finding in findings:
        covering = [silence for silence in silences if silence.covers(finding)]
        for silence in covering:
            silence.used.add(finding.code.id)
        if not covering:
            yield replace(finding, message=from_byte_text(finding.message), hint=from_byte_text(finding.hint))
    for silence in silences:
        idle = sorted(silence.codes - silence.used)
        if idle or not silence.codes:
            what = f"there is no {' and no '.join(idle)} here" if idle else "it names no code"
            yield kinds.IDLE_COMMENT.at(silence.origin, f"this comment silences nothing: {what}")


def _silences(scene: Scene, path: str, text: str) -> Iterator[_Silence]:
    if path not in scene.judged.paths or "lint:" not in text:
        return
    source = SourceText(path, text)
    for found in _COMMENT.finditer(text):
        start, end = _held(text, found.start(), found.end())
        first, last = source.origin(start).line, source.origin(end).line
        codes = frozenset(_CODE.findall(found["codes"]))
        yield _Silence(source.origin(found.start(), found.end()), codes, first, last, set())


def _held(text: str, start: int, end: int) -> tuple[int, int]:
    """Where the element begins and ends that a comment is inside of, or directly before; else the comment itself."""
    for opened in _MEMBER.finditer(text, 0, start):
        if start < _end_of(text, opened):
            return opened.start(), _end_of(text, opened)
    between = _BETWEEN.match(text, end)
    position = between.end() if between is not None else end
    following = _MEMBER.match(text, position)
    if following is not None:
        return following.start(), _end_of(text, following)
    if _GROUP.match(text, position) is not None:
        other = _GROUP.search(text, position + 1)
        return position, text.rfind("</group>", position, other.start() if other is not None else len(text))
    return start, end


def _end_of(text: str, opened: re.Match[str]) -> int:
    """Where the rule or decoder ends that was opened."""
    end = text.find(f"</{opened['name']}>", opened.end())
    return end if end >= 0 else len(text)
