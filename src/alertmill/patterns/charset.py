"""Sets of characters as source of Python's `re`; texts are byte text, so a set holds at most 256 of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

#: All characters of byte text.
ALL_CHARS = frozenset(map(chr, range(256)))


@lru_cache(maxsize=512)
def charset(chars: frozenset[str]) -> str:
    """Source that matches exactly one character of the set, which may be empty."""
    if not chars:
        return "(?!)"
    if len(chars) == 1:
        return re.escape(next(iter(chars)))
    if len(chars) > 128:
        missing = ALL_CHARS - chars
        return f"[^{_ranges(missing)}]" if missing else r"[\x00-\xff]"
    return f"[{_ranges(chars)}]"


def _ranges(chars: Iterable[str]) -> str:
    codes = sorted(map(ord, chars))
    pieces = []
    first = last = codes[0]
    for code in [*codes[1:], 1 << 20]:
        if code == last + 1:
            last = code
            continue
        pieces.append(rf"\x{first:02x}" if first == last else rf"\x{first:02x}-\x{last:02x}")
        first = last = code
    return "".join(pieces)
