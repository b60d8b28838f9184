"""VPC flow log objects with the value distributions of a real flow log.

Measured on 99 records of a real host that the Internet scans: a line has 111 bytes; 67 % were refused; protocols 93 %
TCP, 4 % UDP, 2 % ICMP; four interfaces; 31 source addresses, one of them of 47 % of the records; 83 destination ports,
one of 9 %; 70 % have one packet and 57 % have 40 bytes, the largest 19,437 packets and 3.7 MB. Networks that nobody
scans accept nearly everything, so the share of refused records is the caller's; so is that of records without traffic.
"""

from __future__ import annotations

from alertmill.samples import SampleObject
from alertmill.samples.objects import DELIVERY, Dice, packed
from benchmarks.inputs.trail import ACCOUNT, REGION, START, Zipf

COLUMNS = (
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
)
_INTERFACES, _HOSTS, _STRANGERS = 24, 60, 300
_SERVICES = (443, 9997, 53, 5432, 80, 123, 8080, 6379, 22, 3306, 9092, 2049)
_UDP = frozenset((53, 123))
_SCANNED = (4200, 22, 23, 445, 3389, 80, 8443, 1433, 5900, 2375)
_OUTSIDE = ("192.0.2.", "198.51.100.", "203.0.113.")


class FlowLog:
    """One flow log. `reject` and `nodata` are shares of its records, 0 to 1; the rest is accepted."""

    def __init__(self, reject: float, nodata: float = 0.0, seed: int = 1) -> None:
        self.dice = dice = Dice(f"flow/{seed}")
        self._reject, self._nodata = reject, nodata
        self._interfaces = [(f"eni-0{dice.hex(16)}", f"10.0.{n % 3}.{20 + n}") for n in range(_INTERFACES)]
        self._hosts = [f"10.{dice.number(0, 3)}.{dice.number(0, 255)}.{dice.number(4, 250)}" for _ in range(_HOSTS)]
        self._strangers = [f"{dice.pick(_OUTSIDE)}{dice.number(1, 254)}" for _ in range(_STRANGERS)]
        self._interface, self._host, self._stranger = Zipf(_INTERFACES), Zipf(_HOSTS), Zipf(_STRANGERS)
        self._service = Zipf(len(_SERVICES))

    def line(self, start: int) -> str:
        """A record of version 2 that begins at `start`, epoch seconds."""
        dice = self.dice
        interface, here = self._interfaces[self._interface.pick(dice)]
        end, roll = start + dice.pick((14, 21, 21, 60)), dice.random()
        if roll < self._reject:
            flow, action = self._scan(here), "REJECT OK"
        elif roll < self._reject + self._nodata:
            flow, action = "- - - - - - -", "- NODATA"
        else:
            flow, action = self._talk(here), "ACCEPT OK"
        return f"2 {ACCOUNT} {interface} {flow} {start} {end} {action}"

    def _scan(self, here: str) -> str:
        """Somebody outside tries a port: one packet, mostly one and the same stranger from one and the same port."""
        dice = self.dice
        source = (
            f"{self._strangers[0]} %s 47000"
            if dice.random() < 0.5
            else f"{dice.pick(self._strangers)} %s {self._high()}"
        )
        port = dice.pick(_SCANNED) if dice.random() < 0.1 else dice.number(1, 65535)
        protocol, size = ("6", 40) if dice.random() < 0.85 else dice.pick((("6", 60), ("17", 30), ("1", 32)))
        return f"{source % here} {port if protocol != '1' else 0} {protocol} 1 {size}"

    def _talk(self, here: str) -> str:
        """A request to a service or its answer."""
        dice = self.dice
        port = _SERVICES[self._service.pick(dice)]
        there = self._strangers[self._stranger.pick(dice)] if port == 443 else self._hosts[self._host.pick(dice)]
        packets = 1 if port in _UDP else int(2 / (1.0001 - dice.random()))
        counts = f"{17 if port in _UDP else 6} {packets} {packets * dice.number(40, 1400)}"
        if dice.random() < 0.5:
            return f"{there} {here} {self._high()} {port} {counts}"
        return f"{here} {there} {port} {self._high()} {counts}"

    def _high(self) -> int:
        return self.dice.number(1024, 65535)


def objects(count: int, records: int, reject: float, nodata: float = 0.0, seed: int = 1) -> list[SampleObject]:
    """`count` objects of `records` records each behind their header line, one for each five minutes."""
    log = FlowLog(reject, nodata, seed)
    return [
        flow_object([log.line(_start(number, row, records)) for row in range(records)], number)
        for number in range(count)
    ]


def flow_object(lines: list[str], number: int) -> SampleObject:
    """The object with these records that is delivered as the `number`-th."""
    return SampleObject(key(number), packed("\n".join([COLUMNS, *lines, ""]).encode("ascii")))


def key(number: int) -> str:
    """The key of the `number`-th object."""
    moment = START + DELIVERY * number
    name = f"{ACCOUNT}_vpcflowlogs_{REGION}_fl-0123456789abcdef0_{moment:%Y%m%dT%H%MZ}_{number:08x}.log.gz"
    return f"AWSLogs/{ACCOUNT}/vpcflowlogs/{REGION}/{moment:%Y/%m/%d}/{name}"


def _start(number: int, row: int, records: int) -> int:
    span = int(DELIVERY.total_seconds())
    return int(START.timestamp()) + span * (number - 1) + span * row // records
