"""Small engines and explanations in a few words, for the tests of explanations."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from alertmill.decoders import load_decoders
from alertmill.engine import Engine, EngineOptions
from alertmill.errors import Problems
from alertmill.event import Record
from alertmill.explain import Explainer, Explanation, as_lines
from alertmill.ruleset import RuleOptions, load_lists, load_rules

#: 2026-03-04 12:00:00 UTC, a Wednesday.
NOON = 1772625600.0

DECODERS = r"""
<decoder name="mill"><program_name>^mill$</program_name></decoder>
<decoder name="mill-grind">
  <parent>mill</parent><prematch offset="after_parent">^grinding </prematch>
  <regex offset="after_prematch">^(\S+) for (\S+)</regex><order>grain, user</order>
</decoder>
<decoder name="mill-grind">
  <parent>mill</parent><regex>speed=(\d+)</regex><order>speed</order>
</decoder>
<decoder name="door"><program_name>^door$</program_name><prematch>^opened</prematch>
  <regex offset="after_prematch"> by (\S+)</regex><order>srcuser</order><fts>name, srcuser</fts>
</decoder>
<decoder name="json"><prematch>^{\s*"</prematch><plugin_decoder>JSON_Decoder</plugin_decoder></decoder>
<decoder name="forwarded">
  <prematch>^ossec: Alert</prematch><plugin_decoder>OSSECAlert_Decoder</plugin_decoder>
</decoder>
<decoder name="web"><prematch>^GET </prematch><type>web-log</type></decoder>
"""
TOP = """<group name="top,">
  <rule id="1" level="0" noalert="1"><category>syslog</category><description>All of syslog</description></rule>
  <rule id="4" level="0" noalert="1"><category>web-log</category><description>All of the web</description></rule>
</group>
"""


def rule(id: int, body: str = "", level: int = 5, **attributes: object) -> str:
    """A rule of one line, with its id in its description."""
    more = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f'<rule id="{id}" level="{level}"{more}>{body}<description>rule {id}</description></rule>\n'


def explainer(rules: str, *, lists: dict[str, str] | None = None, session: bool = False, **options: Any) -> Explainer:
    """An explainer of these rules, which stand in rules.xml from line 2 on, one per line."""
    problems = Problems()
    tree = load_decoders([("decoders.xml", DECODERS)], problems)
    texts = [("0-top.xml", TOP), ("rules.xml", f'<group name="test,">\n{rules}</group>\n')]
    values = RuleOptions(zone=UTC, **options)
    loaded = load_rules(texts, load_lists(lists or {}, problems), tree.identities, values, problems)
    assert not problems.errors, problems.draw()
    return Explainer(Engine(tree, loaded, EngineOptions("host")), problems, session=session)


def record(message: str, time: float = NOON, **more: Any) -> Record:
    return Record(message, more.pop("location", "/var/log/x"), time, **more)


def mill(text: str, time: float = NOON) -> Record:
    """A record that the decoder mill takes."""
    return record(f"Mar  4 12:00:00 web1 mill[7]: {text}", time)


def text_of(explanation: Explanation) -> str:
    """The explanation as it is printed without colours."""
    return "\n".join("".join(words for words, _ in line) for line in as_lines(explanation))
