"""`alertmill lint`: what loads but cannot work or will surprise, in the terminal, as JSON, or as SARIF for code review.

Which files are judged, and what surrounds them, is decided here; the checks are in `alertmill.lint`.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from alertmill import __version__
from alertmill.cli import EXIT_OK, EXIT_PROBLEMS, EXIT_USAGE, Context
from alertmill.cli.progress import results
from alertmill.cli.text import encodable, many, printable
from alertmill.config.models import Config
from alertmill.errors import AlertmillError, Problem, Problems, Severity
from alertmill.installation import Installation, RulesetTexts, read_text, shipped, shipped_installation
from alertmill.lint import FAMILIES, Judged, Scene, all_kinds, conclude
from alertmill.lint.kinds import Kind
from alertmill.lint.sarif import sarif

EXAMPLES = (
    "alertmill --home ./home lint                        your own rules and decoders of a home",
    "alertmill lint --sarif ./rules > lint.sarif         a folder of rules, for code review",
)

#: Severities, the gravest first.
_SEVERITIES = (Severity.ERROR, Severity.WARNING, Severity.NOTE)
#: A rule that stands at the top of the tree: who brings these brings a whole ruleset.
_TREE_TOP = re.compile(r"<rule\s[^>]*\bid\s*=\s*[\"']0*[1-9][\"']")
_FIRST_ELEMENT = re.compile(r"<(decoder|group)\b", re.IGNORECASE)
_COMMENT = re.compile(r"<!.*?(?:-->|!>)", re.DOTALL)
#: Folders that hold tests of rules, whose files belong to no ruleset.
_TESTS = frozenset(("test", "tests"))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "path",
        metavar="FILE_OR_DIR",
        nargs="*",
        help="files of rules or decoders, or folders of them, judged amid the shipped ruleset, or the home's if --home "
        "names one; a file takes the place of the one there with the same name (default: the home's own files)",
    )
    parser.add_argument("--all", action="store_true", help="judge the whole ruleset, not only the home's own files")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON object instead of text")
    form.add_argument("--sarif", action="store_true", help="SARIF 2.1.0 instead of text")
    parser.add_argument(
        "--fail-on",
        choices=[severity.value for severity in _SEVERITIES],
        default=Severity.NOTE.value,
        help="the least severity that makes the exit code 1 (default: note, which is every finding)",
    )


def run(options: argparse.Namespace, context: Context) -> int:
    try:
        subject = _subject(options, context)
    except AlertmillError as error:
        print(f"alertmill lint: {error}", file=context.stderr)
        return EXIT_USAGE
    report = subject.report(context.stderr)
    if options.sarif:
        text = json.dumps(sarif(report.findings, all_kinds().values(), __version__), indent=1) + "\n"
    elif options.json:
        text = json.dumps(report.as_values(), indent=1) + "\n"
    else:
        text = report.as_text()
    context.stdout.write(encodable(text, context.stdout))
    grave = _SEVERITIES[: _SEVERITIES.index(Severity(options.fail_on)) + 1]
    return EXIT_PROBLEMS if any(finding.severity in grave for finding in report.findings) else EXIT_OK


# --- what is judged ---------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Subject:
    """A ruleset as texts, which of them are judged, and what reading them has already told."""

    installation: Installation
    config: Config
    texts: RulesetTexts
    judged: Judged
    problems: Problems = field(default_factory=Problems)

    def report(self, stderr: TextIO) -> _Report:
        """Load it, and look for everything."""
        loaded = self.installation.load_texts(self.texts, self.config, self.problems)
        log_fw = bool(self.config.internal.analysisd.log_fw)
        identities = loaded.decoders.identities
        texts = self.texts
        scene = Scene(
            loaded.rules,
            texts.rules,
            texts.decoders,
            texts.lists,
            identities,
            self.judged,
            log_fw,
            self.config.global_.event_format,
        )
        told = [one for one in self.problems if one.severity is Severity.ERROR or self._is_judged(one)]
        return _Report(scene, [*told, *conclude(scene, _found(scene, stderr))])

    def _is_judged(self, problem: Problem) -> bool:
        return problem.origin is not None and problem.origin.path in self.judged.paths


def _found(scene: Scene, stderr: TextIO) -> list[Problem]:
    """What all checks find; on a terminal with a moving line while it takes long."""
    with ThreadPoolExecutor(1) as worker:
        futures = [worker.submit(_family, scene, name) for name in FAMILIES]
        return [finding for found in results(futures, stderr, "looking for mistakes") for finding in found]


def _family(scene: Scene, name: str) -> list[Problem]:
    return [finding for check in FAMILIES[name] for finding in check(scene)]


def _subject(options: argparse.Namespace, context: Context) -> _Subject:
    """What the command line asks for. Raises AlertmillError when that cannot be."""
    problems = Problems()
    if options.path and not context.home_given:
        installation, config = shipped_installation()
    else:
        installation = Installation(context.home)
        if not installation.home.is_dir():
            raise AlertmillError(f"there is no home folder {installation.home}; name one with --home, or name files")
        config = installation.load_config(problems)
    texts = installation.ruleset_texts(config, problems)
    if options.path:
        judged = _add(texts, _given(options.path))
    else:
        paths = [path for path, _ in (*texts.decoders, *texts.rules)]
        own = frozenset(path for path in paths if not path.startswith("ruleset/"))
        judged = Judged(own, own)
    if options.all:
        judged = Judged(frozenset(path for path, _ in (*texts.decoders, *texts.rules)), judged.own)
    return _Subject(installation, config, texts, judged, problems)


@dataclass(slots=True)
class _Given:
    """The files of the command line as (path, byte text)."""

    rules: list[tuple[str, str]] = field(default_factory=list)
    decoders: list[tuple[str, str]] = field(default_factory=list)
    lists: dict[str, str | None] = field(default_factory=dict)

    def add(self, path: Path) -> None:
        text = _read(path)
        first = _FIRST_ELEMENT.search(_COMMENT.sub("", text))
        is_decoder = first is not None and first[1].lower() == "decoder"
        (self.decoders if is_decoder else self.rules).append((printable(path.as_posix()), text))

    def add_lists(self, folder: Path) -> None:
        """The lists of a folder, under the names that rules use in a home."""
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.suffix != ".cdb":
                self.lists[f"etc/lists/{path.relative_to(folder).as_posix()}"] = _read(path)

    def is_whole(self) -> bool:
        """Whether it brings the tops of the rule tree."""
        return any(_TREE_TOP.search(_COMMENT.sub("", text)) for _, text in self.rules)


def _given(names: Sequence[str]) -> _Given:
    given = _Given()
    seen: set[Path] = set()
    for name in names:
        path = Path(name)
        if not path.exists():
            raise AlertmillError(f"there is no {printable(name)}; name files of rules or decoders, or folders of them")
        files = _files(path) if path.is_dir() else [path]
        if not files:
            raise AlertmillError(f"the folder {printable(name)} holds no *.xml; name one that holds rules or decoders")
        folder = path if path.is_dir() else path.parent
        for lists in (folder.parent / "lists", folder / "lists"):
            if lists.is_dir():
                given.add_lists(lists)
        for file in files:
            if file.resolve() not in seen:
                seen.add(file.resolve())
                given.add(file)
    return given


def _files(folder: Path) -> list[Path]:
    """The *.xml of a folder and those below it, but for tests."""
    found = folder.rglob("*.[xX][mM][lL]")
    return sorted(path for path in found if path.is_file() and not _TESTS & set(path.relative_to(folder).parts[:-1]))


def _read(path: Path) -> str:
    try:
        return read_text(path)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise AlertmillError(f"{printable(path.as_posix())} cannot be read: {reason}") from None


def _add(texts: RulesetTexts, given: _Given) -> Judged:
    """Put the files of the command line among the others, or in their place."""
    whole = given.is_whole()
    rules = [] if whole else texts.rules
    decoders = [] if whole and given.decoders else texts.decoders
    names = {_name(path) for path, _ in (*rules, *decoders) if path.startswith(_publishers())}
    texts.rules, texts.decoders = _merged(rules, given.rules), _merged(decoders, given.decoders)
    texts.lists |= given.lists
    paths = frozenset(path for path, _ in (*given.rules, *given.decoders))
    own = frozenset() if whole else frozenset(path for path in paths if _name(path) not in names)
    return Judged(paths, own)


def _publishers() -> tuple[str, ...]:
    """How paths begin of files that no user writes."""
    return ("ruleset/", str(shipped("rules")), str(shipped("decoders")))


def _merged(some: Iterable[tuple[str, str]], others: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """All files in load order; of two with one name the one in `others`."""
    added = list(others)
    names = {_name(path) for path, _ in added}
    kept = [file for file in some if _name(file[0]) not in names]
    return sorted([*kept, *added], key=lambda file: _name(file[0]).encode("utf-8", "surrogateescape"))


def _name(path: str) -> str:
    return path.rpartition("/")[2]


# --- what is told -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Report:
    """What was judged, and everything found."""

    scene: Scene
    findings: list[Problem]

    def _counts(self) -> dict[str, int]:
        return {
            "rules": sum(1 for _ in self.scene.rules()),
            "decoders": sum(1 for _ in self.scene.judged_decoders()),
            **{f"{one.value}s": sum(finding.severity is one for finding in self.findings) for one in _SEVERITIES},
        }

    def as_text(self) -> str:
        counts = self._counts()
        told = ", ".join(many(count, name[:-1]) for name, count in counts.items())
        drawn = [line for finding in self.findings for line in finding.draw().splitlines()]
        return "\n".join([*map(printable, drawn), *([""] if drawn else []), f"{told}\n"])

    def as_values(self) -> dict[str, object]:
        found = [
            finding.as_dict() | {"why": finding.code.why if isinstance(finding.code, Kind) else finding.code.title}
            for finding in self.findings
        ]
        return {**self._counts(), "findings": found}
