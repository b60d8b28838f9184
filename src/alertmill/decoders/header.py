"""Recognises the syslog-like header of a message: timestamp, host name, program name, and the log behind them.

Source: spec/predecoding.md 2 and 3. Only the punctuation of a header is looked at, never its digits, and some cuts go
through the middle of a word; both are what detection rules were written against. Times are never interpreted.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_DIGITS = frozenset("0123456789")

#: Bytes that a host or program name may consist of.
_NAME_BYTES = r"A-Za-z0-9()\-./@_"
_NAME = re.compile(f"[{_NAME_BYTES}]*")
#: The usual `host program[pid]: `; whatever does not fit is taken apart step by step.
_HOST_PROGRAM = re.compile(f"([{_NAME_BYTES}]*) ([{_NAME_BYTES}]*)(?:: ?|\\[[0-9]+\\](?:: ?| ))")
#: All of the usual `Jan 15 10:00:00 host program[pid]: ` at once, with the same answer as step by step.
_USUAL = re.compile(f"(?s:(?!.\xc3\xa4)(.{{3}} .. ..:..:..) ) ?+{_HOST_PROGRAM.pattern}")
_PID = re.compile(r"\[[0-9]+(?:\]: ?|\] )")
_AIX = re.compile(f"\\|[a-z][A-Za-z0-9]*:[A-Za-z0-9]* ([{_NAME_BYTES}]*)")
_AIX_PID = re.compile(r"\[[0-9]+(\]: )?")


class Header(NamedTuple):
    """What precedes the log in a message. Parts that are missing are None; a program name may be empty."""

    timestamp: str | None
    hostname: str | None
    program_name: str | None
    log: str


def read_header(message: str) -> Header | None:
    """The header of a message (byte text), or None when it has none of a known shape."""
    usual = _USUAL.match(message)
    if usual is not None:
        timestamp, hostname, program_name = usual.groups()
        return Header(timestamp, hostname, program_name, _without_message_id(message[usual.end() :]))
    return read_header_by_steps(message)


def read_header_by_steps(message: str) -> Header | None:
    """`read_header` for any message, the usual ones as well."""
    text = "Ma" + message[3:] if message.startswith("\xc3\xa4", 1) else message
    cut = _syslog_cut(text, len(message))
    if cut:
        start = cut + 1 if message.startswith(" ", cut) else cut
        hostname, program_name, log = _host_and_program(message[start:])
        return Header(message[: cut - 1], hostname, program_name, log)
    return _other_header(text, message)


def _syslog_cut(c: str, length: int) -> int:
    """How many bytes a syslog timestamp takes, or 0. `length` is that of the message as it came."""
    if length > 16 and c[3] == " " and c[6] == " " and c[9] == ":" and c[12] == ":" and c[15] == " ":
        return 16
    if length > 23 and c[4] == "-" and c[7] == "-" and c[13] == ":" and c[16] == ":":
        return _iso_cut(c, length)
    if (
        length > 20
        and c[4] == " "
        and c[0] in _DIGITS
        and c[8] == " "
        and c[11] == " "
        and c[14] == ":"
        and c[17] == ":"
        and c[20] == " "
    ):
        return 21
    return 0


def _iso_cut(c: str, length: int) -> int:
    """`_syslog_cut` for dates that begin `YYYY-MM-DD` and have a time behind."""
    if c[10] == " ":
        if c[19] == ",":
            return 24
        if length > 32 and c[19] == "." and c[26] in "-+" and c[31] == " " and c[0] in _DIGITS:
            return 32
    elif c[10] == "T" and length > 32:
        if c[22] == ":" and c[25] == " ":
            return 26
        if c[19] == ".":
            # Other fractions of a second are cut like this too, in the middle of a word or not.
            return 30 if c[26] == ":" else 33 if c[29] == ":" else 32
    return 0


def _host_and_program(log: str) -> tuple[str | None, str | None, str]:
    """Host name, program name and the rest of what follows a syslog timestamp."""
    usual = _HOST_PROGRAM.match(log)
    if usual is not None:
        return usual.group(1), usual.group(2), _without_message_id(log[usual.end() :])
    end = _name_end(log, 0)
    if log.startswith(": ", end):
        return None, log[:end], _without_message_id(log[end + 2 :])
    if not log.startswith(" ", end):
        return None, None, log
    hostname, log = log[:end], log[end + 1 :]
    program_name, rest = _program(log)
    return hostname, program_name, log if program_name is None else _without_message_id(rest)


def _program(log: str) -> tuple[str | None, str]:
    """Program name and the log behind it; (None, log) when there is none."""
    end = _name_end(log, 0)
    if log.startswith(":", end):
        return log[:end], log[end + 2 :] if log.startswith(" ", end + 1) else log[end + 1 :]
    pid = _PID.match(log, end)
    if pid is not None:
        return log[:end], log[pid.end() :]
    aix = _AIX.match(log, end)
    return (None, log) if aix is None else _aix_program(log, aix.start(1), aix.end(1))


def _aix_program(log: str, start: int, end: int) -> tuple[str, str]:
    """`_program` behind AIX's `facility|priority:info `, where the name runs from `start` to `end`."""
    if log.startswith(": ", end):
        return log[start:end], log[end + 2 :]
    pid = _AIX_PID.match(log, end)
    if pid is not None:
        return log[start:end], log[pid.end() :] if pid.group(1) else log[:end]
    return log[start:], log[end:]


def _name_end(text: str, start: int) -> int:
    found = _NAME.match(text, start)
    assert found is not None
    return found.end()


def _without_message_id(log: str) -> str:
    """The log without Solaris' `[ID 12 auth.info] ` in front."""
    if not log.startswith("[ID "):
        return log
    end = log.find("]")
    return log if end < 0 else log[end + 2 :]


def _other_header(c: str, message: str) -> Header | None:
    """Headers that hold a timestamp alone: FTP transfer logs, Snort, Suricata, Apache, ASL, Squid."""
    length = len(message)
    if length > 27 and _has(c, " ", 3, 7, 10, 19, 24, 26) and _has(c, ":", 13, 16):
        return Header(message[:24], None, None, message[25:])
    if length > 23 and c[2] == "/":
        if c[5] == "-" and _has(c, ":", 8, 11) and c[14] == "." and c[21] == " ":
            return Header(message[:21], None, None, message[23:])
        if length > 27 and _has(c, "/", 5) and c[10] == "-" and _has(c, ":", 13, 16) and c[19] == "." and c[26] == " ":
            return Header(message[:26], None, None, message[28:])
    if length > 25 and c[0] == "[":
        if length > 26 and _has(c, " ", 4, 8, 11, 20) and _has(c, ":", 14, 17) and c[25] == "]":
            return Header(message[1:25], None, None, message[27:])
        if c[1] == "T" and _has(c, " ", 5, 16) and _has(c, ".", 10, 13) and c[19] == ":":
            return _apple_system_log(message)
    if length > 31 and c[0] == "1" and c[10] == "." and c[14] == " " and (c[21] == " " or c[22] == " "):
        return _squid(c, message)
    return None


def _has(text: str, char: str, *positions: int) -> bool:
    return all(text[position] == char for position in positions)


def _squid(c: str, message: str) -> Header | None:
    if not (_DIGITS.issuperset(c[1:4]) and c[13] in _DIGITS):
        return None
    start = 14
    while message.startswith(" ", start):
        start += 1
    return Header(message[: start - 1], None, None, message[start:])


def _apple_system_log(message: str) -> Header:
    """`[Time ...] [Facility ...] [Sender sshd] [PID 4] [Message error] [Host h]`."""
    program_name = hostname = None
    seen_message = False
    start = position = 25
    #: Brackets that ended a value; each ends the log as well.
    closed: list[int] = []
    while (position := message.find("[", position) + 1) > 0:
        if program_name is None and message.startswith("Sender ", position):
            end = message.find("]", position)
            if end < 0:
                break
            program_name = message[position + 7 : end]
        elif not seen_message and message.startswith("Message ", position):
            seen_message = True
            start, end = position + 8, message.find("]", position)
            if end < 0:
                break
        elif message.startswith("Host ", position):
            end = message.find("]", position)
            if end >= 0:
                hostname = message[position + 5 : end]
                closed.append(end)
            break
        else:
            continue
        closed.append(end)
        position = end
    stop = min((end for end in closed if end >= start), default=len(message))
    return Header(None, hostname, program_name, message[start:stop])
