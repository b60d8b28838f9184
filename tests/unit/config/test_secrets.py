"""Keys and passwords stay out of messages."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alertmill.config.ossec_conf import read_config
from alertmill.config.secrets import SECRETS, mask
from alertmill.errors import Problems
from support import LONG

KEY = "wJalrXUtnFEMI/K7MDENG"


@pytest.mark.parametrize("name", sorted(SECRETS))
def test_the_mask_keeps_length_and_lines(name):
    text = f"<a><{name}>\n  {KEY}\n</{name}><b>shown</b></a>"
    masked = mask(text)
    assert KEY not in masked
    assert [len(line) for line in masked.split("\n")] == [len(line) for line in text.split("\n")]
    assert masked.endswith(f"</{name}><b>shown</b></a>")


@pytest.mark.parametrize(
    "element",
    [
        f"<secret_key>{KEY}</secret_key>",
        f"<secret_key>\n{KEY}\n</secret_key>",
        f"<secret_key>a<!-- c -->{KEY}</secret_key>",
        f"<secret_key>\\<{KEY}</secret_key>",
        f'<var name="VAR">{KEY}</var><secret_key>$VAR</secret_key>',
        f"<!-- <secret_key>{KEY}</secret_key> -->",
        # not well-formed
        f"<secret_key>{KEY}</secret_kye>",
        f"<secret_key>{KEY}",
        f"<secret_key {KEY}</secret_key>",
        f"<secret_key a={KEY}>x</secret_key>",
        f"<secret_key>{KEY}<b>",
        f"<secret_key>{KEY}<!-- </secret_key>",
        f'<var name="V">x</var><secret_key>${KEY}</secret_key>',
    ],
)
@pytest.mark.parametrize("beside", ["<bad>1</bad>", "<name>BAD</name>", "</wodle>"])
def test_no_message_shows_a_key(element, beside):
    text = (
        '<ossec_config><wodle name="aws-s3"><bucket type="custom">'
        f"{beside}{element}{beside}</bucket></wodle></ossec_config>"
    )
    problems = Problems()
    read_config(text, "etc/ossec.conf", problems)
    assert problems
    for shown in (problems.draw(), str([p.as_dict() for p in problems]), "".join(p.one_line() for p in problems)):
        assert KEY not in shown


def test_an_error_elsewhere_keeps_its_picture():
    text = f"<ossec_config>\n<global>\n<secret_key>{KEY}</secret_key></globl>\n</ossec_config>"
    problems = Problems()
    read_config(text, "f", problems)
    (problem,) = problems
    assert problem.origin.text == f"<secret_key>{'*' * len(KEY)}</secret_key></globl>"
    assert "</global> was expected here" in problem.hint


def test_an_error_within_a_key_names_only_the_line():
    text = f"<ossec_config>\n<global>\n<secret_key>{KEY}<!-- </secret_key></global></ossec_config>"
    problems = Problems()
    read_config(text, "f", problems)
    assert [(p.origin.line, p.origin.text) for p in problems.errors] == [(3, "")]


_PIECES = st.lists(
    st.sampled_from(
        [
            *("<", ">", "</", "/>", "<!--", "-->", "\\", "'", '"', "\n", " ", "$K", "é", "ossec_config"),
            *("<wodle name='aws-s3'>", "</wodle>", "<bucket type='custom'>", "</bucket>", "<var name='K'>"),
            *("<secret_key>", "</secret_key>"),
        ]
    ),
    max_size=12,
).map(lambda pieces: "".join(pieces).encode().decode("latin-1"))


@settings(max_examples=5000 if LONG else 300, deadline=None)
@given(_PIECES, _PIECES, st.booleans())
def test_no_text_around_a_key_makes_a_message_show_it(before, behind, rooted):
    text = f"{before}<secret_key>{KEY}</secret_key>{behind}"
    if rooted:
        text = f'<ossec_config><wodle name="aws-s3"><bucket type="custom">{text}</bucket></wodle></ossec_config>'
    problems = Problems()
    read_config(text, "f", problems)
    assert KEY not in problems.draw()
    assert KEY not in "".join(problem.one_line() for problem in problems)
