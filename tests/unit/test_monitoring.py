"""Events about Alertmill itself, and their rules: in every home, and never in its way."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from alertmill import monitoring
from alertmill.cli.init import make_home
from alertmill.engine import Engine
from alertmill.errors import Problems
from alertmill.event import Record
from alertmill.installation import Installation
from alertmill.monitoring import RULES_NAME, Kind, Scope, record_of, told, with_own_rules
from alertmill.ruleset import State
from support import need_shared

SCOPE = "s3://my-logs/AWSLogs/|cloudtrail|123456789012|us-east-1"

#: Each event with the rule that it is to fire, and the rule's level.
EVENTS = [
    (record_of(Kind.ERROR, SCOPE, 0.0, code=code, detail="d"), rule, level)
    for code, rule, level in [
        ("A001", 80952, 10),
        ("A002", 80953, 10),
        ("A003", 80954, 10),
        ("A004", 80955, 10),
        ("A005", 80956, 7),
        ("A006", 80957, 7),
        ("A007", 80951, 7),
        ("A008", 80958, 5),
        ("A099", 80951, 7),
    ]
] + [
    (record_of(Kind.UNREADABLE, SCOPE, 0.0, code="A009", detail="d", key="k"), 80959, 7),
    (record_of(Kind.GIVEN_UP, SCOPE, 0.0, code="A010", detail="d", key="k"), 80960, 10),
    (record_of(Kind.MORE, SCOPE, 0.0, of="unreadable", count=7), 80961, 7),
    (record_of(Kind.SILENT, SCOPE, 0.0, detail="d"), 80962, 8),
    (record_of(Kind.SPEAKS_AGAIN, SCOPE, 0.0), 80963, 3),
    (record_of(Kind.RECOVERED, SCOPE, 0.0, code="A001", detail="d"), 80964, 3),
]


def engine_of(home: Path) -> tuple[Engine, Problems]:
    problems = Problems()
    return Installation(home).load(problems), problems


def fired(engine: Engine, record: Any) -> tuple[int, int]:
    match = engine.process(record, State(engine.rules)).match
    return (match.rule.id, match.rule.level) if match else (0, 0)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home") / "h"
    make_home(home)
    return home


@pytest.fixture
def local_rules(home: Path):
    """Writes the home's own rules, and puts them back."""
    path = home / "etc" / "rules" / "local_rules.xml"
    before = path.read_text()
    yield lambda text: path.write_text(before + text)
    path.write_text(before)


# --- the rules -------------------------------------------------------------------------------------------------------


def test_each_event_has_its_rule(home: Path) -> None:
    engine, problems = engine_of(home)
    assert not problems, problems.draw()
    assert [fired(engine, record) for record, _, _ in EVENTS] == [(rule, level) for _, rule, level in EVENTS]


def test_they_fire_in_a_wazuh_manager_s_home_too(tmp_path: Path) -> None:
    stock = need_shared("wazuh-4.14")
    for folder in ("etc/rules", "etc/decoders", "ruleset"):
        (tmp_path / folder).mkdir(parents=True)
    for link, target in (("ruleset/rules", "rules"), ("ruleset/decoders", "decoders"), ("etc/lists", "lists")):
        (tmp_path / link).symlink_to(stock / target)
    (tmp_path / "etc/ossec.conf").write_text(
        "<ossec_config><ruleset><decoder_dir>ruleset/decoders</decoder_dir><rule_dir>ruleset/rules</rule_dir>"
        "<rule_exclude>0215-policy_rules.xml</rule_exclude><list>etc/lists/audit-keys</list>"
        "<list>etc/lists/amazon/aws-eventnames</list><list>etc/lists/security-eventchannel</list>"
        "<list>etc/lists/malicious-ioc/malware-hashes</list><list>etc/lists/malicious-ioc/malicious-ip</list>"
        "<list>etc/lists/malicious-ioc/malicious-domains</list></ruleset></ossec_config>"
    )
    engine, problems = engine_of(tmp_path)
    assert not problems, problems.draw()
    assert [fired(engine, record) for record, _, _ in EVENTS] == [(rule, level) for _, rule, level in EVENTS]
    own = {id for id in engine.rules.rules_by_id if 80950 <= id <= 80999}
    assert own == {80950} | set(range(80951, 80965))


def test_every_description_is_whole(home: Path) -> None:
    engine, _ = engine_of(home)
    for record, rule, _ in EVENTS:
        outcome = engine.process(record, State(engine.rules))
        assert outcome.event is not None
        assert outcome.match is not None
        fields = {name for name, text in outcome.event.fields.items() if text}
        named = {part.partition(")")[0] for part in outcome.match.rule.description.split("$(")[1:]}
        assert named <= fields, rule


def test_the_home_can_overwrite_and_build_on_them(home: Path, local_rules) -> None:
    local_rules(
        '<group name="mine,"><rule id="80962" level="12" overwrite="yes"><if_sid>80950</if_sid>'
        '<field name="alertmill.event">^silent$</field><description>quiet</description></rule>'
        '<rule id="100900" level="15"><if_sid>80952</if_sid><field name="alertmill.account">^123456789012$</field>'
        "<description>production</description></rule></group>"
    )
    engine, problems = engine_of(home)
    assert not problems, problems.draw()
    assert fired(engine, record_of(Kind.SILENT, SCOPE, 0.0)) == (80962, 12)
    assert fired(engine, record_of(Kind.ERROR, SCOPE, 0.0, code="A001")) == (100900, 15)


def test_the_home_s_own_rule_of_the_same_id_wins(home: Path, local_rules) -> None:
    local_rules(
        '<group name="mine,"><rule id="80962" level="4"><if_sid>80200</if_sid><description>mine</description></rule>'
        "</group>"
    )
    engine, problems = engine_of(home)
    (problem,) = problems
    assert problem.code.id == "A035"
    assert problem.message == "Alertmill's own rule 80962 is left out: this one has its id"
    assert str(problem.origin).startswith("etc/rules/local_rules.xml:")
    assert fired(engine, Record('{"integration": "aws"}', "x", 0.0)) == (80962, 4)
    assert fired(engine, record_of(Kind.SILENT, SCOPE, 0.0)) == (80950, 0)
    assert fired(engine, record_of(Kind.SPEAKS_AGAIN, SCOPE, 0.0)) == (80963, 3)


def test_whoever_takes_the_root_gets_none_of_them(home: Path, local_rules) -> None:
    local_rules('<group name="mine,"><rule id="80950" level="4"><description>mine</description></rule></group>')
    engine, problems = engine_of(home)
    assert [problem.code.id for problem in problems] == ["A035"]
    assert [id for id in engine.rules.rules_by_id if 80950 <= id <= 80999] == [80950]


def test_they_can_be_left_out(home: Path) -> None:
    conf = home / "etc" / "ossec.conf"
    before = conf.read_text()
    conf.write_text(before.replace("<ruleset>", f"<ruleset><rule_exclude>{RULES_NAME}</rule_exclude>"))
    try:
        engine, problems = engine_of(home)
    finally:
        conf.write_text(before)
    assert not problems, problems.draw()
    assert not [id for id in engine.rules.rules_by_id if 80950 <= id <= 80999]


@pytest.mark.parametrize("needed", [True, False])
def test_a_ruleset_without_a_tree_top_is_told_once_where_it_matters(needed: bool) -> None:
    found = Problems()
    files = with_own_rules([("etc/rules/mine.xml", "")], "<group/>", found)
    assert [path for path, _ in files] == ["etc/rules/mine.xml", RULES_NAME]
    from alertmill.codes import R_NO_CANDIDATE
    from alertmill.errors import Origin

    for _ in range(3):
        found.warn(R_NO_CANDIDATE, "rule 80950 is skipped", Origin(RULES_NAME, 7))
    found.warn(R_NO_CANDIDATE, "another", Origin("etc/rules/mine.xml", 1))
    kept = told(found, needed=needed)
    assert [problem.code.id for problem in kept] == ["R016", *(["A035"] if needed else [])]


TOP = '<group name="a"><rule id="1" level="0"><category>syslog</category><description>d</description></rule></group>'


@pytest.mark.parametrize(
    ("paths", "place"),
    [
        (["ruleset/rules/1.xml", "ruleset/rules/2.xml", "etc/rules/local.xml"], 2),
        (["ruleset/rules/1.xml", "etc/rules/15.xml", "ruleset/rules/2.xml"], 1),
        (["etc/rules/0.xml", "ruleset/rules/1.xml", "etc/rules/2.xml"], 2),
        (["etc/rules/1.xml", "etc/rules/2.xml"], 1),
        (["ruleset/rules/1.xml"], 1),
    ],
)
def test_their_place_is_behind_the_top_and_before_the_home_s_own(paths: list[str], place: int) -> None:
    files = [(path, TOP if path.endswith("/1.xml") else "") for path in paths]
    loaded = with_own_rules(files, "own", Problems())
    assert [path for path, _ in loaded].index(RULES_NAME) == place


def test_the_lines_of_the_rules_stay_where_they_are() -> None:
    own = Path(monitoring.__file__).with_name("monitoring_rules.xml").read_text()
    taken = '<group name="a"><rule id="080953" level="3"><description>d</description></rule></group>'
    ((_, text), _) = with_own_rules([("etc/rules/x.xml", taken)], own, Problems())[::-1]
    assert text.count("\n") == own.count("\n")
    assert 'id="80953"' not in text
    assert 'id="80952"' in text


# --- the events ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "scope", "words", "whole"),
    [
        (
            SCOPE,
            Scope("s3://my-logs/AWSLogs/", "cloudtrail", "123456789012", "us-east-1"),
            "s3://my-logs/AWSLogs/ (cloudtrail), account 123456789012, region us-east-1",
            False,
        ),
        (
            "s3://b/p|cloudtrail|*|*|back-fill",
            Scope("s3://b/p", "cloudtrail", "*", "*", "back-fill"),
            "s3://b/p (cloudtrail), back-fill",
            True,
        ),
        ("s3://b/a|b/|custom||", Scope("s3://b/a|b/", "custom"), "s3://b/a|b/ (custom)", False),
        ("s3://b/|cloudtrail|1|*", Scope("s3://b/", "cloudtrail", "1", "*"), "s3://b/ (cloudtrail), account 1", False),
        ("sqs://q|buckets||", Scope("sqs://q", "buckets"), "sqs://q (buckets)", False),
        (
            "aws-service|cloudwatchlogs|1|eu-west-1|/aws/x|y",
            Scope("aws-service", "cloudwatchlogs", "1", "eu-west-1", "/aws/x|y"),
            "aws-service (cloudwatchlogs), account 1, region eu-west-1, /aws/x|y",
            False,
        ),
        (
            "aws-service|inspector|prod|*|*",
            Scope("aws-service", "inspector", "prod", "*", "*"),
            "aws-service (inspector), account prod",
            True,
        ),
        ("odd", Scope("odd"), "odd", False),
    ],
)
def test_names_of_scopes(name: str, scope: Scope, words: str, whole: bool) -> None:
    assert Scope.parse(name) == scope
    assert scope.in_words() == words
    assert scope.is_whole is whole


def test_what_an_event_says() -> None:
    record = record_of(Kind.UNREADABLE, SCOPE, 7.5, code="A009", detail="no\n\u00e9 \ud800", key="k")
    assert (record.location, record.time, record.place) == ("alertmill", 7.5, SCOPE)
    document = json.loads(record.message.encode("latin-1"))
    assert document["integration"] == "alertmill"
    assert document["alertmill"] == {
        "event": "unreadable",
        "source": "s3://my-logs/AWSLogs/",
        "bucket": "my-logs",
        "type": "cloudtrail",
        "account": "123456789012",
        "region": "us-east-1",
        "place": "s3://my-logs/AWSLogs/ (cloudtrail), account 123456789012, region us-east-1",
        "code": "A009",
        "key": "k",
        "detail": "no\n\u00e9 ?",
    }


def test_the_page_for_operators_names_every_rule(home: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()
    rows = re.findall(r"^\| (809\d\d) \| (\d+) \|", page, re.MULTILINE)
    own = Path(monitoring.__file__).with_name("monitoring_rules.xml").read_text()
    assert rows == re.findall(r'<rule id="(\d+)" level="(\d+)">', own)
