"""Tests of rules: cases are read, run on an engine under a virtual clock, compared, and counted.

    cases = read_cases(path, text, problems)
    result = run_case(engine, cases[0])
    result.failures                                   # empty when all came as expected

Beside that: which conditions the cases decide both ways (`Coverage`), and whether they would notice a changed rule
(`mutants_of`). Texts go in and values come out: no file is read, and time is what the cases say.
"""

from alertmill.cases.coverage import Coverage, FileCoverage, RuleCoverage, total
from alertmill.cases.model import BEGIN, Case, Expectation, Step, StockVerdict
from alertmill.cases.mutation import Mutant, mutants_of
from alertmill.cases.mutation_run import MutantRun, MutantVerdict, Visits
from alertmill.cases.observer import Observer, Visit
from alertmill.cases.outcome import Found, Mismatch
from alertmill.cases.reading import CASE_SUFFIXES, read_cases
from alertmill.cases.running import CaseResult, Failure, FileResult, run_case
from alertmill.cases.sources import RuleSource, rule_sources

__all__ = [
    "BEGIN",
    "CASE_SUFFIXES",
    "Case",
    "CaseResult",
    "Coverage",
    "Expectation",
    "Failure",
    "FileCoverage",
    "FileResult",
    "Found",
    "Mismatch",
    "Mutant",
    "MutantRun",
    "MutantVerdict",
    "Observer",
    "RuleCoverage",
    "RuleSource",
    "Step",
    "StockVerdict",
    "Visit",
    "Visits",
    "mutants_of",
    "read_cases",
    "rule_sources",
    "run_case",
    "total",
]
