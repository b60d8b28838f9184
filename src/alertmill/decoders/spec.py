"""What a `<decoder>` element says, as values that remember their places (spec/decoders.md 1).

Reading is done in `reading.py`, checking in `checks.py`, compiling and linking in `tree.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from alertmill.codes import Code
from alertmill.decoders.plugins import StaticFieldRule
from alertmill.errors import Origin, Problems
from alertmill.xmltext import Element

#: Most fields of an event and of an `<order>`, if nothing else is asked for.
ORDER_SIZE = 256

TYPES: Final = ("firewall", "ids", "web-log", "syslog", "squid", "windows", "host-information", "ossec")
OFFSETS: Final = ("after_parent", "after_prematch", "after_regex")


@dataclass(frozen=True, slots=True)
class PatternSpec:
    """A pattern as written. `offset` is a word of OFFSETS or empty; `pieces` are the elements that it is made of."""

    text: str
    dialect: str
    pieces: tuple[Element, ...]
    offset: str = ""
    offset_origin: Origin | None = None

    def origin(self, position: int = -1) -> Origin:
        """The place of the pattern, or of its character `position`."""
        if position < 0:
            return self.pieces[0].text_origin()
        for piece in self.pieces:
            if position < len(piece.text):
                return piece.text_origin(position)
            position -= len(piece.text)
        return self.pieces[-1].text_origin()


@dataclass(slots=True)
class DecoderSpec:
    """One `<decoder>` element. Options that are missing are None, empty or at their default."""

    name: str
    origin: Origin
    parent: str | None = None
    parent_origin: Origin | None = None
    program_name: PatternSpec | None = None
    prematch: PatternSpec | None = None
    regex: PatternSpec | None = None
    order: tuple[str, ...] | None = None
    order_origin: Origin | None = None
    #: Static parts of the first-seen key, None without any `<fts>`.
    fts: frozenset[str] | None = None
    #: Dynamic fields of the first-seen key, in lower case.
    fts_fields: tuple[str, ...] = ()
    fts_origin: Origin | None = None
    ftscomment: str = ""
    accumulate: bool = False
    use_own_name: bool = False
    type: str = "syslog"
    plugin: str = ""
    plugin_offset: str = ""
    plugin_origin: Origin | None = None
    discard_null: bool = False
    csv_arrays: bool = False
    static_fields: tuple[StaticFieldRule, ...] = ()


def complain(
    problems: Problems, spec: DecoderSpec, code: Code, message: str, origin: Origin | None, *, hint: str, wazuh: str
) -> None:
    """An error of one decoder; where Wazuh says 2107 as well, it names the decoder."""
    if wazuh.endswith("(2107)"):
        wazuh += f": Decoder configuration error: '{spec.name}'."
    problems.error(code, message, origin, hint=hint, wazuh=wazuh)
