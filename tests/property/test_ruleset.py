"""What tables of cases cannot say about rules: fast equals plain, a crash loses nothing, any file loads or is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alertmill.errors import Problems
from alertmill.event import Event
from alertmill.ruleset import MatchResult, RuleOptions, Ruleset, State, load_lists, load_rules, match
from support import LONG
from unit.ruleset.helpers import DECODERS, EXPRESSIONS, NOON, TOP, event, few_are_many, grouped, rule

EXAMPLES = 1000 if LONG else 60
quick = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])

#: Few words, so that rules and events meet.
WORDS = ("red", "blue", "Red wine", "BLUE", "", "10.1.2.3", "Caf\xc3\xa9 wine", "\xc9", "\xe9", "x" * 600)
FIELDS = ("color", "Size", "deep.name")
STATIC = ("id", "url", "status", "srcip", "dstuser", "srcuser", "data", "action")
LOGS = ("red car", "blue sky, red car", "{json}", "green", "", "red wine, \xe9")
LISTS = {"colors": "red:1\nblue:2\n10.1.:net\n"}

chance = st.integers(0, 3).map(lambda n: n == 0)


def some(options: tuple[str, ...]) -> st.SearchStrategy[str]:
    return st.sampled_from(options)


@st.composite
def criteria(draw: st.DrawFn) -> str:
    """One or two stateless criteria."""
    pattern = draw(some(("^red", "red|blue", "e$", "^$", "wine", "!red", "^10.", "x")))
    negate = draw(some(("", ' negate="yes"')))
    static = draw(some(("id", "url", "status", "user", "data", "hostname", "location")))
    field, regex = draw(some(FIELDS)), draw(some(("^r", "c.r", "^blue|^red", "a")))
    looked_up = draw(some((*FIELDS, "user", "srcip")))
    lookup = draw(some(("match_key", "not_match_key", "address_match_key")))
    dialect, expression = draw(st.sampled_from(EXPRESSIONS))
    kinds = (
        f'<field name="{field}"{negate} type="osmatch">{pattern}</field>',
        f'<field name="{field}"{negate} type="{dialect}">{expression}</field>',
        f'<{static}{negate} type="{dialect}">{expression}</{static}>',
        f'<match{negate} type="{dialect}">{expression}</match>',
        f'<field name="{field}"{negate}>\\.*</field>',
        f"<{static}{negate}>{pattern}</{static}>",
        f"<program_name{negate}>{pattern}</program_name>",
        f"<match{negate}>{pattern}</match>",
        f"<regex{negate}>{regex}</regex>",
        f"<decoded_as>{draw(some(tuple(DECODERS)))}</decoded_as>",
        f"<srcip{negate}>10.0.0.0/8</srcip>",
        "<action>red</action>",
        f'<list field="{looked_up}" lookup="{lookup}">colors</list>',
        f"<time>{draw(some(('11:00 - 12:00', '!12:00 - 13:00')))}</time>",
        "<compiled_rule>comp_srcuser_dstuser</compiled_rule>",
    )
    return "".join(draw(st.lists(some(kinds), max_size=2)))


@st.composite
def composite(draw: st.DrawFn, known: list[int]) -> tuple[str, str]:
    """Attributes and elements of a rule that counts."""
    attributes = f' frequency="{draw(st.integers(2, 4))}" timeframe="{draw(st.integers(0, 8))}"'
    body = draw(
        some(
            (
                f"<if_matched_sid>{draw(st.sampled_from(known))}</if_matched_sid>",
                f"<if_matched_group>{draw(some(('odd', 'even')))}</if_matched_group>",
                "<if_matched_regex>r</if_matched_regex>",
            )
        )
    )
    comparisons = (
        "<same_field>color</same_field>",
        "<different_field>Size</different_field>",
        "<same_id/>",
        "<different_url/>",
        "<same_location/>",
        "<global_frequency/>",
        "<same_user/>",
    )
    return attributes, body + "".join(draw(st.lists(some(comparisons), max_size=2)))


@st.composite
def counting_texts(draw: st.DrawFn) -> str:
    """Two rules that nearly every event matches, and composites that count them."""
    text = rule(100, '<field name="color">red</field><group>odd,</group>', level=3)
    text += rule(101, "<group>even,</group>", level=draw(st.sampled_from((0, 4))))
    for id in range(110, 110 + draw(st.integers(1, 4))):
        attributes, body = draw(composite([100, 101, *range(110, id)]))
        attributes += draw(some(("", "", ' ignore="3"')))
        level = draw(st.integers(4, 8))
        text += f'<rule id="{id}" level="{level}"{attributes}>{body}<description>d</description></rule>\n'
    return grouped(text)


@st.composite
def rule_texts(draw: st.DrawFn) -> str:
    """A few rules that hang on each other."""
    known: list[int] = [1]
    text = ""
    for number in range(draw(st.integers(2, 9))):
        id = 100 + number
        attributes = f' level="{draw(st.sampled_from((0, 3, 3, 5, 7, 12)))}"'
        body = draw(criteria())
        if draw(chance):
            attributes += draw(some((' ignore="3"', ' noalert="1"', ' maxsize="8"', ' accuracy="0"')))
        if known[1:] and draw(chance):
            more, counted = draw(composite(known))
            attributes, body = attributes + more, body + counted
        elif draw(chance):
            body += draw(some(("<check_diff/>", "<if_fts/>", "<ignore>id, color</ignore>")))
        parents = draw(st.lists(st.sampled_from(known), max_size=2))
        if parents:
            body += f"<if_sid>{', '.join(map(str, parents))}</if_sid>"
        elif draw(chance):
            body += draw(some(("<if_group>odd</if_group>", "<if_level>5</if_level>", "<category>web-log</category>")))
        group = f"<group>{'odd' if number % 2 else 'even'},</group>"
        text += f'<rule id="{id}"{attributes}>{body}{group}<description>d</description></rule>\n'
        known.append(id)
    return grouped(text)


@st.composite
def events(draw: st.DrawFn) -> list[Callable[[], Event]]:
    """Events of all kinds in order of arrival; each is made anew for every engine that looks at it."""
    times = _times(draw, draw(st.integers(1, 24)))
    return [_any_event(draw, now, own) for now, own in times]


@st.composite
def alike(draw: st.DrawFn) -> list[Callable[[], Event]]:
    """Events that differ little, so that composites find something to count."""
    times = _times(draw, draw(st.integers(8, 40)))
    return [_similar_event(draw, now, own) for now, own in times]


def _times(draw: st.DrawFn, number: int) -> list[tuple[int, int | None]]:
    """When events arrive and, if they know, when they happened."""
    own_times = draw(st.booleans())
    now, times = NOON, []
    for _ in range(number):
        now += draw(st.sampled_from((0, 0, 0, 1, 1, 1, 2, 2, 5, 5, 3600)))
        times.append((now, now - draw(st.integers(-9, 9)) if own_times and draw(st.booleans()) else None))
    return times


def _similar_event(draw: st.DrawFn, now: int, own: int | None) -> Callable[[], Event]:
    color, id, url = draw(some(("red", "red", "blue"))), draw(some(("1", "2"))), draw(some(("/a", "/b")))
    size, agent = draw(st.sampled_from((None, "S", "L"))), draw(some(("000", "000", "001")))
    log = draw(some(("red car", "green")))

    def make() -> Event:
        fields = {"color": color} | ({"Size": size} if size else {})
        return event(log, time=now, own_time=own, agent=agent, fields=fields, static={"id": id, "url": url})

    return make


def _any_event(draw: st.DrawFn, now: int, own: int | None) -> Callable[[], Event]:
    log = draw(some(LOGS))
    decoder = draw(st.sampled_from((None, None, *DECODERS)))
    type = draw(some(("syslog", "syslog", "web-log", "ids")))
    fields = draw(st.dictionaries(some((*FIELDS, "SIZE")), some(WORDS), max_size=3))
    static = draw(st.dictionaries(some(STATIC), some(WORDS), max_size=3))
    program, agent = draw(st.sampled_from((None, "red", "blue"))), draw(some(("000", "001")))
    hostname, location = draw(some(("red", "h"))), draw(some(("/red", "/x")))

    def make() -> Event:
        return event(
            log,
            time=now,
            own_time=own,
            decoder=decoder,
            type=type,
            fields=fields,
            static=static,
            program=program,
            agent=agent,
            hostname=hostname,
            location=location,
            fts={"id"},
            fts_fields=("color",),
        )

    return make


#: A ruleset and the events for it.
cases = st.one_of(st.tuples(rule_texts(), events()), st.tuples(counting_texts(), alike()))


def loaded(text: str, **options: object) -> Ruleset:
    problems = Problems()
    lists = load_lists(LISTS, problems)
    values = RuleOptions(zone=UTC, memory_size=10, **options)  # type: ignore[arg-type]
    rules = load_rules([("top.xml", TOP), ("rules.xml", text)], lists, DECODERS, values, problems)
    assert not problems.errors, problems.draw()
    return rules


def verdict(result: MatchResult) -> tuple[object, ...]:
    found = result.match
    if found is None:
        return (None, result.alert, result.stored)
    collected = (found.firedtimes, found.previous_output, found.previous_log, found.ignored)
    return (found.rule.id, *collected, result.alert, result.stored)


@pytest.fixture(autouse=True, scope="module")
def small_memory():
    """Histories of ten events, so that old ones are dropped, in which three of a key are many."""
    with (
        mock.patch("alertmill.ruleset.correlation.MIN_MEMORY_SIZE", 1),
        mock.patch("alertmill.ruleset.history._FEW", 2),
    ):
        yield


@pytest.fixture(autouse=True, scope="module")
def few_siblings():
    """What is meant for many siblings serves two as well."""
    with few_are_many():
        yield


@quick
@given(cases, st.booleans())
def test_the_fast_walk_finds_what_the_plain_walk_finds(case, session):
    text, makers = case
    plain, fast = loaded(text, engine="plain"), loaded(text, engine="fast")
    plain_state, fast_state = plain.new_state(session=session), fast.new_state(session=session)
    for make in makers:
        assert verdict(match(fast, make(), fast_state)) == verdict(match(plain, make(), plain_state))
    assert [*fast_state.snapshot()] == [*plain_state.snapshot()]


@quick
@given(cases, st.data())
def test_a_state_that_is_restored_goes_on_as_if_nothing_had_happened(case, data):
    text, makers = case
    rules = loaded(text)
    cut = data.draw(st.integers(0, len(makers)))
    snapshot_at = data.draw(st.integers(-1, cut))
    every = data.draw(st.integers(1, 5))
    state = rules.new_state()
    snapshot, journals, facts = [], [], {}
    for number, make in enumerate(makers[:cut]):
        match(rules, make(), state)
        if number % every == 0 or number == cut - 1 or number == snapshot_at:
            changes = state.take_changes()
            if changes is not None:
                journals.append(changes.journal)
                facts.update({(kind, key): value for kind, key, value in changes.facts})
        if number == snapshot_at:
            snapshot, journals = [*state.snapshot()], []
    rows = [(kind, key, value) for (kind, key), value in sorted(facts.items())]
    restored = State.restore(rules, [*snapshot, *journals], rows)
    assert [*restored.snapshot()] == [*state.snapshot()]
    for make in makers[cut:]:
        assert verdict(match(rules, make(), restored)) == verdict(match(rules, make(), state))
    assert [*restored.snapshot()] == [*state.snapshot()]


@quick
@given(cases)
def test_moving_to_an_equal_ruleset_changes_nothing(case):
    text, makers = case
    first, second = loaded(text), loaded(text)
    stayed, moved = first.new_state(), first.new_state()
    half = len(makers) // 2
    for make in makers[:half]:
        match(first, make(), stayed)
        match(first, make(), moved)
    moved.rebind(second)
    for make in makers[half:]:
        assert verdict(match(first, make(), stayed)) == verdict(match(second, make(), moved))


@quick
@given(rule_texts(), events(), st.lists(st.integers(0, 200), max_size=6))
def test_any_rule_text_loads_or_is_told_where_it_fails(text, makers, cuts):
    for cut in cuts:
        place = cut * 7 % (len(text) or 1)
        text = text[:place] + text[place + 1 + cut % 11 :]
    problems = Problems()
    rules = load_rules(
        [("top.xml", TOP), ("rules.xml", text)], load_lists(LISTS, problems), DECODERS, RuleOptions(), problems
    )
    lines = text.count("\n") + 1
    for problem in problems:
        assert problem.origin is None or 0 <= problem.origin.line <= max(lines, TOP.count("\n") + 1)
        assert problem.draw()
    state = rules.new_state()
    for make in makers[:3]:
        match(rules, make(), state)
