"""What the pages of the documentation hold: their code blocks, and what the text in front of each says of it.

How a page is written, so that a reader sees what the tests see:

* `sh` blocks run, in the order of the page, in one folder. A `text` block right behind one is what it prints; `...` in
  it stands for anything.
* A block whose line in front says "In `path`:" is the file of that name; "At the end of `path`:" is added to it.
* `*Needs AWS:*` (or root, systemd, the network, a Wazuh manager) in front of a block: it is not run, but the options of
  its `alertmill` commands must exist.
* `*For example:*` in front of a `text` block: something to look at, such as a picture, or output that AWS decides.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]

#: What a block may need that no test has.
NEEDS = ("AWS", "root", "systemd", "the network", "a Wazuh manager")

_BLOCK = re.compile(r"^(?P<indent> *)```(?P<language>[\w-]*)\n(?P<text>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL)
_NEEDS = re.compile(rf"^\*Needs (?:{'|'.join(NEEDS)})\b[^*]*\*")
_PATH = re.compile(r"(?P<how>[Ii]n|At the end of) `(?P<path>[\w./-]+)`[^`]*:$")


@dataclass(frozen=True)
class Block:
    """One code block. `before` is the paragraph in front of it, `line` its first line in the page."""

    page: str
    line: int
    language: str
    text: str
    before: str
    #: Whether nothing stands between this block and the one before it.
    follows: bool

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def is_marked(self) -> bool:
        """Whether the text says that it needs what a reader may not have."""
        return bool(_NEEDS.match(self.before))

    @property
    def is_example(self) -> bool:
        return re.search(r"(?:^|\. )\*For example", self.before) is not None

    @property
    def file(self) -> tuple[str, bool] | None:
        """The file that the block is, and whether it is added to the end of it."""
        found = _PATH.search(self.before)
        return (found["path"], found["how"] != "In" and found["how"] != "in") if found else None


def pages() -> list[str]:
    """All pages, relative to the repository; decisions and the like included."""
    found = [REPOSITORY / "README.md", REPOSITORY / "CONTRIBUTING.md", *(REPOSITORY / "docs").rglob("*.md")]
    return sorted(str(path.relative_to(REPOSITORY)) for path in found)


def text_of(page: str) -> str:
    return (REPOSITORY / page).read_text(encoding="utf-8")


def blocks(page: str) -> list[Block]:
    """The blocks of a page in their order."""
    text = text_of(page)
    found: list[Block] = []
    end = 0
    for match in _BLOCK.finditer(text):
        between = text[end : match.start()].strip()
        paragraph = between.rpartition("\n\n")[2].replace("\n", " ").strip()
        indent = match["indent"]
        body = "".join(line.removeprefix(indent) for line in match["text"].splitlines(keepends=True))
        line = text.count("\n", 0, match.start()) + 1
        found.append(Block(page, line, match["language"], body, paragraph, bool(found) and not between))
        end = match.end()
    return found
