"""internal_options.conf and local_internal_options.conf: text -> `InternalOptions` (spec/control.md 9).

A bad or missing option costs a warning at most, and its default is used; the reference refuses to start. Options of
daemons that Alertmill does not replace are not looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

from alertmill import codes
from alertmill.config.defaults import ANALYSISD, MONITORD, InternalOption
from alertmill.config.models import Analysisd, InternalOptions, Monitord
from alertmill.config.options import printable, shown
from alertmill.errors import Origin, Problems
from alertmill.event import from_byte_text

_KNOWN = {
    **{f"analysisd.{name}": option for name, option in ANALYSISD.items()},
    **{f"monitord.{name}": option for name, option in MONITORD.items()},
}
_ACTED_ON = {f"analysisd.{n}" for n in Analysisd.model_fields} | {f"monitord.{n}" for n in Monitord.model_fields}
_LINE = re.compile(r"([^=\s]+) *= *([^\r\n]*?)[ \t]*")
#: How alike an unknown name must be to a known one for a warning. Wazuh's own file has names nobody needs to hear of.
_ALIKE = 0.85


def read_internal_options(files: Iterable[tuple[str, str]], problems: Problems) -> InternalOptions:
    """The options of `(path, text)` pairs, later files overriding earlier ones; in one file the first line counts."""
    found: dict[str, int] = {}
    origins: dict[str, Origin] = {}
    for path, text in files:
        for name, (value, origin) in _read_file(path, text, problems).items():
            found[name], origins[name] = value, origin
    sections: dict[str, dict[str, int]] = {"analysisd": {}, "monitord": {}}
    for name, value in found.items():
        if name in _ACTED_ON:
            section, _, option = name.partition(".")
            sections[section][option] = value
        elif value != _KNOWN[name].default:
            message = f"{name}={value} has no effect: Alertmill has no such threads and queues"
            problems.warn(codes.C_OPTION_IDLE, message, origins[name])
    return InternalOptions(
        analysisd=Analysisd(**sections["analysisd"]), monitord=Monitord(**sections["monitord"]), origins=origins
    )


def _read_file(path: str, text: str, problems: Problems) -> dict[str, tuple[int, Origin]]:
    found: dict[str, tuple[int, Origin]] = {}
    for number, line in enumerate(text.split("\n"), 1):
        match = None if line[:1] in ("", "#", " ", "\r") else _LINE.fullmatch(line.rstrip("\r"))
        if match is None or match[1] in found:
            continue
        shown_line = from_byte_text(line.rstrip("\r"))
        option = _KNOWN.get(match[1])
        if option is None:
            _unknown(match[1], Origin(path, number, shown_line, 0, len(match[1])), problems)
            continue
        origin = Origin(path, number, shown_line, match.start(2), len(shown_line))
        value = _value(match[1], match[2], option, origin, problems)
        if value is not None:
            found[match[1]] = value, origin
    return found


def _value(name: str, text: str, option: InternalOption, origin: Origin, problems: Problems) -> int | None:
    if re.fullmatch(r"[0-9]{1,18}", text) and option.least <= int(text) <= option.greatest:
        return int(text)
    text = from_byte_text(text)
    message = f"{name} is {shown(text)}, expected {option.least} to {option.greatest} ({option.unit})"
    wazuh = f"(2302): Invalid definition for {name}: '{printable(text)}'."
    hint = f"the default, {option.default}, is used"
    problems.warn(codes.C_INTERNAL, message, origin, hint=hint, wazuh=wazuh)
    return None


def _unknown(name: str, origin: Origin, problems: Problems) -> None:
    near = get_close_matches(name, _KNOWN, n=1, cutoff=_ALIKE)
    if near:
        message = f"there is no internal option {printable(from_byte_text(name))}"
        problems.warn(codes.C_INTERNAL, message, origin, hint=f"did you mean {near[0]}?")
