"""ASCII lower case of byte text, remembering the last text.

`str.lower()` alone would turn the byte 0xC3 into 0xE3, because in a `str` that is the letter A with tilde. One log is
tested by many patterns in a row, so the last answer is kept: a lower-case copy of a long text is worth more than the
few nanoseconds of the comparison.
"""

from __future__ import annotations


def lower(text: str) -> str:
    """`text` with A to Z in lower case and every other character unchanged."""
    return text.lower() if text.isascii() else text.encode("latin-1").lower().decode("latin-1")


class _Last:
    """One slot: a pair replaced as a whole, so that threads see either the old or the new one."""

    pair: tuple[str, str] = ("", "")


def lowered(text: str) -> str:
    """`lower(text)`, answered from memory when this very object was asked for last."""
    known, answer = _Last.pair
    if known is text:
        return answer
    answer = lower(text)
    _Last.pair = (text, answer)
    return answer
