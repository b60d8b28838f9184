"""Log lines of servers, firewalls and web servers as Wazuh's collectors send them, one queue message each.

No set of real lines was at hand, so the mixes are estimates of what a medium-sized site sends: most lines come from a
dozen daemons and mean nothing, half arrive through agents, a few per cent are failed logins and refused packets; of the
requests to web servers nine in ten succeed and one in fifty is an attack. The formats are those of the programs.

`data/syslog.txt` and `data/web.txt` hold the lines: weight, file, and the text behind the time, in which `{...}` stands
for what `_values` makes and `{t}` for the time as web servers write it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alertmill.samples.objects import Dice

DATA = Path(__file__).parent / "data"

_BEGIN = int(datetime(2026, 1, 15, tzinfo=UTC).timestamp())
_HOSTS = ("web-1", "web-2", "db-1", "mail-1", "fw-1", "build-3", "files", "ldap-1")
_USERS = ("amelia", "jonas", "priya", "tomas", "lin", "root", "backup", "deploy", "oracle", "git")
_PATHS = (
    "/",
    "/index.html",
    "/api/v2/orders",
    "/static/app.js",
    "/login",
    "/img/logo.png",
    "/search",
    "/cart",
    "/health",
)
_AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Safari/537.36",
    "curl/8.9.1",
    "Mozilla/5.0 (compatible; ExampleBot/2.1; +http://www.example.com/bot.html)",
    "kube-probe/1.30",
)


def _values(dice: Dice) -> dict[str, Any]:
    return {
        "host": dice.pick(_HOSTS),
        "user": dice.pick(_USERS),
        "ip": f"{dice.pick(('192.0.2', '198.51.100', '203.0.113'))}.{dice.number(1, 254)}",
        "port": dice.number(1024, 65535),
        "pid": dice.number(300, 99999),
        "n": dice.number(1, 250),
        "hex": dice.hex(12),
        "word": dice.word(7).lower(),
        "path": dice.pick(_PATHS),
        "agent": dice.pick(_AGENTS),
    }


def _pool(mix: str) -> list[tuple[str, str]]:
    """File and line of each message of a mix, as often as it weighs."""
    rows = [row.split(" ", 2) for row in (DATA / f"{mix}.txt").read_text().splitlines()]
    return [(file, line) for weight, file, line in rows for _ in range(int(weight))]


def _lines(mix: str, head: Callable[[datetime, str], str]) -> Iterator[str]:
    dice, pool = Dice(mix), _pool(mix)
    number = 0
    while True:
        file, line = dice.pick(pool)
        moment = datetime.fromtimestamp(_BEGIN + number // 200, UTC)
        values = _values(dice)
        location = f"/var/log/{file}"
        if number % 2:
            agent = _HOSTS.index(values["host"]) + 1
            location = f"[{agent:03}] ({values['host']}) any->{location}"
        text = line.format(t=moment.strftime("%d/%b/%Y:%H:%M:%S +0000"), **values)
        yield f"1:{location}:{head(moment, text)}"
        number += 1


def syslog() -> Iterator[str]:
    """Endless messages of the syslog mix."""
    return _lines("syslog", lambda moment, text: f"{moment:%b %d %H:%M:%S} {text}")


def web() -> Iterator[str]:
    """Endless messages of the web mix."""
    return _lines("web", lambda moment, text: text)
