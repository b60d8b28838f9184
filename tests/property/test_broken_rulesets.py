"""A damaged rules or decoders file gives located problems, never a traceback, whatever the damage.

The files are the shipped ones, and the stock ones of the reference data where they are present. Every damaged file is
loaded beside the intact rest, as in a home.
"""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from alertmill.decoders import load_decoders
from alertmill.engine import Engine, EngineOptions
from alertmill.errors import Problems
from alertmill.event import Record
from alertmill.ruleset import RuleOptions, load_lists, load_rules
from support import LONG, SHARED

REPOSITORY = Path(__file__).resolve().parents[2]
STOCK = SHARED / "wazuh-4.14"

DECODERS = [
    (path.name, path.read_bytes().decode("latin-1")) for path in sorted((REPOSITORY / "decoders").glob("*.xml"))
]
RULES = [(path.name, path.read_bytes().decode("latin-1")) for path in sorted((REPOSITORY / "rules").glob("*.xml"))]

#: Stock files with many kinds of elements; the whole of them would take minutes.
STOCK_RULES = ("0350-amazon_rules.xml", "0095-sshd_rules.xml", "0245-web_rules.xml", "0575-win-base_rules.xml")
STOCK_DECODERS = ("0310-ssh_decoders.xml", "0375-web-accesslog_decoders.xml", "0085-dovecot_decoders.xml")

_TAG = re.compile(r"</?[A-Za-z_]+")
_VALUE = re.compile(r'="[^"]*"')
_TEXT = re.compile(r">[^<>]+<")
_JUNK = (
    "",
    "\\",
    "<",
    ">",
    "&",
    "(",
    ")",
    "[",
    "*",
    "\\z",
    "$(",
    "|",
    "99999999",
    "-1",
    "é".encode().decode("latin-1"),
    "\0",
)


#: What is done to a file: a piece cut out, junk put in, the rest cut off, or one of these replaced.
_DAMAGES: tuple[re.Pattern[str] | str, ...] = ("cut", "insert", "end", _TAG, _VALUE, _TEXT, _TEXT)


def damaged(text: str, dice: random.Random, first: int | None = None) -> str:
    """The text with one to three things wrong with it, or at least other than they were; `first` is the first of them,
    as a place in `_DAMAGES`.
    """
    for number in range(dice.randint(1, 3)):
        damage = _DAMAGES[first] if first is not None and not number else dice.choice(_DAMAGES)
        place = dice.randrange(len(text) + 1)
        if damage == "cut":
            text = text[:place] + text[place + dice.randint(1, 40) :]
        elif damage == "insert":
            text = text[:place] + dice.choice(_JUNK) + text[place:]
        elif damage == "end":
            text = text[:place]
        elif isinstance(damage, re.Pattern) and (found := list(damage.finditer(text))):
            one = dice.choice(found)
            text = text[: one.start()] + replacement(one.group(), dice) + text[one.end() :]
        if not text:
            break
    return text


def replacement(old: str, dice: random.Random) -> str:
    if old.startswith("="):
        return f'="{dice.choice(_JUNK)}"'
    if old.startswith(">"):
        middle = old[1:-1]
        return ">" + dice.choice([dice.choice(_JUNK), middle + dice.choice(_JUNK), middle * 60]) + "<"
    return dice.choice([old + "x", old[:-1], old.upper()])


def load(decoders: list[tuple[str, str]], rules: list[tuple[str, str]]) -> Problems:
    """Load as a home does, and where that works analyse an event with what came of it."""
    problems = Problems()
    tree = load_decoders(decoders, problems)
    lists = load_lists(
        {"etc/lists/known-addresses": "", "etc/lists/amazon/aws-eventnames": "RunInstances:x\n"}, problems
    )
    ruleset = load_rules(rules, lists, tree.identities, RuleOptions(), problems)
    if not problems.errors:
        engine = Engine(tree, ruleset, EngineOptions("host"))
        outcome = engine.process(
            Record('{"integration":"aws","aws":{"eventName":"x"}}', "here", 0.0), engine.new_state()
        )
        assert not outcome.rejected
    return problems


def check(problems: Problems, texts: dict[str, str]) -> None:
    for problem in problems:
        if problem.code.id == "D021":  # is about all decoders together
            continue
        assert problem.origin is not None, problem.message
        assert problem.origin.path in texts, problem.draw()
        assert 0 <= problem.origin.line <= texts[problem.origin.path].count("\n") + 1, problem.draw()
        assert problem.message
        assert problem.draw()


def cases() -> list[tuple[str, str, str]]:
    """(kind, name, text) of the files to damage."""
    found = [("decoders", *file) for file in DECODERS] + [("rules", *file) for file in RULES]
    if STOCK.exists():
        for folder, names in (("rules", STOCK_RULES), ("decoders", STOCK_DECODERS)):
            found += [
                (folder, name, (STOCK / folder / name).read_bytes().decode("latin-1"))
                for name in names
                if (STOCK / folder / name).exists()
            ]
    return found


CASES = cases()


def put(files: dict[str, list[tuple[str, str]]], kind: str, name: str, text: str) -> None:
    """Put a file beside the others, in place of the one that had its name."""
    files[kind] = sorted([*(file for file in files[kind] if file[0] != name), (name, text)])


def load_and_check(files: dict[str, list[tuple[str, str]]]) -> None:
    check(load(files["decoders"], files["rules"]), dict([*files["decoders"], *files["rules"]]))


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(CASES)), ids=[f"{kind}-{name}" for kind, name, _ in CASES])
def test_damage_is_told_at_its_place(number: int) -> None:
    """One file at a time. Every kind of damage has its turn, also in the short form, over the files."""
    kind, name, text = CASES[number]
    dice = random.Random(f"{name} 1")
    for turn in range(400 if LONG else 3):
        files = {"decoders": DECODERS, "rules": RULES}
        put(files, kind, name, damaged(text, dice, (number * 3 + turn) % len(_DAMAGES)))
        load_and_check(files)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100 if LONG else 25))
def test_damage_in_all_files_at_once_is_told_at_its_places(seed: int) -> None:
    """Many damages for the time of one load, and files that are broken beside others that are."""
    dice = random.Random(seed)
    files = {"decoders": DECODERS, "rules": RULES}
    for number, (kind, name, text) in enumerate(CASES):
        put(files, kind, name, damaged(text, dice, (number + seed) % len(_DAMAGES)))
    load_and_check(files)
