"""Make the pages that are generated: docs/errors.md and docs/cli.md.

    python scripts/make_docs.py            write them
    python scripts/make_docs.py --check    exit code 1 if one of them is not up to date

errors.md comes from the catalogue of codes and from the diagnostics files of the tests: each of those holds, in its
header comment, the whole report that reading it gives, and a test holds it to that. cli.md comes from `--help`.
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

ROOT = Path(__file__).resolve().parents[1]
DIAGNOSTICS = (
    ROOT / "tests" / "diagnostics",
    ROOT / "tests" / "unit" / "decoders" / "diagnostics",
    ROOT / "tests" / "unit" / "ruleset" / "diagnostics",
)

ROOMS = {
    "X": "Files and the XML dialect",
    "C": "ossec.conf",
    "D": "Decoders",
    "R": "Rules",
    "L": "Lists",
    "A": "AWS",
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


PAGES = {"errors.md": errors_page, "cli.md": cli_page}


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
