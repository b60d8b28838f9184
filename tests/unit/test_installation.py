"""The home folder: which files are read, in which order, and what is said of those that cannot be."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from alertmill.errors import AlertmillError, LoadError, Problems
from alertmill.event import Record
from alertmill.installation import DEFAULT_HOME, Installation, find_home, read_text, shipped
from support import need_shared

ROOT = "<ossec_config>{}</ossec_config>"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with the usual folders and nothing in them."""
    for folder in ("etc/rules", "etc/decoders", "etc/lists", "ruleset/rules", "ruleset/decoders"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "etc/ossec.conf").write_text(ROOT.format(""))
    return tmp_path


def texts(home: Path, ruleset: str = ""):
    if ruleset:
        (home / "etc/ossec.conf").write_text(ROOT.format(f"<ruleset>{ruleset}</ruleset>"))
    problems, installation = Problems(), Installation(home)
    config = installation.load_config(problems)
    assert not problems, problems.draw()
    return installation.ruleset_texts(config, problems), problems


def test_the_home_is_named_or_in_the_environment_or_the_default(monkeypatch):
    monkeypatch.delenv("ALERTMILL_HOME", raising=False)
    assert find_home() == DEFAULT_HOME
    monkeypatch.setenv("ALERTMILL_HOME", "/srv/mill")
    assert find_home() == Path("/srv/mill")
    assert find_home("/other") == Path("/other")
    assert Installation().home == Path("/srv/mill")


def test_paths_of_a_home():
    installation = Installation("/h")
    assert str(installation.ossec_conf) == "/h/etc/ossec.conf"
    assert str(installation.ossec_log) == "/h/logs/ossec.log"
    assert str(installation.alerts_json) == "/h/logs/alerts/alerts.json"
    assert str(installation.alerts_log) == "/h/logs/alerts/alerts.log"
    sockets = (installation.queue_socket, installation.logtest_socket, installation.analysis_socket)
    assert [str(path) for path in sockets] == [f"/h/queue/sockets/{name}" for name in ("queue", "logtest", "analysis")]
    assert str(installation.var) == "/h/var"
    assert installation.hostname


@pytest.mark.parametrize("name", ["rules", "decoders", "etc"])
def test_what_is_shipped_is_found(name):
    assert shipped(name).is_dir()


def test_what_is_not_shipped():
    with pytest.raises(AlertmillError, match="nonsense/ is missing"):
        shipped("nonsense")


def test_configuration_and_internal_options(home):
    (home / "etc/ossec.conf").write_text(ROOT.format("<global><rotate_interval>60</rotate_interval></global>"))
    (home / "etc/internal_options.conf").write_text("analysisd.min_rotate_interval=600\nanalysisd.fts_list_size=40\n")
    (home / "etc/local_internal_options.conf").write_text("analysisd.min_rotate_interval=60\n")
    problems = Problems()
    config = Installation(home).load_config(problems)
    assert not problems
    assert config.global_.rotate_interval == 60
    assert (config.internal.analysisd.fts_list_size, config.internal.analysisd.min_rotate_interval) == (40, 60)


def test_without_a_home(tmp_path):
    problems = Problems()
    Installation(tmp_path / "nowhere").load_config(problems)
    (problem,) = problems.errors
    assert problem.message == f"there is no home folder {tmp_path}/nowhere"
    assert "alertmill init" in problem.hint


def test_without_a_configuration(tmp_path):
    problems = Problems()
    Installation(tmp_path).load_config(problems)
    (problem,) = problems.errors
    assert "No such file or directory" in problem.message
    assert "alertmill init" in problem.hint
    assert problem.wazuh == "(1103): Could not open file 'etc/ossec.conf' due to [(2)-(No such file or directory)]."


def test_internal_options_that_cannot_be_read(home):
    (home / "etc/internal_options.conf").mkdir()
    problems = Problems()
    Installation(home).load_config(problems)
    assert [(p.severity.value, p.origin.path) for p in problems] == [("warning", "etc/internal_options.conf")]


def test_files_are_read_in_order_as_byte_text(home):
    (home / "ruleset/rules/0020-b.xml").write_bytes("größe".encode())
    (home / "ruleset/rules/readme.txt").write_text("no rules")
    (home / "etc/rules/0010-a.xml").write_bytes(b"\xff")
    (home / "etc/rules/local_rules.xml").write_text("")
    (home / "ruleset/decoders/d.xml").write_text("d")
    found, problems = texts(home, "<rule_dir>ruleset/rules</rule_dir><rule_dir>etc/rules</rule_dir>")
    assert not problems
    assert found.rules == [
        ("etc/rules/0010-a.xml", "\xff"),
        ("ruleset/rules/0020-b.xml", "gr\xc3\xb6\xc3\x9fe"),
        ("etc/rules/local_rules.xml", ""),
    ]
    assert found.decoders == [("ruleset/decoders/d.xml", "d")]


def test_absolute_paths(home, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "x.xml").write_text("x")
    (elsewhere / "keys").write_text("k:v")
    options = f"<rule_dir>{elsewhere}</rule_dir><rule_include>{elsewhere}/x.xml</rule_include>"
    found, problems = texts(home, f"{options}<list>{elsewhere}/keys</list>")
    assert not problems
    assert found.rules == [(f"{elsewhere}/x.xml", "x")]
    assert found.lists == {f"{elsewhere}/keys": "k:v"}


def test_lists_go_by_the_name_that_rules_use(home):
    (home / "etc/lists/größe").write_text("k:v")
    (home / "ruleset/rules/plain").write_text("p:")
    found, problems = texts(
        home, "<list>etc/lists/größe.cdb</list><list>plain</list><list>etc/lists/gone</list><list>plain</list>"
    )
    assert found.lists == {"etc/lists/gr\xc3\xb6\xc3\x9fe": "k:v", "ruleset/rules/plain": "p:", "etc/lists/gone": None}
    (problem,) = problems
    assert str(problem.origin) == "etc/ossec.conf:1"
    assert problem.wazuh == "(1103): Could not open file 'etc/lists/gone' due to [(2)-(No such file or directory)]."


def test_a_missing_include_is_a_warning_with_a_suggestion(home):
    (home / "etc/rules/own_rules.xml").write_text("x")
    found, problems = texts(home, "<rule_include>etc/rules/own_rule.xml</rule_include>")
    assert found.rules == []
    assert [(p.severity.value, p.hint) for p in problems] == [("warning", "did you mean own_rules.xml?")]


@pytest.mark.parametrize("kind", ["folder", "pipe", "dangling link", "zero byte"])
def test_what_is_no_file_is_named_and_left_out(home, kind):
    path = home / "etc/rules/odd.xml"
    include = "etc/rules/odd.xml"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "dangling link":
        path.symlink_to(home / "nowhere")
    else:
        include = "etc/rules/\x00.xml"
    found, problems = texts(home, f"<rule_include>{include}</rule_include>")
    assert found.rules == []
    assert [(p.severity.value, p.code.id) for p in problems] == [("warning", "X003")]
    problems.draw().encode()


def test_odd_file_names_stay_printable(home):
    (home / "etc" / os.fsdecode(b"rules/\xff\n.xml")).write_text("x")
    found, problems = texts(home, "<rule_dir>etc/rules</rule_dir>")
    assert not problems
    assert found.rules == [("etc/rules/??.xml", "x")]


def test_a_home_without_a_ruleset_is_told_once(home):
    for folder in ("ruleset/rules", "ruleset/decoders", "ruleset"):
        (home / folder).rmdir()
    found, problems = texts(home)
    assert (found.rules, found.decoders) == ([], [])
    (problem,) = problems
    assert problem.message == "the home has no ruleset/: no shipped decoders and rules are loaded"
    assert "alertmill init" in problem.hint


def test_a_missing_folder_is_a_warning_at_its_option(home):
    _, problems = texts(home, "<rule_dir>etc/rulez</rule_dir><decoder_dir>ruleset/decoderz</decoder_dir>")
    assert [(p.code.id, str(p.origin), p.severity.value) for p in problems] == [
        ("C015", "etc/ossec.conf:1", "warning"),
        ("C015", "etc/ossec.conf:1", "warning"),
    ]


DECODERS = """
<decoder name="mill"><program_name>^mill</program_name></decoder>
<decoder name="any"><prematch>^any </prematch></decoder>
"""
RULES = """
<group name="mill,">
  <rule id="1" level="0" noalert="1"><category>syslog</category><description>All.</description></rule>
  <rule id="100000" level="3"><decoded_as>mill</decoded_as><description>The mill speaks.</description></rule>
  <rule id="100001" level="7">
    <if_sid>100000</if_sid><list field="user" lookup="match_key">etc/lists/users</list><description>Known.</description>
  </rule>
</group>
"""


@pytest.fixture
def mill(home: Path) -> Path:
    """A home with two decoders, three rules and a list."""
    (home / "etc/decoders/mill.xml").write_text(DECODERS)
    (home / "etc/rules/mill.xml").write_text(RULES)
    (home / "etc/lists/users").write_text("eve:")
    (home / "etc/ossec.conf").write_text(
        ROOT.format(
            "<ruleset><decoder_dir>etc/decoders</decoder_dir><rule_dir>etc/rules</rule_dir>"
            "<list>etc/lists/users</list></ruleset><alerts><log_alert_level>5</log_alert_level></alerts>"
        )
    )
    (home / "etc/internal_options.conf").write_text(
        "analysisd.log_fw=0\nanalysisd.decoder_order_size=64\nanalysisd.default_timeframe=100\n"
        "analysisd.fts_list_size=20\nanalysisd.fts_min_size_for_str=10\n"
    )
    return home


def test_an_engine_from_a_home(mill, monkeypatch):
    monkeypatch.delenv("ALERTMILL_ENGINE", raising=False)
    problems = Problems()
    engine = Installation(mill).load(problems)
    assert not problems, problems.draw()
    assert set(engine.rules.rules_by_id) == {1, 100000, 100001}
    assert engine.options.log_fw is False
    options = engine.rules.options
    assert (options.log_alert_level, options.email_alert_level, options.memory_size) == (5, 7, 8192)
    assert (options.decoder_order_size, options.default_timeframe) == (64, 100)
    assert (options.fts_list_size, options.fts_min_size_for_str, options.engine) == (20, 10, "fast")


@pytest.mark.parametrize(("event_format", "kept"), [("compatible", 64), ("improved", 2000)])
def test_an_improved_event_keeps_all_of_its_fields(home, event_format, kept):
    (home / "etc/decoders/json.xml").write_text(
        '<decoder name="json"><prematch>^{</prematch><plugin_decoder>JSON_Decoder</plugin_decoder></decoder>'
    )
    (home / "etc/ossec.conf").write_text(
        ROOT.format(
            f"<global><event_format>{event_format}</event_format></global>"
            "<ruleset><decoder_dir>etc/decoders</decoder_dir></ruleset>"
        )
    )
    (home / "etc/internal_options.conf").write_text("analysisd.decoder_order_size=64\n")
    engine = Installation(home).load(Problems())
    message = json.dumps({f"k{number}": "v" for number in range(2000)})
    event = engine.process(Record(message, "x", 0.0), engine.new_state()).event
    assert len(event.fields) == kept


@pytest.mark.parametrize(
    ("value", "engine", "warnings"), [("plain", "plain", 0), ("fast", "fast", 0), ("x", "fast", 1)]
)
def test_the_engine_is_chosen_by_the_environment(mill, monkeypatch, value, engine, warnings):
    monkeypatch.setenv("ALERTMILL_ENGINE", value)
    problems = Problems()
    assert Installation(mill).load(problems).rules.options.engine == engine
    assert len(problems) == warnings


def test_a_missing_list_is_told_once_and_costs_the_rules_that_use_it(mill):
    (mill / "etc/lists/users").unlink()
    problems = Problems()
    loaded = Installation(mill).load_ruleset(Installation(mill).load_config(problems), problems)
    assert not problems.errors
    assert (loaded.rule_count, loaded.list_files) == (2, 0)
    assert sum("etc/lists/users cannot be read" in p.message for p in problems) == 1
    assert problems.items[0].code.id == "X003"


def test_all_problems_of_all_files_are_raised_together(mill):
    configuration = mill / "etc/ossec.conf"
    configuration.write_text(configuration.read_text().replace("<alerts>", "<alerts><x/>"))
    (mill / "etc/decoders/mill.xml").write_text("<decoder></decoder>" + DECODERS)
    (mill / "etc/rules/mill.xml").write_text(RULES + "<rule/>")
    with pytest.raises(LoadError) as caught:
        Installation(mill).load(Problems())
    found = {p.origin.path for p in caught.value.problems.errors}
    assert found == {"etc/ossec.conf", "etc/decoders/mill.xml", "etc/rules/mill.xml"}


def test_a_managers_home_works_as_it_is(tmp_path):
    stock = need_shared("wazuh-4.14")
    for folder in ("etc/rules", "etc/decoders", "ruleset"):
        (tmp_path / folder).mkdir(parents=True)
    for link, target in (("ruleset/rules", "rules"), ("ruleset/decoders", "decoders"), ("etc/lists", "lists")):
        (tmp_path / link).symlink_to(stock / target)
    names = ["audit-keys", "amazon/aws-eventnames", "security-eventchannel"]
    names += [f"malicious-ioc/{name}" for name in ("malware-hashes", "malicious-ip", "malicious-domains")]
    lists = "".join(f"<list>etc/lists/{name}</list>" for name in names)
    (tmp_path / "etc/ossec.conf").write_text(
        ROOT.format(
            "<ruleset><decoder_dir>ruleset/decoders</decoder_dir><rule_dir>ruleset/rules</rule_dir>"
            f"<rule_exclude>0215-policy_rules.xml</rule_exclude>{lists}"
            "<decoder_dir>etc/decoders</decoder_dir><rule_dir>etc/rules</rule_dir></ruleset>"
        )
    )
    problems = Problems()
    loaded = Installation(tmp_path).load_ruleset(Installation(tmp_path).load_config(problems), problems)
    assert not problems, problems.draw()
    assert loaded.decoder_files == len(list((stock / "decoders").glob("*.xml")))
    assert loaded.rule_files == len(list((stock / "rules").glob("*.xml"))) - 1
    assert loaded.list_files == 6
    assert loaded.rule_count > 4000


def test_only_regular_files_are_read(tmp_path):
    with pytest.raises(OSError, match="not a regular file"):
        read_text(Path("/dev/zero"))
    with pytest.raises(FileNotFoundError):
        read_text(tmp_path / "gone")


def test_what_a_wazuh_manager_has_learned_is_read(tmp_path: Path) -> None:
    (tmp_path / "queue/fts").mkdir(parents=True)
    (tmp_path / "queue/fts/fts-queue").write_bytes(b"door   mira     /var/log/door\ngate \xe9\n")
    (tmp_path / "queue/fts/ig-queue").write_bytes(b"\ndoor  mira\n")
    entry = tmp_path / "queue/diff/web1/100533/last-entry"
    entry.parent.mkdir(parents=True)
    entry.write_bytes(b"first line\nsecond\0")
    (tmp_path / "queue/diff/web1/notes").mkdir()
    assert Installation(tmp_path).learned_by_wazuh() == [
        ("fts", "door   mira     /var/log/door", None),
        ("fts", "gate \xe9", None),
        ("ignored", "door  mira", None),
        ("diff", "web1/100533", "first line\nsecond"),
    ]


def test_a_home_without_them_has_learned_nothing(tmp_path: Path) -> None:
    assert Installation(tmp_path).learned_by_wazuh() == []
