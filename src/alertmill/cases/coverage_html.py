"""Coverage as one page of HTML that needs nothing else: the rules' XML, with what was reached and what was not.

The page holds no script and asks for nothing from anywhere; all text in it is escaped, also that of rules, which others
may have written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape

from alertmill.cases.coverage import ConditionCoverage, FileCoverage, RuleCoverage, total

_STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #ffffff; --faint: #59636e; --line: #d1d9e0;
  --good: #dafbe1; --half: #fff3c4; --bad: #ffdcd7; --good-ink: #0a5c26; --half-ink: #6b4700; --bad-ink: #9a1c14; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --paper: #0d1117; --faint: #9198a1; --line: #3d444d;
  --good: #12361f; --half: #3d2e00; --bad: #4b1210; --good-ink: #7ee2a0; --half-ink: #f2cc60; --bad-ink: #ffb1a8; } }
body { margin: 0 auto; max-width: 90rem; padding: 1rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: right; padding: .3rem .6rem; }
th:first-child, td:first-child { text-align: left; min-width: 12rem; overflow-wrap: anywhere; }
td:not(:first-child) { white-space: nowrap; }
th, td { border-bottom: 1px solid var(--line); } tfoot td { font-weight: bold; }
a { color: inherit; } .scroll { overflow-x: auto; }
.source { border: 1px solid var(--line); overflow-x: auto; font: 13px/1.5 ui-monospace, monospace; }
.source div { display: flex; width: max-content; min-width: 100%; }
.source code { white-space: pre; flex: 1; font: inherit; }
.source span { color: var(--faint); min-width: 3.5rem; padding-right: .6rem; text-align: right; user-select: none; }
.source small { color: var(--ink); padding: 0 1rem; font-size: 12px; }
.good { background: var(--good); } .half { background: var(--half); } .bad { background: var(--bad); }
b.good { color: var(--good-ink); } b.half { color: var(--half-ink); } b.bad { color: var(--bad-ink); }
b { padding: 0 .4rem; }
"""

_HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Coverage of rules</title>
<style>{style}</style>
</head>
<body>
<h1>Coverage of rules</h1>
<p>A rule is covered when it decided about an event. A condition is asked only when those before it held; it is covered
when it was seen to hold and not to hold. A rule with rules below it is covered when one of these won and, for another
event, none did.
<b class="good">seen both ways</b> <b class="half">seen one way</b> <b class="bad">never</b></p>
"""


def coverage_page(files: Iterable[FileCoverage], texts: Mapping[str, str]) -> str:
    """The page for these files; `texts` is their XML (byte text) by path."""
    found = list(files)
    parts = [_HEAD.format(style=_STYLE), _table(found)]
    parts += [_source(number, file, texts.get(file.path, "")) for number, file in enumerate(found)]
    return "\n".join([*parts, "</body>", "</html>", ""])


def _text(byte_text: str) -> str:
    """Byte text as the page shows it."""
    return escape(byte_text.encode("latin-1", "replace").decode("utf-8", "replace"))


def _table(files: list[FileCoverage]) -> str:
    rows = "\n".join(
        _row(f'<a href="#file-{number}">{_text(file.path)}</a>', file) for number, file in enumerate(files)
    )
    return (
        '<div class="scroll"><table>\n<thead><tr><th scope="col">file</th><th scope="col">rules fired</th>'
        '<th scope="col">conditions</th><th scope="col">branches</th><th scope="col">covered</th></tr></thead>\n'
        f"<tbody>\n{rows}\n</tbody>\n<tfoot>{_row('all', total(files))}</tfoot>\n</table></div>"
    )


def _row(name: str, file: FileCoverage) -> str:
    pairs = (file.rule_points, file.condition_points, file.branch_points)
    cells = "".join(f"<td>{seen} of {all_}</td>" for seen, all_ in pairs)
    return f"<tr><td>{name}</td>{cells}<td>{file.percent:.1f} %</td></tr>"


def _source(number: int, file: FileCoverage, text: str) -> str:
    notes = _notes(file)
    lines = "\n".join(_line(at, line, notes.get(at)) for at, line in enumerate(text.split("\n"), 1))
    return f'<h2 id="file-{number}">{_text(file.path)}</h2>\n<div class="source">\n{lines}\n</div>'


def _line(number: int, line: str, note: tuple[str, str] | None) -> str:
    kind, told = note or ("", "")
    marked = f' class="{kind}"' if kind else ""
    return f"<div{marked}><span>{number}</span><code>{_text(line.rstrip())}</code><small>{told}</small></div>"


#: What was seen -> how it is coloured, from best to worst.
_KINDS = ("good", "half", "bad")


def _notes(file: FileCoverage) -> dict[int, tuple[str, str]]:
    """Line number -> colour and words (HTML). What says several things on one line has the worst colour of them."""
    found: dict[int, tuple[str, str]] = {}

    def add(line: int, kind: str, words: str) -> None:
        before, told = found.get(line, ("good", ""))
        worst = max(before, kind, key=_KINDS.index)
        found[line] = (worst, f"{told}; {words}" if told else words)

    for rule in file.rules:
        add(rule.source.origin.line, *_of_rule(rule))
        for condition in rule.conditions:
            for line in condition.place.lines:
                add(line, *_of_condition(condition))
    return found


def _of_rule(rule: RuleCoverage) -> tuple[str, str]:
    words = f"{rule.source.id}: tried {rule.tried}, held {rule.held}, fired {rule.fired}"
    if rule.has_children:
        words += f"; a rule below it won {rule.child_won}, none did {rule.fell_through}"
    if not rule.decided:
        return "bad", words
    seen, all_ = rule.branch_points
    return ("good" if seen == all_ else "half"), words


def _of_condition(condition: ConditionCoverage) -> tuple[str, str]:
    return _KINDS[2 - condition.points], f"true {condition.true}, false {condition.false}"
