"""The decoder tree as decoding walks it: frozen, with everything settled that files alone can settle.

A child's chain, who wins when it is chosen, and which options then count are worked out once in `tree.py`; see
spec/decoders.md 4 for the walk that this form shortens.
"""

from __future__ import annotations

from dataclasses import dataclass

from alertmill.decoders.fields import Target
from alertmill.decoders.plugins import Plugin, PluginSettings
from alertmill.errors import Origin
from alertmill.event import DecoderInfo
from alertmill.patterns import Matcher


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern ready to search, where it starts ("" for the whole log, or a word of OFFSETS), and its dialect."""

    matcher: Matcher
    dialect: str
    offset: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One member of a chain: a regex with the targets of its captures, or a plugin with its offset and settings."""

    regex: Pattern | None
    order: tuple[Target, ...]
    plugin: Plugin | None
    plugin_offset: str
    settings: PluginSettings


@dataclass(frozen=True, slots=True)
class Branch:
    """A choice below a root: `info` wins if `prematch` (None: always) matches; then the steps run.

    `name` and `origin` are those that the decoder has in its file, for explanations; events may show another name.
    """

    info: DecoderInfo
    prematch: Pattern | None
    steps: tuple[Step, ...]
    name: str = ""
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class Root:
    """A decoder without parent and what hangs below it; the first branch that matches is taken.

    A root without children has one branch, itself. `info` wins if no branch matches. `origin` is its place in its file.
    """

    info: DecoderInfo
    program_name: Pattern | None
    prematch: Pattern | None
    branches: tuple[Branch, ...]
    origin: Origin | None = None
