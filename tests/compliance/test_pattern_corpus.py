"""Every pattern of the stock ruleset on stock test logs: fast matching equals the machine, the table, the library.

The short form takes a seeded sample of the pairs; the long form takes every pair that the required literals let through
and every twentieth of the others (the machine needs half a millisecond a pair).
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from functools import cache

import pcre2
import pytest

from alertmill.patterns import Found, compile_pattern, required_literals
from alertmill.patterns.lowercase import lower
from alertmill.patterns.osregex import parse
from alertmill.patterns.osregex_machine import reference_search
from alertmill.xmltext import Element, load_xml
from support import LONG, SHARED

STOCK = SHARED / "wazuh-4.14"
pytestmark = pytest.mark.skipif(
    not STOCK.exists(), reason=f"reference data is not here: {STOCK} (set ALERTMILL_SHARED)"
)

#: The default dialects (spec/regex.md 1.1 and 1.2).
DECODER_DEFAULTS = {"prematch": "osregex", "regex": "osregex", "program_name": "osmatch"}
RULE_DEFAULTS = {
    **dict.fromkeys(["regex", "field"], "osregex"),
    **dict.fromkeys(["match", "program_name", "hostname", "location", "user", "id", "url", "data"], "osmatch"),
    **dict.fromkeys(["extra_data", "status", "protocol", "system_name", "srcport", "dstport"], "osmatch"),
    "action": "string",
}

#: A pattern and whether its captures are wanted.
Pattern = tuple[str, bool]


def elements(roots: list[Element]) -> Iterator[Element]:
    for root in roots:
        yield root
        yield from elements(root.children)


@cache
def stock_patterns(dialect: str) -> list[Pattern]:
    """The distinct patterns of a dialect, in the order of the files."""
    found: dict[Pattern, None] = {}
    for folder, defaults in (("decoders", DECODER_DEFAULTS), ("rules", RULE_DEFAULTS)):
        for path in sorted((STOCK / folder).rglob("*.xml")):
            for element in elements(load_xml(path.read_bytes().decode("latin-1"), str(path))):
                default = defaults.get(element.name)
                if default and element.attributes.get("type", default).lower() == dialect:
                    found[element.text, folder == "decoders" and element.name == "regex"] = None
    return list(found)


@cache
def stock_logs() -> list[str]:
    """The distinct log lines of the stock tests, whole and without what looks like a syslog header."""
    logs: dict[str, None] = {}
    for path in sorted((STOCK / "tests").glob("*.ini")):
        for line in path.read_bytes().decode("latin-1").splitlines():
            found = re.match(r"log \d+ (?:pass|fail) ?= ?(.+)", line)
            if found:
                logs[found[1]] = None
                logs[re.sub(r"^\w{3} +\d+ [\d:]{8} \S+ [^:]{1,40}: ", "", found[1])] = None
    return list(logs)


def pairs(dialect: str, sampled_logs: int, every: int) -> Iterator[tuple[Pattern, list[str]]]:
    """Each pattern with the logs to try: those that its literals let through, and every so many of the others."""
    rnd = random.Random(7)
    logs = stock_logs() if LONG else rnd.sample(stock_logs(), sampled_logs)
    lows = [lower(log) for log in logs]
    for pattern in stock_patterns(dialect):
        literals = required_literals(pattern[0], dialect)
        admitted = [literals is None or any(literal in low for literal in literals) for low in lows]
        yield pattern, [log for log, in_ in zip(logs, admitted, strict=True) if in_ or rnd.randrange(every) == 0]


def test_the_corpus_is_the_one_the_figures_are_about() -> None:
    assert len({pattern for pattern, _ in stock_patterns("osregex")}) > 3_600
    assert len(stock_patterns("pcre2")) > 450
    assert len(stock_patterns("osmatch")) > 1_300
    assert len(stock_logs()) > 600


@pytest.mark.slow
def test_osregex_equals_the_machine() -> None:
    matches = 0
    for (pattern, captures), logs in pairs("osregex", 25, 20 if LONG else 200):
        alternatives = parse(pattern)
        matcher = compile_pattern(pattern, "osregex", captures=captures)
        for log in logs:
            expected = reference_search(alternatives, log, wanted=captures)
            assert matcher.search(log) == expected, (pattern, log)
            assert matcher.matches(log) is (expected is not None), (pattern, log)
            matches += expected is not None
        assert matcher.overruns == 0
    assert matches > 500


def library_search(compiled: pcre2.Pattern, log: str, captures: bool) -> Found | None:
    match = compiled.search(log.encode("latin-1"))
    if match is None:
        return None
    groups = list(match.groups()) if captures else []
    while groups and groups[-1] is None:
        groups.pop()
    return Found(match.end() - 1, tuple((group or b"").decode("latin-1") for group in groups))


@pytest.mark.slow
def test_pcre2_equals_the_package_without_any_short_cut() -> None:
    matches = 0
    for (pattern, captures), logs in pairs("pcre2", 60, 1):
        compiled = pcre2.compile(pattern.encode("latin-1"))
        matcher = compile_pattern(pattern, "pcre2", captures=captures)
        for log in logs:
            if not log.isascii() and "(*UTF)" in pattern:
                continue  # the package raises for what is not UTF-8
            expected = library_search(compiled, log, captures)
            assert matcher.search(log) == expected, (pattern, log)
            matches += expected is not None
        assert matcher.overruns == 0
    assert matches > 500


def alternative_holds(alternative: str, log: str) -> bool:
    """The table of spec/regex.md 3, for ASCII patterns."""
    begin, end = alternative.startswith("^"), alternative.endswith("$")
    literal = alternative[begin : len(alternative) - end]
    if begin and end:
        return log == literal
    return log.startswith(literal) if begin else log.endswith(literal) if end else literal in log


def test_osmatch_is_the_table() -> None:
    matches = 0
    for (pattern, _), logs in pairs("osmatch", 60, 1):
        assert pattern.isascii()
        matcher = compile_pattern(pattern, "osmatch")
        negated = pattern.startswith("!")
        alternatives = lower(pattern[negated:]).split("|")
        for log in logs:
            low = lower(log)
            expected = negated != any(alternative_holds(alternative, low) for alternative in alternatives)
            assert matcher.matches(log) is expected, (pattern, log)
            matches += expected
    assert matches > 500


def test_reading_all_patterns_is_quick() -> None:
    """Counted, not timed: nothing is compiled to an expression before it is needed, PCRE2 apart."""
    for pattern, captures in stock_patterns("osregex"):
        matcher = compile_pattern(pattern, "osregex", captures=captures)
        assert matcher._searches == []  # type: ignore[attr-defined]
