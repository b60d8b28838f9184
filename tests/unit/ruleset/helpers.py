"""Rulesets and events in a few words, for the tests of the rule language."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC
from typing import Any
from unittest import mock

from alertmill.errors import Problems
from alertmill.event import DecoderInfo, Event, Record
from alertmill.ruleset import MatchResult, RuleOptions, Ruleset, State, load_lists, load_rules, match

#: Decoders that the tests' rules may name.
DECODERS = {"json": 1, "sshd": 2, "snort": 3, "web-accesslog": 4}

#: The top of the tree, one rule for each category that the tests use.
TOP = """<group name="top,">
  <rule id="1" level="0" noalert="1"><category>syslog</category><description>top</description></rule>
  <rule id="4" level="0" noalert="1"><category>web-log</category><description>web top</description></rule>
</group>
"""

#: Patterns of every shape that literals are looked up for: whole values, beginnings, ends, alternatives, classes, none.
EXPRESSIONS = (
    ("osmatch", "^red$|^blue$"),
    ("osmatch", "!red|wine"),
    ("osmatch", "xxxx|d w"),
    ("osmatch", "wine|blue sky"),
    ("osregex", "^red$|^blue$"),
    ("osregex", r"^10.\d+.2|wine"),
    ("osregex", r"r\w\s|lue"),
    ("osregex", r"\S+"),
    ("osregex", r"sky\s*$|.1.2|wine"),
    ("pcre2", "^(?:red|blue)$"),
    ("pcre2", "(?i)^RED"),
    ("pcre2", "^(?i:R)ed wine|(?i)blue"),
    ("pcre2", r"wine$|^(?!red)\w*e$"),
    ("pcre2", r"[bx]{4}|\bcar"),
    ("pcre2", "caf\xc3\xa9|\xe9$"),
)

#: 2026-03-04 12:00:00 UTC, a Wednesday.
NOON = 1772625600


@contextmanager
def few_are_many() -> Iterator[None]:
    """What is meant for many siblings serves two as well."""
    with ExitStack() as stack:
        stack.enter_context(mock.patch("alertmill.ruleset.columns.FEW_TESTS", 1))
        stack.enter_context(mock.patch("alertmill.ruleset.columns._BYTES_PER_TEST", 100))
        yield


def load(
    rules: str,
    *,
    lists: Mapping[str, str] | None = None,
    files: Iterable[tuple[str, str]] = (),
    top: bool = True,
    **options: Any,
) -> tuple[Ruleset, Problems]:
    """The ruleset of one file below the usual top, then those of `files`; and the problems of loading it."""
    problems = Problems()
    options = {"zone": UTC, **options}
    texts = [*([("0000-top.xml", TOP)] if top else []), ("rules.xml", rules), *files]
    tables = load_lists(lists or {}, problems)
    return load_rules(texts, tables, DECODERS, RuleOptions(**options), problems), problems


def ruleset(rules: str, **kwargs: Any) -> Ruleset:
    """The ruleset of rules (without their group) that load without any problem."""
    loaded, problems = load(grouped(rules), **kwargs)
    assert not problems, problems.draw()
    return loaded


def grouped(rules: str, name: str = "test,") -> str:
    return f'<group name="{name}">\n{rules}\n</group>\n'


def rule(id: int, body: str = "", level: int = 5, **attributes: object) -> str:
    """A rule with its id for a description."""
    more = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f'<rule id="{id}" level="{level}"{more}>{body}<description>rule {id}</description></rule>\n'


def event(
    log: str = "a log",
    *,
    time: float = NOON,
    own_time: float | None = None,
    decoder: str | None = None,
    type: str = "syslog",
    fields: Mapping[str, str] | None = None,
    static: Mapping[str, str] | None = None,
    location: str = "/var/log/x",
    hostname: str = "web1",
    agent: str = "000",
    program: str | None = None,
    fts: Iterable[str] | None = None,
    fts_fields: Iterable[str] = (),
    accumulate: bool = False,
) -> Event:
    """An event as decoders would leave it."""
    made = Event(Record(log, location, time, event_time=own_time), location=location, hostname=hostname, agent_id=agent)
    made.program_name = program
    if decoder is not None:
        made.decoder = DecoderInfo(
            decoder,
            DECODERS[decoder],
            type,
            accumulate=accumulate,
            fts=None if fts is None else frozenset(fts),
            fts_fields=tuple(fts_fields),
        )
    made.static.update(static or {})
    for name, value in (fields or {}).items():
        made.fields.add(name, value)
    return made


def run(rules: Ruleset, events: Iterable[Event], state: State | None = None) -> list[MatchResult]:
    """The verdicts on some events in a row."""
    state = rules.new_state() if state is None else state
    return [match(rules, one, state) for one in events]


def ids(rules: Ruleset, events: Iterable[Event], state: State | None = None) -> list[int | None]:
    """The ids of the resulting rules."""
    return [result.match.rule.id if result.match else None for result in run(rules, events, state)]


def first_id(rules: Ruleset, one: Event) -> int | None:
    """The id of the rule of an event that is the first of all."""
    return ids(rules, [one])[0]
