"""Lines that people type: log lines, envelopes, and line ends."""

from __future__ import annotations

import io

from alertmill.sources.typed import byte_text, lines_of, record_of


def test_a_line_is_a_log_line_at_the_usual_place() -> None:
    record = record_of("caf\u00e9".encode(), "stdin", 5.0, "f")
    assert (record.message, record.location, record.time, record.queue) == ("caf\xc3\xa9", "stdin", 5.0, "f")


def test_an_envelope_says_more() -> None:
    line = b'{"message":"x","location":"/var/log/y","time":7,"queue":"4"}'
    record = record_of(line, "stdin", 5.0)
    assert (record.message, record.location, record.time, record.queue) == ("x", "/var/log/y", 7.0, "4")
    assert record_of(b'{"message":"x","queue":""}', "stdin", 5.0, "f").queue == "1"


def test_what_an_envelope_does_not_have_makes_it_a_log_line() -> None:
    for line in (b'{"message":"x","more":1}', b'{"message":7}', b'{"message":"x","time":-1}', b'{"message":'):
        assert record_of(line, "stdin", 5.0).message == line.decode()


def test_lone_halves_of_pairs_become_bytes() -> None:
    assert byte_text("\ud800") == "\xed\xa0\x80"


def test_lines_lose_their_ends_and_empty_ones_are_left_out() -> None:
    assert list(lines_of(io.BytesIO(b"a\r\n\n b\n\r\nc"))) == [b"a", b" b", b"c"]
