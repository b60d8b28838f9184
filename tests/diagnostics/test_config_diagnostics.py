"""Each file here holds, in its header comment, the whole report that reading it gives.

`*.conf` is read as an ossec.conf, `*.home.conf` as the etc/ossec.conf of a home that has nothing else (its ruleset is
looked for as well), `*.options` as an internal_options.conf.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from alertmill.codes import catalogue
from alertmill.config.internal_options import read_internal_options
from alertmill.config.ossec_conf import read_config
from alertmill.errors import Problems
from alertmill.installation import Installation

HERE = Path(__file__).parent
FILES = sorted([*HERE.glob("*.conf"), *HERE.glob("*.options")])


def expected(path: Path) -> str:
    text = path.read_bytes().decode("utf-8", "replace")
    if path.suffix == ".options":
        return "\n".join(line[2:] for line in text.splitlines() if line.startswith("#"))
    return text.partition("<!--\n")[2].partition("\n-->\n")[0]


def drawn(path: Path) -> str:
    problems, text = Problems(), path.read_bytes().decode("latin-1")
    if path.suffix == ".options":
        read_internal_options([(path.name, text)], problems)
    elif path.name.endswith(".home.conf"):
        with tempfile.TemporaryDirectory() as home:
            (Path(home) / "etc").mkdir()
            (Path(home) / "etc" / "ossec.conf").write_bytes(path.read_bytes())
            installation = Installation(home)
            installation.ruleset_texts(installation.load_config(problems), problems)
    else:
        read_config(text, path.name, problems)
    return problems.draw()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_report_is_the_one_in_the_header(path):
    assert drawn(path) == expected(path)


def test_every_code_of_the_configuration_has_an_example():
    wanted = {code for code in catalogue() if code.startswith("C")}
    shown = {code for code in wanted for path in FILES if path.name.startswith(code) and f"[{code}]" in expected(path)}
    assert shown == wanted
