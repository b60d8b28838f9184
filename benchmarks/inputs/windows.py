"""Windows events as agents send them: JSON around the XML of the event channel, in the queue of such events.

The mix is an estimate of what a hundred workstations and servers send: mostly logons and logoffs, processes started and
ended, and Sysmon, some failed logons and PowerShell, few changes of accounts and services.
`data/windows.txt` holds the kinds: weight, provider, event id, keywords, level, text, members.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from alertmill.samples.objects import Dice
from benchmarks.inputs.hosts import DATA

_SCHEMA = "http://schemas.microsoft.com/win/2004/08/events/event"
_BEGIN = datetime(2026, 1, 15, tzinfo=UTC)
_USERS = ("amelia.hart", "jonas.weber", "priya.nair", "tomas.silva", "lin.yao", "SYSTEM", "LOCAL SERVICE", "svc-backup")
_FOLDERS = (r"C:\Windows\System32", r"C:\Program Files\Example", r"C:\Users\Public", r"C:\Windows\SysWOW64")
_PROGRAMS = (
    "svchost.exe",
    "cmd.exe",
    "powershell.exe",
    "msedge.exe",
    "backup.exe",
    "wmiprvse.exe",
    "rundll32.exe",
    "git.exe",
)
#: Name, GUID and channel.
_PROVIDERS = {
    "security": ("Microsoft-Windows-Security-Auditing", "54849625-5478-4994-A5BA-3E3B0328C30D", "Security"),
    "sysmon": (
        "Microsoft-Windows-Sysmon",
        "5770385F-C22A-43E0-BF4C-06F5698FFBD9",
        "Microsoft-Windows-Sysmon/Operational",
    ),
    "powershell": (
        "Microsoft-Windows-PowerShell",
        "A0C1853B-5C40-4B15-8766-3CF1C58F985A",
        "Microsoft-Windows-PowerShell/Operational",
    ),
    "services": ("Service Control Manager", "555908D1-A6D7-4695-8E1E-26931D2012F4", "System"),
}


@dataclass(frozen=True, slots=True)
class _Kind:
    """One kind of event: where it comes from, how it is marked, its members and its text for people."""

    provider: tuple[str, str, str]
    identity: str
    keywords: str
    level: str
    text: str
    members: tuple[str, ...]


def _pool() -> list[_Kind]:
    """Each kind as often as it weighs."""
    pool = []
    for row in (DATA / "windows.txt").read_text().splitlines():
        head, text, members = row.split(" | ")
        weight, provider, identity, keywords, level = head.split()
        kind = _Kind(_PROVIDERS[provider], identity, keywords, level, text, tuple(members.split()))
        pool += [kind] * int(weight)
    return pool


def events() -> Iterator[str]:
    """Endless messages of the Windows mix."""
    dice, pool = Dice("windows"), _pool()
    number = 0
    while True:
        number += 1
        host = number % 100 + 1
        text = _message(dice, dice.pick(pool), number, f"ws-{host:03}.example.com")
        yield f"f:[{host:03}] (ws-{host:03}) 10.0.1.{host}->EventChannel:{text}"


def _message(dice: Dice, kind: _Kind, number: int, host: str) -> str:
    values = {name: _value(name, dice) for name in kind.members}
    data = "".join(f"<Data Name='{name}'>{value}</Data>" for name, value in values.items())
    system = _system(dice, kind, number, host)
    xml = f"<Event xmlns='{_SCHEMA}'><System>{system}</System><EventData>{data}</EventData></Event>"
    lines = "\r\n".join([kind.text, "", *(f"\t{name}:\t\t{value}" for name, value in values.items())])
    return json.dumps({"Message": lines, "Event": xml})


def _system(dice: Dice, kind: _Kind, number: int, host: str) -> str:
    provider, guid, channel = kind.provider
    moment = _BEGIN + timedelta(milliseconds=5 * number)
    return (
        f"<Provider Name='{provider}' Guid='{{{guid}}}'/><EventID>{kind.identity}</EventID><Version>2</Version>"
        f"<Level>{kind.level}</Level><Task>12544</Task><Opcode>0</Opcode><Keywords>{kind.keywords}</Keywords>"
        f"<TimeCreated SystemTime='{moment:%Y-%m-%dT%H:%M:%S.%f}0Z'/><EventRecordID>{100000 + number}</EventRecordID>"
        f"<Correlation/><Execution ProcessID='{dice.number(500, 900)}' ThreadID='{dice.number(900, 9000)}'/>"
        f"<Channel>{channel}</Channel><Computer>{host}</Computer><Security/>"
    )


def _value(name: str, dice: Dice) -> str:
    program = f"{dice.pick(_FOLDERS)}\\{dice.pick(_PROGRAMS)}"
    match name:
        case _ if name.endswith("CommandLine"):
            return f"{program} --run {dice.word(10)} --number {dice.number(1, 999)}"
        case _ if name.endswith(("Image", "ProcessName", "Application", "ImagePath", "Filename", "Path")):
            return program
        case _ if name.endswith("Sid"):
            return f"S-1-5-21-1004336348-1177238915-682003330-{dice.number(500, 540)}"
        case _ if name.endswith(("Guid", "BlockId")):
            return f"{{{dice.uuid()}}}"
        case _ if name.endswith(("Address", "Ip")):
            return f"10.0.1.{dice.number(1, 100)}"
        case _ if name.endswith(("Port", "Pid", "ProcessId", "ProcessID", "SessionId")):
            return str(dice.number(1, 65535))
        case _ if name.endswith(("LogonId", "Status", "Options")):
            return f"0x{dice.hex(6)}"
        case _ if name.endswith(("UserName", "User", "AccountName", "MemberName")):
            return dice.pick(_USERS)
        case "LogonType":
            return dice.pick(("2", "3", "3", "5", "10"))
        case "ScriptBlockText":
            return f"Get-ChildItem -Path {program} | Where-Object Length -gt {dice.number(1, 9999)} # {dice.word(40)}"
        case "Hashes":
            return f"MD5={dice.hex(32).upper()},SHA256={dice.hex(64).upper()}"
        case _:
            return dice.pick(("-", "EXAMPLE", "NtLmSsp", "%%1842", dice.word(8)))
