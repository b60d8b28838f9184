"""internal_options.conf: defaults, ranges, overriding."""

from __future__ import annotations

import pytest

from alertmill.config.defaults import ANALYSISD, MONITORD
from alertmill.config.internal_options import read_internal_options
from alertmill.config.models import Analysisd, InternalOptions, Monitord
from alertmill.errors import Problems

FILE = "etc/internal_options.conf"


def read(*texts: str):
    problems = Problems()
    names = [FILE, "etc/local_internal_options.conf"]
    return read_internal_options(zip(names, texts, strict=False), problems), problems


def test_without_files_the_defaults_hold():
    options, problems = read()
    assert not problems
    assert options == InternalOptions()
    assert (options.analysisd.decoder_order_size, options.monitord.day_wait) == (256, 10)


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("analysisd.fts_list_size=64", 64),
        ("analysisd.fts_list_size = 64", 64),
        ("analysisd.fts_list_size=64\r", 64),
        ("analysisd.fts_list_size=12", 12),
        ("analysisd.fts_list_size=512", 512),
        ("# analysisd.fts_list_size=64", 32),
        (" analysisd.fts_list_size=64", 32),
        ("analysisd.fts_list_size=64\nanalysisd.fts_list_size=99", 64),
    ],
)
def test_line(line, value):
    options, problems = read(f"# comment\n\n{line}\nremoted.x=1\nsyscheck.debug=7\n")
    assert not problems
    assert options.analysisd.fts_list_size == value


@pytest.mark.parametrize("value", ["11", "513", "x", "-1", "", "3 2", "9" * 5000])
def test_a_bad_value_is_a_warning_and_the_default_holds(value):
    options, problems = read(f"a.b=1\nanalysisd.fts_list_size={value}\n")
    assert options.analysisd.fts_list_size == 32
    (problem,) = problems
    assert (problem.severity.value, problem.origin.line, problem.hint) == ("warning", 2, "the default, 32, is used")
    assert problem.wazuh.startswith("(2302): Invalid definition for analysisd.fts_list_size: '")


def test_the_local_file_overrides_key_by_key():
    options, problems = read(
        "analysisd.log_fw=0\nmonitord.compress=0\n", "analysisd.log_fw=1\nanalysisd.fts_list_size=20\n"
    )
    assert not problems
    assert (options.analysisd.log_fw, options.analysisd.fts_list_size, options.monitord.compress) == (1, 20, 0)
    assert str(options.origins["analysisd.log_fw"]) == "etc/local_internal_options.conf:1"


def test_a_bad_local_value_leaves_the_one_before():
    options, problems = read("analysisd.fts_list_size=20\n", "analysisd.fts_list_size=1\n")
    assert options.analysisd.fts_list_size == 20
    assert len(problems) == 1


def test_a_misspelt_option_is_named():
    _, problems = read("analysisd.fts_list_sise=20\n")
    assert [p.hint for p in problems] == ["did you mean analysisd.fts_list_size?"]


def test_what_has_no_effect_is_named_only_when_it_was_changed():
    _, problems = read("analysisd.event_threads=0\nanalysisd.alerts_queue_size=16384\nanalysisd.sca_threads=2\n")
    assert [p.origin.line for p in problems] == [3]


@pytest.mark.parametrize(("model", "table"), [(Analysisd, ANALYSISD), (Monitord, MONITORD)])
def test_every_field_has_a_range_and_every_default_lies_in_it(model, table):
    own = set(model.model_fields) - {"origin", "origins"}
    assert own <= set(table)
    assert all(option.least <= option.default <= option.greatest for option in table.values())
    assert list(table) == sorted(table)
