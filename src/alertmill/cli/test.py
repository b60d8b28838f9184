"""`alertmill test`: run cases against rules, with coverage and mutants on request."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

from alertmill.cases import Case, CaseResult, Coverage, FileResult, Observer, Visits, run_case, total
from alertmill.cases.coverage_html import coverage_page
from alertmill.cases.junit import junit
from alertmill.cli import EXIT_OK, EXIT_PROBLEMS, EXIT_USAGE, Context
from alertmill.cli.case_files import HOME_FOLDERS, files_below, read_file, shown_path
from alertmill.cli.case_report import Paint, Report, as_values, text_lines
from alertmill.cli.case_ruleset import RulesetChoice, RulesetUnderTest
from alertmill.cli.home import HomeError, home_of
from alertmill.cli.mutants import Bounds, try_mutants
from alertmill.cli.progress import Steps
from alertmill.cli.text import encodable, printable
from alertmill.errors import LoadError, Problems
from alertmill.event import Outcome

EXAMPLES = (
    "alertmill --home ./home test                        the home's own cases, against the home's rules",
    "alertmill test --coverage --mutate my-cases.yaml    and what they leave untested of the shipped rules",
)

#: Seconds that mutants may take unless --seconds says otherwise.
_MUTATE_SECONDS = 300


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file",
        metavar="FILE",
        nargs="*",
        help="files of cases, or folders with *.yaml, *.yml and *.ini (default: the home's rules/tests)",
    )
    for kind in ("rules", "decoders"):
        parser.add_argument(
            f"--{kind}",
            metavar="DIR",
            action="append",
            default=[],
            help=f"*.xml of this folder in place of the shipped (or home's) {kind}; may stand several times",
        )
    parser.add_argument("-k", dest="word", metavar="WORD", help="only cases with this in their name or file name")
    parser.add_argument("-v", dest="verbose", action="store_true", help="name every case, condition and survivor")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of text")
    parser.add_argument("--junit", metavar="FILE", help="write the results as JUnit XML as well")
    parser.add_argument("--coverage", action="store_true", help="which rules, conditions and branches the cases reach")
    parser.add_argument("--html", metavar="FILE", help="write the coverage as a page of HTML as well")
    parser.add_argument("--mutate", action="store_true", help="change each condition and see whether a case notices")
    parser.add_argument(
        "-j", dest="processes", metavar="N", type=_count, default=1, help="processes for --mutate, 0: all cores"
    )
    parser.add_argument(
        "--seconds", metavar="N", type=_count, default=_MUTATE_SECONDS, help="most seconds for --mutate (300)"
    )
    parser.add_argument("--min", metavar="N", type=_percent, help="fail below N percent of coverage, or mutation score")
    parser.add_argument(
        "--watch", action="store_true", help="run again whenever rules, decoders, lists or cases change"
    )


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 8):
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number")
    return int(text)


def _percent(text: str) -> float:
    value = float(text) if text.replace(".", "", 1).isdigit() and text.isascii() else -1.0
    if not 0 <= value <= 100:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number from 0 to 100")
    return value


class _UsageError(Exception):
    """What was asked for makes no sense; `str()` says what to do."""


def run(options: argparse.Namespace, context: Context) -> int:
    try:
        run = _Run(options, context)
        return run.watch() if options.watch else run.once()
    except _UsageError as error:
        print(f"alertmill test: {error}", file=context.stderr)
        return EXIT_USAGE


class _Run:
    """The command as it was called: `once` runs all cases, `watch` does so again and again."""

    def __init__(self, options: argparse.Namespace, context: Context) -> None:
        self._options = options
        self._context = context
        self._check()
        self._choice = self._chosen()
        self._named = [Path(name) for name in options.file] or self._of_home()

    def _check(self) -> None:
        options = self._options
        if options.html:
            options.coverage = True
        if options.min is not None and not (options.coverage or options.mutate):
            raise _UsageError("--min needs --coverage or --mutate: it says what percentage these must reach")
        for folder in (*options.rules, *options.decoders):
            if not Path(folder).is_dir():
                raise _UsageError(f"{printable(folder)} is no folder; name one that holds *.xml files")
        for name in options.file:
            if not Path(name).exists():
                raise _UsageError(f"{printable(name)} does not exist; name files of cases, or folders that hold them")

    def _chosen(self) -> RulesetChoice:
        """The home if one was named, or if nothing else was; else what is shipped."""
        options = self._options
        uses_home = self._context.home_given or not (options.file or options.rules)
        if uses_home:
            try:
                home_of(self._context)
            except HomeError as error:
                raise _UsageError(str(error)) from error
        rules, decoders = tuple(map(Path, options.rules)), tuple(map(Path, options.decoders))
        return RulesetChoice(self._context.home if uses_home else None, rules, decoders)

    def _of_home(self) -> list[Path]:
        """The folders of the home that may hold cases."""
        home = self._choice.home
        found = [home / folder for folder in HOME_FOLDERS if (home / folder).is_dir()] if home is not None else []
        if not found:
            where = f"{home}/etc/rules/tests" if home is not None else "a file"
            raise _UsageError(f"there are no cases: write some into {where}, or name files or folders of them")
        return found

    # --- one run -----------------------------------------------------------------------------------------------------

    def once(self) -> int:
        """Load, run, report. Returns the exit code."""
        began, problems = time.monotonic(), Problems()
        try:
            tested = self._choice.load(problems)
        except LoadError as error:
            print(error, file=self._context.stderr)
            return EXIT_PROBLEMS
        self._tell_warnings(problems, tested)
        read = self._read(tested)
        report = self._tested(tested, read)
        report.seconds = time.monotonic() - began
        self._print(report)
        return EXIT_OK if self._write(report, tested) and report.is_good else EXIT_PROBLEMS

    def _tell_warnings(self, problems: Problems, tested: RulesetUnderTest) -> None:
        """What was left out of the rules under test may be why a case fails."""
        paths = {path for path, _ in tested.under_test}
        for problem in problems:
            if problem.origin is not None and problem.origin.path in paths:
                print(encodable(problem.draw(), self._context.stderr), file=self._context.stderr)

    def _read(self, tested: RulesetUnderTest) -> list[tuple[str, Problems, list[Case]]]:
        """Path, problems and chosen cases of every file."""
        files = files_below(self._named)
        if not files:
            raise _UsageError(f"{printable(str(self._named[0]))} holds no *.yaml, *.yml or *.ini")
        found = []
        for path in files:
            problems = Problems()
            cases = read_file(path, problems, improved=tested.improved)
            found.append((shown_path(path), problems, self._with_word(cases)))
        if self._options.word is not None:
            found = [item for item in found if item[2]]
            if not found:
                raise _UsageError(f"no case has '{printable(self._options.word)}' in its name; leave out -k")
        return found

    def _with_word(self, cases: list[Case]) -> list[Case]:
        word = (self._options.word or "").lower()
        return [case for case in cases if word in case.name.lower() or word in case.path.lower()]

    def _tested(self, tested: RulesetUnderTest, read: list[tuple[str, Problems, list[Case]]]) -> Report:
        options, report = self._options, Report()
        coverage, visits = Coverage(), Visits()

        def see(observer: Observer, outcome: Outcome) -> None:
            coverage.see(observer, outcome)
            visits.see(observer, outcome)

        cases = [case for _, _, chosen in read for case in chosen]
        done, steps = 0, Steps(self._context.stderr, "cases")
        for path, problems, chosen in read:
            results: list[CaseResult] = []
            began = time.monotonic()
            for case in chosen:
                steps.show(done, len(cases))
                visits.begin(done)
                results.append(run_case(tested.engine, case, see if options.coverage or options.mutate else None))
                done += 1
            report.files.append(FileResult(path, tuple(problems), tuple(results), time.monotonic() - began))
        steps.close()
        if options.coverage:
            self._add_coverage(report, coverage, tested)
        if options.mutate:
            self._add_mutants(report, cases, visits, tested)
        return report

    def _add_coverage(self, report: Report, coverage: Coverage, tested: RulesetUnderTest) -> None:
        sources = {shown_path(path): rules for path, rules in tested.sources().items()}
        report.coverage = coverage.files(sources, tested.parents())
        self._demand(report, total(report.coverage).percent, "coverage")

    def _add_mutants(self, report: Report, cases: list[Case], visits: Visits, tested: RulesetUnderTest) -> None:
        if report.failed:
            report.below.append("mutants were not tried: a case that fails without them would notice them all")
            return
        bounds = Bounds(self._options.processes, time.monotonic() + self._options.seconds)
        steps = Steps(self._context.stderr, "mutants of rules")
        try:
            report.mutation = try_mutants(self._choice, tested, cases, visits, bounds, steps.show)
        finally:
            steps.close()
        self._demand(report, report.mutation.score, "mutation score")

    def _demand(self, report: Report, percent: float, what: str) -> None:
        least = self._options.min
        if least is not None and percent < least:
            report.below.append(f"{what} is {percent:.2f} %, less than the {least:g} % asked for")

    # --- output ------------------------------------------------------------------------------------------------------

    def _print(self, report: Report) -> None:
        stdout = self._context.stdout
        if self._options.json:
            print(json.dumps(as_values(report)), file=stdout)
            return
        for line in text_lines(report, Paint(stdout), verbose=self._options.verbose):
            print(encodable(line, stdout), file=stdout)
        stdout.flush()

    def _write(self, report: Report, tested: RulesetUnderTest) -> bool:
        """The files that were asked for. False when one cannot be written."""
        wanted = []
        if self._options.junit:
            wanted.append((self._options.junit, junit(report.files)))
        if self._options.html:
            texts = {shown_path(path): text for path, text in tested.under_test}
            wanted.append((self._options.html, coverage_page(report.coverage or [], texts)))
        is_good = True
        for name, text in wanted:
            try:
                Path(name).write_text(text, encoding="utf-8", errors="replace")
            except OSError as error:
                what = f"alertmill test: {printable(name)} cannot be written: {error.strerror}"
                print(what, file=self._context.stderr)
                is_good = False
        return is_good

    # --- again and again ---------------------------------------------------------------------------------------------

    def watch(self) -> int:
        """Run now, and after every change, until the user ends it."""
        from alertmill.cli.watching import Watching  # seldom needed

        written = [Path(name) for name in (self._options.junit, self._options.html) if name]
        with Watching([*self._choice.folders(), *self._named], written) as watching:
            while True:
                if self._context.stdout.isatty():
                    print("\x1b[2J\x1b[3J\x1b[H", end="", file=self._context.stdout)
                try:
                    self.once()
                except _UsageError as error:
                    print(f"alertmill test: {error}", file=self._context.stderr)
                print("waiting for a change; Ctrl-C ends", file=self._context.stderr, flush=True)
                watching.wait()
