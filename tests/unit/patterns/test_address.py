"""Address lists: what entries mean and which are refused (spec/rules.md 4.3)."""

from __future__ import annotations

import pytest

from alertmill.errors import PatternError
from alertmill.patterns import compile_addresses


@pytest.mark.parametrize(
    ("entries", "inside", "outside"),
    [
        (["10.1.2.3"], ["10.1.2.3"], ["10.1.2.4", "10.1.2", "", "x", "10.1.2.3 ", "10.1.2.3:80", "::ffff:a01:203"]),
        (["10.1.2.3/8"], ["10.0.0.0", "10.255.255.255"], ["11.0.0.0", "9.255.255.255"]),
        (["192.0.2.0/255.255.255.0"], ["192.0.2.7"], ["192.0.3.7"]),
        (["192.0.2.0/255.0.255.0"], ["192.7.2.7"], ["192.0.3.7"]),
        (["0.0.0.0/0"], ["1.2.3.4"], ["::1"]),
        (["10.0.0.0/32"], ["10.0.0.0"], ["10.0.0.1"]),
        (["2001:db8::/32"], ["2001:db8::1", "2001:DB8:ffff::"], ["2001:db9::", "32.1.13.184"]),
        (["::1"], ["::1", "0:0:0:0:0:0:0:1"], ["::2", "1"]),
        (["any"], ["1.2.3.4", "::1"], ["", "any", "localhost", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "fe80::1%eth0"]),
        (["!10.0.0.0/8"], ["10.1.1.1"], ["11.1.1.1"]),
        ([" 10.0.0.1 "], ["10.0.0.1"], []),
        (["10.0.0.1", "172.16.0.0/12", "10.0.0.9", "::/0"], ["10.0.0.9", "172.31.0.1", "fe80::1"], ["10.0.0.2"]),
        ([], [], ["1.2.3.4"]),
        (["1.2.3.4"], [], ["1" * 100_000, "1.2.3.4\n", "\u0661.2.3.4"]),
    ],
)
def test_what_a_list_contains(entries: list[str], inside: list[str], outside: list[str]) -> None:
    addresses = compile_addresses(entries)
    assert [text for text in inside if not addresses.contains(text)] == []
    assert [text for text in outside if addresses.contains(text)] == []


@pytest.mark.parametrize(
    ("entry", "position", "message", "hint"),
    [
        ("10.0.0", 0, "'10.0.0' is not an IP address", "address/prefix"),
        ("", 0, "'' is not an IP address", "any"),
        ("  all", 2, "'all' is not", "any"),
        ("anny", 0, "'anny' is not", "did you mean any?"),
        ("ANY", 0, "'ANY' is not", "did you mean any?"),
        ("10.0.0.0/33", 9, "/33 is not a network size", "0 to 32 bits or a netmask"),
        ("10.0.0.0/", 9, "/ is not a network size", "0 to 32"),
        ("10.0.0.0/x", 9, "/x is not", "netmask"),
        ("10.0.0.0/::1", 9, "/::1 is not", "netmask"),
        ("2001:db8::/129", 11, "/129 is not", "0 to 128 bits"),
        ("2001:db8::/255.0.0.0", 11, "/255.0.0.0 is not", "0 to 128 bits"),
        ("!!10.0.0.1", 1, "is not an IP address", "address"),
    ],
)
def test_a_bad_entry_is_refused_at_the_place(entry: str, position: int, message: str, hint: str) -> None:
    with pytest.raises(PatternError) as caught:
        compile_addresses(["10.0.0.1", entry])
    assert message in caught.value.message
    assert caught.value.position == position
    assert hint in caught.value.hint
