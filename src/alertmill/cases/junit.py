"""Results as JUnit's XML, which build servers show."""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.sax.saxutils import escape, quoteattr

from alertmill.cases.running import CaseResult, Failure, FileResult
from alertmill.errors import Problem, Severity

#: What XML 1.0 does not allow, escaped or not.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(files: Iterable[FileResult]) -> str:
    """The document: one suite per file, one case per case, an error per problem of a file."""
    found = list(files)
    counts = _counts(
        sum(len(file.results) + file.unreadable for file in found),
        sum(file.failed for file in found),
        sum(file.unreadable for file in found),
        sum(file.seconds for file in found),
    )
    suites = "".join(_suite(file) for file in found)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites{counts}>\n{suites}</testsuites>\n'


def _suite(file: FileResult) -> str:
    counts = _counts(len(file.results) + file.unreadable, file.failed, file.unreadable, file.seconds)
    errors = "".join(_error(file, problem) for problem in file.problems if problem.severity is Severity.ERROR)
    cases = "".join(_case(result) for result in file.results)
    return f"  <testsuite name={_quoted(file.path)}{counts}>\n{errors}{cases}  </testsuite>\n"


def _counts(tests: int, failures: int, errors: int, seconds: float) -> str:
    return f' tests="{tests}" failures="{failures}" errors="{errors}" time="{seconds:.3f}"'


def _error(file: FileResult, problem: Problem) -> str:
    line = problem.origin.line if problem.origin is not None else 0
    where = f'classname={_quoted(file.path)} name="reading the file" file={_quoted(file.path)} line="{line}"'
    return f"    <testcase {where}>\n      <error message={_quoted(problem.message)}/>\n    </testcase>\n"


def _case(result: CaseResult) -> str:
    case = result.case
    where = f"classname={_quoted(case.path)} name={_quoted(case.name)} file={_quoted(case.path)}"
    head = f'    <testcase {where} line="{case.origin.line}"'
    if result.passed:
        return f"{head}/>\n"
    failures = "".join(
        f"      <failure message={_quoted(_summary(failure))}>{_clean(_text(failure))}</failure>\n"
        for failure in result.failures
    )
    return f"{head}>\n{failures}    </testcase>\n"


def _summary(failure: Failure) -> str:
    return "; ".join(f"{m.what}: expected {m.expected}, found {m.found}" for m in failure.mismatches)


def _text(failure: Failure) -> str:
    lines = [f"{failure.origin}: event {failure.number} at {failure.at:g} s: {failure.came}", failure.why]
    lines += [f"{name}: {value}" for name, value in failure.fields.items()]
    return "\n".join(line for line in lines if line)


def _clean(text: str) -> str:
    return escape(_FORBIDDEN.sub("\ufffd", text))


def _quoted(text: str) -> str:
    return quoteattr(_FORBIDDEN.sub("\ufffd", text))
