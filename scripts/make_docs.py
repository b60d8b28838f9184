"""Make the pages that are generated: docs/errors.md, docs/cli.md and docs/lint.md.

    python scripts/make_docs.py            write them
    python scripts/make_docs.py --check    exit code 1 if one of them is not up to date

errors.md comes from the catalogue of codes and from the diagnostics files of the tests: each of those holds, in its
header comment, the whole report that reading it gives, and a test holds it to that. cli.md comes from `--help`. lint.md
comes from the catalogue of findings and its examples, likewise held by tests.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import draw_pictures
import reference

from alertmill.cli import COMMANDS, main
from alertmill.codes import Code, catalogue
from alertmill.lint import Kind, all_kinds

ROOT = Path(__file__).resolve().parents[1]
DIAGNOSTICS = (
    ROOT / "tests" / "diagnostics",
    ROOT / "tests" / "unit" / "decoders" / "diagnostics",
    ROOT / "tests" / "unit" / "ruleset" / "diagnostics",
)

LINT_EXAMPLES = ROOT / "tests" / "unit" / "lint" / "examples"

ROOMS = {
    "X": "Files and the XML dialect",
    "C": "ossec.conf",
    "D": "Decoders",
    "R": "Rules",
    "L": "Lists",
    "A": "AWS",
    "T": "Tests of rules",
}

#: Longest line of an example, in characters; the middle of a longer one is left out.
_WIDTH = 240

#: Lines of an example's file that are shown at most.
_SHOWN = 60


def errors_page() -> str:
    """docs/errors.md."""
    lines = [
        "# Problems and their cures",
        "",
        "Every complaint of `alertmill check`, of a start and of a reload has a code. Here is what each one means, an",
        "example with the report it gives, and what to do. A released code is never reused for something else.",
        "",
        "<!-- Made by scripts/make_docs.py; do not edit. -->",
    ]
    codes = catalogue()
    for letter, room in ROOMS.items():
        lines += ["", f"## {room}"]
        for code in codes.values():
            if code.id.startswith(letter):
                lines += _entry(code)
    return "\n".join(lines) + "\n"


def _entry(code: Code) -> list[str]:
    lines = ["", f"### {code.id}: {code.title}", "", code.cure]
    example = example_of(code)
    if example is not None:
        source, report = ([_cut(line) for line in part] for part in example)
        lines += ["", "```xml", *source, "```", "", "```text", *report, "```"]
    return lines


def _cut(line: str) -> str:
    """A line of an example that is not about its own length."""
    return line if len(line) <= _WIDTH else f"{line[: _WIDTH // 2]} ... {line[-_WIDTH // 4 :]}"


def example_of(code: Code) -> tuple[list[str], list[str]] | None:
    """The shortest diagnostics file for a code: its lines and the part of its report that is about the code."""
    found = [path for folder in DIAGNOSTICS for path in folder.glob(f"{code.id}-*")]
    for path in sorted(found, key=lambda path: (path.stat().st_size, path.name)):
        header, source = _split(path)
        report = _about(code, header)
        shown = source.strip("\n").splitlines()
        if report and len(shown) <= _SHOWN:
            return shown, report
    return None


def _split(path: Path) -> tuple[list[str], str]:
    """The report in the header of a diagnostics file, and the file behind it."""
    text = path.read_bytes().decode("utf-8", "replace")
    if path.suffix == ".options":
        lines = text.splitlines()
        header = [line[2:] for line in lines if line.startswith("#")]
        return header, "\n".join(line for line in lines if not line.startswith("#"))
    header_text, _, source = text.partition("-->\n")
    return header_text.removeprefix("<!--\n").splitlines(), source


def _about(code: Code, report: list[str]) -> list[str]:
    """The first problem with this code in a report: its first line and the indented ones behind it."""
    for start, line in enumerate(report):
        if line.endswith(f"[{code.id}]"):
            problem = [line]
            for following in report[start + 1 :]:
                if not following.startswith(" "):
                    break
                problem.append(following)
            return problem
    return []


def cli_page() -> str:
    """docs/cli.md."""
    lines = [
        "# Commands",
        "",
        "What `alertmill COMMAND --help` says.",
        "",
        "<!-- Made by scripts/make_docs.py; do not edit. -->",
    ]
    for command in ("", *COMMANDS):
        words = [command, "--help"] if command else ["--help"]
        lines += ["", f"## alertmill {command}".rstrip(), "", "```text", *_help(words).strip().splitlines(), "```"]
    return "\n".join(lines) + "\n"


def _help(words: list[str]) -> str:
    """Help as on a terminal of 100 columns."""
    os.environ["COLUMNS"] = "100"
    os.environ["NO_COLOR"] = "1"
    output = io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.suppress(SystemExit):
        main(words)
    return re.sub(r"[ \t]+$", "", output.getvalue(), flags=re.MULTILINE)


#: Families of findings by the first code of each.
FAMILIES = {
    "L010": "Rules that no event gets to",
    "L030": "Patterns",
    "L050": "Counting",
    "L065": "Fields",
    "L070": "Lists",
    "L080": "Overwrites and ids",
    "L090": "What has no effect, groups, and what alerts say",
    "L100": "Decoders",
    "L120": "Comments",
}

LINT_INTRODUCTION = """# What lint finds

`alertmill check` tells what cannot be loaded. `alertmill lint` tells what is loaded and cannot work, or will surprise.

```text
alertmill --home /var/lib/alertmill lint         the home's own rules and decoders, amid the whole ruleset
alertmill lint rules/ local_decoder.xml          files and folders, amid the shipped ruleset (or that of --home)
alertmill --home /var/ossec lint --all           all of a ruleset, the shipped files too
```

A file that is named takes the place of the one with the same name in the ruleset around it. Files that bring the tops
of the rule tree (rules 1 to 9) are a ruleset of their own: nothing is loaded around them. Folders are read with all
folders in them, but for those called `tests`; lists are taken from a folder `lists` in or beside the one that is named.

| severity | means |
| --- | --- |
| error | it cannot work: a rule that never fires, a decoder that is never chosen, alerts that are lost |
| warning | it will surprise: it does something else than it seems to |
| note | a matter of style |

The exit code is 0 when nothing is found and 1 otherwise; `--fail-on warning` or `--fail-on error` lets lesser findings
pass. `--json` and `--sarif` print the findings for programs; code review tools take SARIF. What loading has to complain
about comes first, as `check` tells it.

What is said to *never* fire is proved, from the patterns themselves and the order in which rules are tried. What cannot
be proved is not said, so a clean report is no promise that every rule can fire. Events of the plugin
OSSECAlert_Decoder, which bring the number of their rule along, are left out of account.

A finding that is meant to be so is silenced by a comment inside the rule or decoder, or directly before it, with the
reason behind the codes. Before a `<group>` it holds for all rules of the group:

```xml
<!-- lint: ignore L042 the field has one digit -->
```

In the examples rule 50000 (level 0) is for all events of a decoder `gate`, which fills `user` and `srcip`; below it
stand 50001 (level 5, `^opened `) and 50002 (level 0, `heartbeat`). Rule 50100 (level 0) is for events in JSON, with
50101 (level 3, `state` is `on`) below it; 50200 (level 0) is for a decoder `press`, which fills `action`, `press.count`
and `id`.

<!-- Made by scripts/make_docs.py; do not edit. -->
"""


LINT_END = """## Adding a check

1. A `Kind` in `src/alertmill/lint/catalogue.py`: code, title, what to do, severity, what goes on. Only what can be
   proved is an error.
2. A function `check_...(scene)` that yields findings (`kinds.NAME.at(origin, message)`), in the file of its family, and
   its name in `FAMILIES` (`src/alertmill/lint/__init__.py`). A trap in a pattern is a function in `traps.py`, with its
   name in `TRAPS`.
3. An example in `tests/unit/lint/examples`: the mistake, what is found, and the text without it, in which nothing is
   found. What looks like the mistake and is none goes into `near_misses`.
4. `python scripts/make_docs.py`. Tests name what is missing.
"""


def lint_page() -> str:
    """docs/lint.md."""
    lines = [LINT_INTRODUCTION.rstrip("\n")]
    for kind in all_kinds().values():
        if kind.id in FAMILIES:
            lines += ["", f"## {FAMILIES[kind.id]}"]
        lines += _lint_entry(kind)
    return "\n".join([*lines, "", *LINT_END.splitlines()]) + "\n"


def _lint_entry(kind: Kind) -> list[str]:
    text = (LINT_EXAMPLES / f"{kind.id}.txt").read_text(encoding="utf-8").removeprefix("--- before\n")
    before, _, rest = text.partition("--- found\n")
    report, _, after = rest.partition("--- after\n")
    why, cure = _marked(kind.why), _marked(kind.cure)
    lines = [
        "",
        f"### {kind.id}: {_marked(kind.title)} ({kind.severity.value})",
        "",
        why,
        "",
        f"**What to do:** {cure}",
    ]
    for language, part in (("xml", before), ("text", report)):
        lines += ["", f"```{language}", *map(_cut, part.rstrip("\n").splitlines()), "```"]
    return [*lines, "", "Better:", "", "```xml", *map(_cut, after.rstrip("\n").splitlines()), "```"]


def _marked(text: str) -> str:
    """Text in which Markdown takes elements and patterns for what they are."""
    return re.sub(r"[<*_\\]", lambda found: "\\" + found.group(), text)


PAGES = {"errors.md": errors_page, "cli.md": cli_page, "lint.md": lint_page}


def run(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Make the generated pages of docs/.")
    parser.add_argument("--check", action="store_true", help="write nothing; say what is not up to date")
    check = parser.parse_args(arguments).check
    stale = []
    for name, make in PAGES.items():
        path, text = ROOT / "docs" / name, make()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
            if not check:
                path.parent.mkdir(exist_ok=True)
                path.write_text(text, encoding="utf-8")
    if check and stale:
        print(f"not up to date: {', '.join(stale)}; run: python scripts/make_docs.py", file=sys.stderr)
        return 1
    return 0


#: docs/reference/ and docs/pictures/.
PAGES.update({**reference.PAGES, **draw_pictures.PAGES})

if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
