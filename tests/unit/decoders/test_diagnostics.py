"""Each file of `diagnostics` holds, in its header comment, the whole report that loading it as a decoder file gives."""

from __future__ import annotations

from pathlib import Path

import pytest

from alertmill.codes import catalogue
from alertmill.decoders import load_decoders
from alertmill.errors import Problems
from unit.decoders import helpers

FILES = sorted((Path(__file__).parent / "diagnostics").glob("*.xml"))
#: Given beside each file, so that both kinds of decoders exist.
FILLER = ("filler.xml", helpers.FILLER)
#: Codes that a cause brings along.
EXTRA = {"D013-too-long": {"D014"}}


def report(path: Path) -> str:
    problems = Problems()
    filler = [] if path.name.startswith("D021") else [FILLER]
    load_decoders([(path.name, path.read_bytes().decode("latin-1")), *filler], problems)
    assert {problem.code.id for problem in problems} == {path.name[:4]} | EXTRA.get(path.stem, set())
    assert all(problem.origin is not None for problem in problems) or path.name.startswith("D021")
    return problems.draw()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_report(path: Path) -> None:
    text = path.read_text("utf-8")
    assert report(path) == text.partition("<!--\n")[2].partition("\n-->\n")[0]


def test_every_code_has_an_example() -> None:
    codes = {code for code in catalogue() if code.startswith("D")}
    assert codes == {path.name[:4] for path in FILES if path.name.startswith("D")}
