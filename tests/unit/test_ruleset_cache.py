"""The cache of what decoder and rule files say: equal to reading them, never believed when anything is odd."""

from __future__ import annotations

import os
import pickle
from dataclasses import replace
from pathlib import Path

import pytest

import alertmill.ruleset_cache as cache_module
from alertmill.decoders import read_decoders
from alertmill.engine import Engine
from alertmill.errors import Problems
from alertmill.installation import Installation
from alertmill.ruleset import CdbList, RuleOptions, Ruleset, link_rules, load_lists
from alertmill.ruleset_cache import WORTH_KEEPING, RulesetCache, RulesetInput, RulesetParts
from support import need_shared

DECODERS = """
<decoder name="other"><prematch>^other</prematch></decoder>
<decoder name="app"><program_name>^app</program_name></decoder>
<decoder name="app-login"><parent>app</parent><prematch>^login</prematch>
  <regex type="pcre2">login of (\\w+) from (\\S+)</regex><order>user, srcip</order></decoder>
"""

#: One of each kind of condition, a composite, an overwrite, and a rule that is left out with a warning.
RULES = """
<group name="syslog,">
  <rule id="1" level="0"><category>syslog</category><description>top</description></rule>
  <rule id="100001" level="3"><decoded_as>app</decoded_as><description>$(user)</description>
    <mitre><id>T1078</id></mitre><group>logins,</group></rule>
  <rule id="100002" level="5"><if_sid>100001</if_sid><match>from|to</match><regex>of \\w+ from</regex>
    <srcip negate="yes">10.0.0.0/8</srcip><time>6 pm - 8 am</time><weekday>weekends</weekday>
    <list field="user" lookup="match_key">etc/lists/people</list><description>b</description></rule>
  <rule id="100003" level="10" frequency="4" timeframe="60"><if_matched_group>logins</if_matched_group><same_srcip />
    <field name="a.b" type="pcre2">^x+$</field><description>c</description></rule>
  <rule id="100001" level="4" overwrite="yes"><decoded_as>app</decoded_as><description>$(user)</description>
    <group>logins,</group></rule>
  <rule id="100004" level="4"><if_sid>199999</if_sid><description>lost</description></rule>
</group>
"""


def made_of(rules: str = RULES, **changes: object) -> RulesetInput:
    """An input that is worth keeping: large, by comments."""
    filler = "<!-- " + "x" * WORTH_KEEPING + " -->"
    lists = load_lists({"etc/lists/people": "alice:\nbob:x\n"}, Problems())
    given = RulesetInput([("d.xml", DECODERS)], [("r.xml", rules + filler)], lists, (RuleOptions(),))
    return replace(given, **changes)  # type: ignore[arg-type]


def read(given: RulesetInput) -> RulesetParts:
    problems = Problems()
    tree, specs = read_decoders(given.decoders, problems)
    rules = link_rules(given.rules, given.lists, tree.identities, RuleOptions(), problems)
    return RulesetParts(specs, rules, list(problems))


@pytest.fixture
def cache(tmp_path: Path) -> RulesetCache:
    return RulesetCache(tmp_path / "ruleset.cache")


def in_words(rules: Ruleset) -> list[object]:
    """All that a ruleset says of itself."""
    return [
        rules.node_count,
        rules.list_count,
        *(replace(rules.describe(id), rule=None) for id in rules.rules_by_id),  # type: ignore[arg-type]
        *(
            (
                rule.info,
                rule.conditions and [c.text for c in rule.conditions],
                rule.search and replace(rule.search, pattern=None),
            )
            for rule in rules.rules_by_id.values()
        ),
    ]


def test_what_was_put_comes_back_equal(cache: RulesetCache) -> None:
    given = made_of()
    parts = read(given)
    cache.put(given, parts)
    found = cache.get(made_of())
    assert found is not None and found is not parts
    assert found.problems == parts.problems and len(parts.problems) == 2
    assert in_words(Ruleset(found.rules, RuleOptions())) == in_words(Ruleset(parts.rules, RuleOptions()))
    assert found.rules.rules[100002].spec.lists[0].list.entries == {"alice": "", "bob": "x"}
    origin = found.rules.rules[100002].spec.texts["regex"].source.origin(3)
    assert origin == parts.rules.rules[100002].spec.texts["regex"].source.origin(3) and origin.text


CHANGES = {
    "a rule": {"rules": RULES.replace('level="5"', 'level="6"')},
    "a path": {"decoders": [("e.xml", DECODERS)]},
    "a decoder": {"decoders": [("d.xml", DECODERS + " ")]},
    "a list more": {"lists": load_lists({"etc/lists/people": "", "etc/lists/more": ""}, Problems())},
    "an option": {"options": (RuleOptions(log_alert_level=3),)},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_any_change_of_the_input_is_another_entry(change: dict[str, object], cache: RulesetCache) -> None:
    cache.put(made_of(), read(made_of()))
    assert cache.get(made_of(**change)) is None  # type: ignore[arg-type]
    assert cache.get(made_of()) is not None


def test_another_version_is_another_entry(cache: RulesetCache, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.put(made_of(), read(made_of()))
    monkeypatch.setattr(cache_module, "__version__", "0.0.0")
    assert cache.get(made_of()) is None


def test_the_name_of_an_engine_tells_of_the_entries_of_lists_too() -> None:
    name = made_of().name("mill")
    other = {one: CdbList(one, {**of.entries, "carol": ""}) for one, of in made_of().lists.items()}
    assert made_of().name("mill") == name
    assert made_of(lists=other).key() == made_of().key()
    assert (
        len({name, made_of(lists=other).name("mill"), made_of().name("other"), made_of(RULES + " ").name("mill")}) == 4
    )


def test_a_damaged_file_is_no_cache(cache: RulesetCache, tmp_path: Path) -> None:
    given = made_of()
    cache.put(given, read(given))
    path = tmp_path / "ruleset.cache"
    whole = path.read_bytes()
    for place in (0, 20, 60, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert cache.get(given) is None
        path.write_bytes(whole[:place])
        assert cache.get(given) is None
    path.write_bytes(whole)
    assert cache.get(given) is not None


class Hostile:
    """What a pickle can do where nobody looks."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("made by the cache",)


@pytest.mark.parametrize(
    "thing",
    [Hostile(), [1, 2], RulesetParts([Hostile()], None, [])],
    ids=["a call", "another type", "a call within"],  # type: ignore[list-item, arg-type]
)
def test_a_hostile_file_with_a_right_digest_is_no_cache(
    thing: object, cache: RulesetCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    body = memoryview(pickle.dumps(thing))
    head = cache_module._MAGIC + made_of().key() + cache_module._digest_of(body)
    path = tmp_path / "ruleset.cache"
    path.write_bytes(head + bytes(body))
    path.chmod(0o600)
    assert cache.get(made_of()) is None
    assert not (tmp_path / "made by the cache").exists()


def test_a_file_that_others_may_write_is_no_cache(cache: RulesetCache, tmp_path: Path) -> None:
    cache.put(made_of(), read(made_of()))
    path = tmp_path / "ruleset.cache"
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o620)
    assert cache.get(made_of()) is None
    path.chmod(0o600)
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert cache.get(made_of()) is None


def test_nothing_is_kept_where_it_cannot_be_or_is_not_worth_it(tmp_path: Path) -> None:
    nowhere = RulesetCache(tmp_path / "missing" / "ruleset.cache")
    nowhere.put(made_of(), read(made_of()))
    assert nowhere.get(made_of()) is None and list(tmp_path.iterdir()) == []
    small = RulesetInput([("d.xml", DECODERS)], [("r.xml", RULES)], made_of().lists, ())
    cache = RulesetCache(tmp_path / "ruleset.cache")
    cache.put(small, read(small))
    assert list(tmp_path.iterdir()) == []


def stock_home(folder: Path) -> Path:
    stock = need_shared("wazuh-4.14")
    for name in ("etc", "ruleset", "var"):
        (folder / name).mkdir()
    for name in ("decoders", "rules"):
        (folder / "ruleset" / name).symlink_to(stock / name)
    (folder / "etc" / "lists").symlink_to(stock / "lists")
    named = [file.relative_to(stock) for file in sorted((stock / "lists").rglob("*")) if file.is_file()]
    lists = "".join(f"<list>etc/{name}</list>" for name in named)
    (folder / "etc" / "ossec.conf").write_text(
        "<ossec_config><ruleset><decoder_dir>ruleset/decoders</decoder_dir><rule_dir>ruleset/rules</rule_dir>"
        f"{lists}</ruleset></ossec_config>"
    )
    return folder


def test_the_stock_ruleset_from_the_cache_is_the_one_from_its_files(tmp_path: Path) -> None:
    home = stock_home(tmp_path)
    told: list[list[str]] = []

    def load() -> Engine:
        problems = Problems()
        engine = Installation(home).load(problems)
        told.append([problem.draw() for problem in problems])
        return engine

    fresh = load()
    kept = (home / "var" / "ruleset.cache").stat()
    cached = load()
    assert (home / "var" / "ruleset.cache").stat().st_ino == kept.st_ino, "it was written again"
    assert told[0] == told[1]
    assert len(fresh.rules.rules_by_id) > 4000
    assert in_words(cached.rules) == in_words(fresh.rules)
    assert cached.decoders.count == fresh.decoders.count and cached.decoders.identities == fresh.decoders.identities
