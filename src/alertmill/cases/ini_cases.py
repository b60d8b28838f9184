"""Cases in Wazuh's `.ini` format, read as its own runner reads them (spec/logtest.md 4).

    [a login]
    log 1 pass = Jan 15 10:00:00 web sshd[71]: Accepted password for amelia
    rule = 5715
    alert = 3
    decoder = sshd

Every `log` is a case of its own, in a logtest session of its own. A key that stands twice, and lines that are indented,
make several events of one case, of which the last one decides.
"""

from __future__ import annotations

import configparser
from collections.abc import Iterator
from typing import Any

from alertmill import codes
from alertmill.cases.model import Case, Step, StockVerdict
from alertmill.errors import Origin, Problems, did_you_mean
from alertmill.event import to_byte_text

#: Characters of a file.
MAX_LENGTH = 4 * 1024 * 1024

_WANTED = ("rule", "alert", "decoder")
#: Where wazuh-logtest says that its events come from.
_LOCATION = "stdin"


def read_ini_cases(path: str, text: str, problems: Problems) -> list[Case]:
    """The cases of a file's text, as many as can be read."""
    if len(text) > MAX_LENGTH:
        message = f"the file has more than {MAX_LENGTH // 1024 // 1024} MiB"
        problems.error(codes.T_TOO_LARGE, message, Origin(path), hint="split it into several files")
        return []
    lines = _Lines(path, text)
    new_section: Any = lines.new_section  # any callable that gives a mapping will do
    parser = configparser.RawConfigParser(dict_type=new_section, strict=False)
    try:
        parser.read_file(lines, path)
    except configparser.MissingSectionHeaderError as error:
        problems.error(
            codes.T_SYNTAX, "a case needs a section above it", lines.origin(error.lineno), hint="write [name]"
        )
        return []
    except configparser.ParsingError as error:
        for number, _ in error.errors:
            hint = "write name = value; a line that goes on is indented"
            problems.error(
                codes.T_SYNTAX, "this line is neither a section nor a value", lines.origin(number), hint=hint
            )
        return []
    found = [case for name in parser.sections() for case in _section(parser, name, lines, problems)]
    if not found and not problems.errors:
        hint = "a case is a section with 'log 1 pass = ...', rule, alert and decoder"
        problems.error(codes.T_VALUE, "the file holds no case", Origin(path), hint=hint)
    return found


def _section(parser: configparser.RawConfigParser, name: str, lines: _Lines, problems: Problems) -> Iterator[Case]:
    values = dict(parser.items(name))
    missing = [key for key in _WANTED if key not in values]
    logs = [key for key in values if key.startswith("log ")]
    for key in missing if logs else ():
        hint = did_you_mean(key, values) or f"write {key} = ..."
        problems.error(codes.T_KEY, f"the case [{name}] has no {key}", lines.place(name, ""), hint=hint)
    for key in values:
        if key not in _WANTED and key not in logs:
            hint = did_you_mean(key, _WANTED) or "write 'log 1 pass' or 'log 1 fail', or one of rule, alert, decoder"
            what = f"the case [{name}] has '{key}', which is not looked at"
            problems.warn(codes.T_KEY, what, lines.place(name, key), hint=hint)
    if missing:
        return
    for key in logs:
        origin = lines.place(name, key)
        verdict = StockVerdict(origin, values["rule"], values["alert"], values["decoder"], not key.endswith("fail"))
        yield Case(f"[{name}] {key}", origin, tuple(_steps(values[key], verdict)), session=True)


def _steps(text: str, verdict: StockVerdict) -> list[Step]:
    messages = [line for line in text.split("\n") if line] or [""]
    last = len(messages) - 1
    return [
        Step(0.0, to_byte_text(message), _LOCATION, expect=verdict if number == last else None)
        for number, message in enumerate(messages)
    ]


class _Section(dict[str, Any]):
    """A section while it is parsed: a key that stands again adds lines to the first one's value."""

    def __init__(self, lines: _Lines) -> None:
        super().__init__()
        self._lines = lines
        #: Number of the line that begins the section, and of each key's first line.
        self.begins = lines.number
        self.keys_begin: dict[str, int] = {}

    def __setitem__(self, key: str, value: Any) -> None:
        if isinstance(value, list) and key in self:
            self[key].extend(value)
            return
        self.keys_begin.setdefault(key, self._lines.number)
        super().__setitem__(key, value)


class _Lines:
    """The lines of a file, which knows where the parser is, and so where everything stands."""

    def __init__(self, path: str, text: str) -> None:
        self._path = path
        self._lines = text.splitlines()
        self._sections: dict[str, _Section] = {}
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            self.number += 1
            yield line + "\n"

    def new_section(self) -> _Section:
        section = _Section(self)
        header = configparser.RawConfigParser.SECTCRE.match(self._lines[self.number - 1]) if self.number else None
        if header is not None:
            self._sections.setdefault(header.group("header"), section)
        return section

    def origin(self, number: int) -> Origin:
        text = self._lines[number - 1] if 0 < number <= len(self._lines) else ""
        return Origin(self._path, number, text, 0, len(text))

    def place(self, name: str, key: str) -> Origin:
        """The place of a key of a section, or of the section."""
        section = self._sections.get(name)
        if section is None:
            return Origin(self._path)
        return self.origin(section.keys_begin.get(key, section.begins))
