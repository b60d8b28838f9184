"""What `alertmill test` tells: lines for people, or values for `--json`. Everything on them is made printable."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TextIO

from alertmill.cases import CaseResult, Failure, FileCoverage, FileResult, MutantVerdict, total
from alertmill.cli.case_files import shown_path
from alertmill.cli.text import many, printable
from alertmill.event import from_byte_text

#: Fields of a failed event, ids of one file, and survivors that are shown without -v.
_SHOWN_FIELDS, _SHOWN_IDS, _SHOWN_SURVIVORS = 8, 12, 40
#: Characters of a field's value.
_SHOWN_VALUE = 120

_GREEN, _RED, _YELLOW, _FAINT = "32", "31", "33", "2"


@dataclass(frozen=True, slots=True)
class MutationResult:
    """The verdicts on all mutants that were tried, and how many rules' mutants were not for lack of time."""

    verdicts: tuple[MutantVerdict, ...]
    rules_left_out: int = 0

    @property
    def killed(self) -> int:
        return sum(bool(verdict.killed_by) for verdict in self.verdicts)

    @property
    def survivors(self) -> list[MutantVerdict]:
        return [verdict for verdict in self.verdicts if not verdict.killed_by]

    @property
    def score(self) -> float:
        """Percent of the mutants that a case noticed; 100 without any."""
        return 100.0 * self.killed / len(self.verdicts) if self.verdicts else 100.0


@dataclass(slots=True)
class Report:
    """Everything that one run found out."""

    files: list[FileResult] = field(default_factory=list)
    seconds: float = 0.0
    coverage: list[FileCoverage] | None = None
    mutation: MutationResult | None = None
    #: What percentages were asked to reach and did not, in words.
    below: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        return all(file.is_good for file in self.files) and not self.below

    @property
    def cases(self) -> int:
        return sum(len(file.results) for file in self.files)

    @property
    def failed(self) -> int:
        return sum(file.failed for file in self.files)

    @property
    def unreadable(self) -> int:
        return sum(file.unreadable for file in self.files)


class Paint:
    """Colours, on a terminal whose user did not say NO_COLOR."""

    def __init__(self, stream: TextIO) -> None:
        self._on = stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

    def __call__(self, text: str, colour: str) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self._on and text else text


# --- text -------------------------------------------------------------------------------------------------------------


def text_lines(report: Report, paint: Paint, *, verbose: bool) -> Iterator[str]:
    """The report for people."""
    width = max((len(file.path) for file in report.files), default=0)
    for file in report.files:
        yield from _file(file, width, paint, verbose=verbose)
    if report.coverage is not None:
        yield from ["", *_coverage(report.coverage, paint, verbose=verbose)]
    if report.mutation is not None:
        yield from ["", *_mutation(report.mutation, paint, verbose=verbose)]
    yield from ["", *(paint(line, _RED) for line in report.below), _summary(report, paint)]


def _summary(report: Report, paint: Paint) -> str:
    parts = [paint(f"{report.cases - report.failed} passed", _GREEN)]
    if report.failed:
        parts.append(paint(f"{report.failed} failed", _RED))
    if report.unreadable:
        parts.append(paint(f"{many(report.unreadable, 'error')} in files of cases", _RED))
    told = f"{many(len(report.files), 'file')}, {many(report.cases, 'case')}: {', '.join(parts)}"
    return f"{told} in {report.seconds:.1f} s"


def _file(file: FileResult, width: int, paint: Paint, *, verbose: bool) -> Iterator[str]:
    verdict = paint("ok", _GREEN)
    if not file.is_good:
        parts = [f"{file.failed} failed"] if file.failed else []
        parts += [many(file.unreadable, "error")] if file.unreadable else []
        verdict = paint(", ".join(parts), _RED)
    yield f"{printable(file.path):{width}}  {many(len(file.results), 'case'):>9}  {verdict}"
    for problem in file.problems:
        yield from (f"  {printable(line)}" for line in problem.draw().splitlines())
    for result in file.results:
        if not result.passed:
            yield from _failed(result, paint)
        elif verbose:
            yield f"  {paint('ok', _GREEN)} {result.case.origin.line}: {printable(result.case.name)}"


def _failed(result: CaseResult, paint: Paint) -> Iterator[str]:
    case = result.case
    yield f"  {paint('FAILED', _RED)} {printable(f'{case.origin}: {case.name}')}"
    for failure in result.failures:
        if len(case.steps) > 1:
            yield f"    event {failure.number} of {len(case.steps)}, at {failure.at:g} s:"
        yield from (printable(f"    {m.what}: expected {m.expected}, found {m.found}") for m in failure.mismatches)
        if all(mismatch.what not in ("rule", "verdict") for mismatch in failure.mismatches):
            yield printable(f"    it was {failure.came}")
        if failure.why:
            yield paint(printable(f"    why: {failure.why}"), _YELLOW)
        yield from (paint(printable(line), _FAINT) for line in _fields(failure))


def _fields(failure: Failure) -> Iterator[str]:
    for name, value in list(failure.fields.items())[:_SHOWN_FIELDS]:
        yield f"      {name}: {value if len(value) <= _SHOWN_VALUE else value[:_SHOWN_VALUE] + '...'}"
    if len(failure.fields) > _SHOWN_FIELDS:
        yield f"      ... and {len(failure.fields) - _SHOWN_FIELDS} more fields; --json shows all of them"


def _coverage(files: Sequence[FileCoverage], paint: Paint, *, verbose: bool) -> Iterator[str]:
    rows = [(printable(file.path), file) for file in files] + [("all", total(files))]
    width = max(len(name) for name, _ in rows)
    yield f"{'coverage':{width}}  {'rules':>11}  {'conditions':>13}  {'branches':>11}  covered  never fired"
    for name, file in rows:
        pairs = zip((file.rule_points, file.condition_points, file.branch_points), (11, 13, 11), strict=True)
        cells = "  ".join(f"{f'{seen} of {all_}':>{space}}" for (seen, all_), space in pairs)
        colour = _GREEN if file.percent >= 100 else _YELLOW if file.percent >= 50 else _RED
        missing = "" if name == "all" else _ids(file.missing, verbose=verbose)
        yield f"{name:{width}}  {cells}  {paint(f'{file.percent:5.1f} %', colour)}  {missing}".rstrip()
        if verbose and name != "all":
            yield from _half_seen(file)


def _ids(ids: Sequence[int], *, verbose: bool) -> str:
    shown = ids if verbose else ids[:_SHOWN_IDS]
    more = f" and {len(ids) - len(shown)} more (-v)" if len(ids) > len(shown) else ""
    return " ".join(map(str, shown)) + more


def _half_seen(file: FileCoverage) -> Iterator[str]:
    """The conditions that were not seen both ways, and the branches that were not taken."""
    for rule in file.rules:
        id = rule.source.id
        for condition in rule.conditions:
            never = [word for word, count in (("true", condition.true), ("false", condition.false)) if not count]
            if never:
                text = printable(from_byte_text(condition.place.text))
                yield f"    {condition.place.lines[0]}: {id}: never {' or '.join(never)}: {text}"
        seen, all_ = rule.branch_points
        if seen < all_:
            told = "a rule below it never won" if not rule.child_won else "never without a rule below it"
            yield f"    {rule.source.origin.line}: {id}: {told if seen else 'never held'}"


def _mutation(mutation: MutationResult, paint: Paint, *, verbose: bool) -> Iterator[str]:
    survivors = mutation.survivors
    shown = survivors if verbose else survivors[:_SHOWN_SURVIVORS]
    for verdict in shown:
        place = f"{shown_path(verdict.origin.path)}:{verdict.origin.line}"
        what = from_byte_text(verdict.what)
        yield f"{paint('SURVIVED', _YELLOW)} {printable(f'{place}: rule {verdict.rule_id}: {what}')}"
        yield paint(printable(f"  no case notices it; one would: {from_byte_text(verdict.suggestion)}"), _FAINT)
    if len(survivors) > len(shown):
        yield f"... and {len(survivors) - len(shown)} more; -v shows all of them"
    told = f"mutants: {mutation.killed} of {len(mutation.verdicts)} noticed, score {mutation.score:.1f} %"
    if mutation.rules_left_out:
        told += f"; time ran out before {many(mutation.rules_left_out, 'rule')} (--seconds)"
    yield told


# --- JSON -------------------------------------------------------------------------------------------------------------


def as_values(report: Report) -> dict[str, object]:
    """The report as plain values."""
    found: dict[str, object] = {
        "passed": report.cases - report.failed,
        "failed": report.failed,
        "errors": report.unreadable,
        "seconds": round(report.seconds, 3),
        "files": [_file_values(file) for file in report.files],
    }
    if report.coverage is not None:
        found["coverage"] = _coverage_values(report.coverage)
    if report.mutation is not None:
        found["mutation"] = _mutation_values(report.mutation)
    return found | {"below": report.below}


def _file_values(file: FileResult) -> dict[str, object]:
    return {
        "file": file.path,
        "problems": [problem.as_dict() for problem in file.problems],
        "cases": [
            {
                "name": result.case.name,
                "line": result.case.origin.line,
                "passed": result.passed,
                "failures": [_failure_values(failure) for failure in result.failures],
            }
            for result in file.results
        ],
    }


def _failure_values(failure: Failure) -> dict[str, object]:
    return {
        "line": failure.origin.line,
        "event": failure.number,
        "at": failure.at,
        "mismatches": [{"what": m.what, "expected": m.expected, "found": m.found} for m in failure.mismatches],
        "came": failure.came,
        "why": failure.why,
        "fields": failure.fields,
    }


def _coverage_values(files: Sequence[FileCoverage]) -> dict[str, object]:
    return _file_coverage_values(total(files)) | {"files": [_file_coverage_values(file) for file in files]}


def _file_coverage_values(file: FileCoverage) -> dict[str, object]:
    pairs = {"rules": file.rule_points, "conditions": file.condition_points, "branches": file.branch_points}
    counts = {name: {"seen": seen, "all": all_} for name, (seen, all_) in pairs.items()}
    named = {"file": file.path, "missing": list(file.missing)} if file.path else {}
    return {**named, "percent": round(file.percent, 2), **counts}


def _mutation_values(mutation: MutationResult) -> dict[str, object]:
    survivors = [
        {
            "rule": verdict.rule_id,
            "file": shown_path(verdict.origin.path),
            "line": verdict.origin.line,
            "what": from_byte_text(verdict.what),
            "suggestion": from_byte_text(verdict.suggestion),
        }
        for verdict in mutation.survivors
    ]
    counts = {"mutants": len(mutation.verdicts), "noticed": mutation.killed, "score": round(mutation.score, 2)}
    return {**counts, "rules_left_out": mutation.rules_left_out, "survivors": survivors}
