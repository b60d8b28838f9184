"""What Alertmill says about itself: events like any other, and the rules that make alerts of them.

Pure: scopes and words in, records and texts out. When something is to be told is decided in `sources.monitored`; the
rules are in `monitoring_rules.xml`, ids 80950 to 80999.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from alertmill import codes
from alertmill.errors import Origin, Problems
from alertmill.event import Record, to_byte_text
from alertmill.xmltext import XmlError, load_xml

#: Where these events come from, as alerts show it.
LOCATION = "alertmill"

#: The name under which the rules are loaded, and under which `<rule_exclude>` leaves them out.
RULES_NAME = "alertmill_self_monitoring_rules.xml"

#: The first file that a Wazuh ruleset cannot do without: the top of the tree that these rules hang in.
_TREE_TOP = re.compile(r"<category>\s*syslog\s*</category>")
_OUR_IDS = re.compile(r"809[5-9][0-9]")
_RULE = re.compile(r'\n *<rule id="(\d+)".*?</rule>\n', re.DOTALL)
_IF_SID = re.compile(r"<if_sid>(\d+)</if_sid>")
#: Folders that a ruleset's publisher fills; all others are the home's own.
_SHIPPED = "ruleset/"

#: `s3://bucket/AWSLogs/|cloudtrail|123456789012|us-east-1`, with what some scopes have behind it.
_SCOPE = re.compile(
    r"(?P<source>.*?)\|(?P<type>[a-z_]+)\|(?P<account>[^|]*)\|(?P<region>[a-z0-9-]*|\*)(?:\|(?P<part>.*))?", re.DOTALL
)


class Kind(StrEnum):
    """What there is to tell."""

    ERROR = "error"
    RECOVERED = "recovered"
    UNREADABLE = "unreadable"
    GIVEN_UP = "given_up"
    MORE = "more"
    SILENT = "silent"
    SPEAKS_AGAIN = "speaks_again"


@dataclass(frozen=True, slots=True)
class Scope:
    """The name of a scope in its parts; those that it does not have are empty, `*` stands for all."""

    source: str
    type: str = ""
    account: str = ""
    region: str = ""
    part: str = ""

    @classmethod
    def parse(cls, name: str) -> Scope:
        found = _SCOPE.fullmatch(name)
        return cls(**{part: text or "" for part, text in found.groupdict().items()}) if found else cls(name)

    @property
    def is_whole(self) -> bool:
        """Whether it stands for a definition as a whole."""
        return self.region == "*" and "*" in (self.account, self.part)

    @property
    def bucket(self) -> str:
        """The bucket that it lies in, empty for what lies in none."""
        return self.source[5:].partition("/")[0] if self.source.startswith("s3://") else ""

    def in_words(self) -> str:
        """For a person."""
        words = [f"{self.source} ({self.type})" if self.type else self.source]
        for name, text in (("account", self.account), ("region", self.region)):
            if text and text != "*":
                words.append(f"{name} {text}")
        return ", ".join([*words, *([self.part] if self.part.strip("*") else [])])


def record_of(
    kind: Kind, scope: str, now: float, *, code: str = "", detail: str = "", key: str = "", of: str = "", count: int = 0
) -> Record:
    """The event that tells of something in a scope. `of` and `count` are for MORE: which kind, how many."""
    parts = Scope.parse(scope)
    about = {
        "event": str(kind),
        "source": parts.source,
        "bucket": parts.bucket,
        "type": parts.type,
        "account": parts.account.strip("*"),
        "region": parts.region.strip("*"),
        "part": parts.part.strip("*"),
        "place": parts.in_words(),
        "code": code,
        "key": key,
        "kind": of,
        "count": str(count) if count else "",
        "detail": detail,
    }
    message = {"integration": "alertmill", "alertmill": {name: text for name, text in about.items() if text}}
    text = json.dumps(message, ensure_ascii=False, separators=(",", ":"))
    return Record(to_byte_text(text.encode("utf-8", "replace").decode()), LOCATION, now, place=scope)


def with_own_rules(files: Sequence[tuple[str, str]], own: str, problems: Problems) -> list[tuple[str, str]]:
    """The rule files of a home, (path, byte text) in load order, with the text `own` in its place among them.

    That is behind the top of the rule tree and before the home's own files, so that these can overwrite. Rules whose
    ids the home gives to others are left out, with a warning.
    """
    text = _without(own, _taken(files, problems))
    place = next(
        (
            number
            for number, (path, _) in enumerate(files)
            if not path.startswith(_SHIPPED) and any(_TREE_TOP.search(before) for _, before in files[:number])
        ),
        len(files),
    )
    return [*files[:place], (RULES_NAME, text), *files[place:]]


def told(found: Problems, *, needed: bool) -> Problems:
    """The problems of a load but for those of the own rules; one of its own tells that these are not all loaded.

    It is left out where nobody `needed` them: in a home that reads nothing they could be about.
    """
    kept = Problems([p for p in found if p.origin is None or p.origin.path != RULES_NAME])
    lost = [p for p in found if p.origin is not None and p.origin.path == RULES_NAME]
    if lost and needed:
        message = f"Alertmill's rules about itself are left out: {lost[0].message}"
        hint = f"they need the decoder json and a rule of the category syslog; or write <rule_exclude>{RULES_NAME}"
        kept.warn(codes.A_OWN_RULES, message, hint=f"{hint}</rule_exclude> into <ruleset>")
    return kept


def _taken(files: Sequence[tuple[str, str]], problems: Problems) -> set[str]:
    """The ids of the range that the home defines itself."""
    taken: dict[str, Origin] = {}
    for path, text in files:
        if not _OUR_IDS.search(text):
            continue
        try:
            elements = load_xml(text, path)
        except XmlError:
            continue  # told by whoever loads it
        for rule in (rule for group in elements for rule in group.children):
            attributes = {name.lower(): value for name, value in rule.attributes.items()}
            id = attributes.get("id", "").lstrip("0")
            if _OUR_IDS.fullmatch(id) and attributes.get("overwrite", "").lower() != "yes":
                taken.setdefault(id, rule.origin())
    for id, origin in taken.items():
        message = f"Alertmill's own rule {id} is left out: this one has its id"
        hint = "80950 to 80999 are the ids of Alertmill's rules about itself"
        problems.warn(codes.A_OWN_RULES, message, origin, hint=hint)
    return set(taken)


def _without(own: str, taken: set[str]) -> str:
    """The own rules without those that are taken, and without what hangs below these."""
    gone = set(taken)

    def keep(found: re.Match[str]) -> str:
        parent = _IF_SID.search(found[0])
        if found[1] in gone or (parent and parent[1] in gone):
            gone.add(found[1])
            return "\n" * found[0].count("\n")
        return found[0]

    return _RULE.sub(keep, own) if taken else own
