"""What every plugin decoder offers, and what it is told: the shapes that `PLUGINS` is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from alertmill.decoders.shapes import JsonStyle
from alertmill.event import Event


@dataclass(frozen=True, slots=True)
class StaticFieldRule:
    """`<json_static_field>`: `static` gets the value of dynamic field `name` (in lower case) if it has none.

    `when` restricts that to events whose field `when[0]` (in lower case) is exactly `when[1]`.
    """

    static: str
    name: str
    when: tuple[str, str] | None = None


#: Rules that share the field of their `when`: the field ("" for no condition), and (static, name) pairs by its text.
StaticFieldGroup = tuple[str, dict[str, tuple[tuple[str, str], ...]]]


@dataclass(frozen=True, slots=True)
class PluginSettings:
    """What decoder files say to a plugin: `style` for documents, `static_fields` to be set behind decoding."""

    style: JsonStyle = field(default_factory=JsonStyle)
    static_fields: tuple[StaticFieldGroup, ...] = ()


class PluginFunction(Protocol):
    def __call__(self, event: Event, text: str | None, settings: PluginSettings) -> None:
        """Decode an event: set its fields. Must not raise, whatever the text.

        `text` is what the decoder's offset leaves of the log, None for the whole log: then read `event.log`.
        """


@dataclass(frozen=True, slots=True)
class Plugin:
    """A plugin decoder. `honours_offset`: it starts where the decoder's offset says, else it always sees the whole log.

    `makes_static_fields`: `<json_static_field>` may stand beside it.
    """

    decode: PluginFunction
    honours_offset: bool = False
    makes_static_fields: bool = False
