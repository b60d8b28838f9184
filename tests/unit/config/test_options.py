"""Reading options by a table: what every section does alike."""

from __future__ import annotations

import pytest

from alertmill.config.options import printable, shown
from alertmill.config.ossec_conf import read_config
from alertmill.errors import Problems


def read(text: str):
    problems = Problems()
    return read_config(text, "f", problems), problems


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("a", "'a'"),
        ("a\nb\x00\udce9", "'a b  '"),
        ("x" * 60, "'" + "x" * 60 + "'"),
        ("x" * 61, "'" + "x" * 57 + "...'"),
    ],
)
def test_values_are_shown_in_one_line(text, quoted):
    assert shown(text) == quoted
    assert printable(text) == quoted[1:-1]


def test_utf8_is_read_as_it_is_written():
    text = '<ossec_config><labels><label key="k">größe</label></labels></ossec_config>'
    config, problems = read(text.encode().decode("latin-1"))
    assert not problems
    assert config.labels[0].value == "größe"


def test_what_is_not_utf8_is_read_as_latin1_with_a_warning():
    config, problems = read('<ossec_config><labels><label key="k">gr\xf6\xdfe</label></labels></ossec_config>')
    assert config.labels[0].value == "größe"
    assert [(p.code.id, p.severity.value) for p in problems] == [("C016", "warning")]
    problems.draw().encode()


def test_blanks_around_a_value_are_explained():
    _, problems = read("<ossec_config><alerts><log_alert_level> 3 </log_alert_level></alerts></ossec_config>")
    assert ["blanks" in p.hint for p in problems.errors] == [True]


def test_a_small_section_lists_its_options():
    _, problems = read("<ossec_config><logging><zzz>1</zzz></logging></ossec_config>")
    assert [p.hint for p in problems.errors] == ["options of <logging>: log_format"]
