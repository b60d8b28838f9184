"""The commands of docs/performance.md take minutes: here they are only held against what the benchmarks understand."""

from __future__ import annotations

import re
import shlex

import pytest

from benchmarks.__main__ import _parser
from benchmarks.workloads import CATALOGUE
from docs.pages import REPOSITORY, Block, blocks

COMMANDS = [block for block in blocks("docs/performance.md") if block.language == "sh"]


def test_there_are_commands_and_nothing_else() -> None:
    assert {block.language for block in blocks("docs/performance.md")} == {"sh"}


@pytest.mark.parametrize("block", COMMANDS, ids=str)
def test_every_command_is_one(block: Block) -> None:
    for line in block.text.splitlines():
        words = shlex.split(line, comments=True)
        if "benchmarks" in words:
            names = _parser().parse_args(words[words.index("benchmarks") + 1 :]).names
        elif words[0] == "make":
            names = " ".join(word.removeprefix("BENCH=") for word in words[2:]).split()
            assert words[1] == "bench"
        else:
            names = []
            script = next(word for word in words if re.search(r"\.py$|^benchmarks\.", word))
            path = script if script.endswith(".py") else f"{script.replace('.', '/')}.py"
            assert (REPOSITORY / path).exists(), line
        assert all(any(known.startswith(name) for known in CATALOGUE) for name in names), line
