"""VPC flow log objects: a small web application between load balancer, services and database, and scanners outside.

Version 2 is AWS's default format; version 5 stands for the custom formats, with its own columns in its own order.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from alertmill.samples.objects import DELIVERY, Dice, SampleObject, first_delivery, packed

#: Seconds that one record sums up.
_AGGREGATION = 60

_V2 = (
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
)
_V5 = (
    "version account-id vpc-id subnet-id instance-id interface-id type srcaddr dstaddr srcport dstport pkt-srcaddr "
    "pkt-dstaddr protocol packets bytes start end action tcp-flags log-status region az-id pkt-src-aws-service "
    "pkt-dst-aws-service flow-direction traffic-path"
)
_SERVED = (443, 443, 443, 8080, 5432, 6379, 53, 123)
_SCANNED = (22, 23, 80, 445, 1433, 2375, 3306, 3389, 5900, 6379, 8088, 9200, 11211, 27017)
_OUTSIDE = ("192.0.2.", "198.51.100.", "203.0.113.")
_UDP = {53, 123}


@dataclass(frozen=True, slots=True)
class FlowProfile:
    """Shares of the records, 0 to 1: refused, without traffic, left out by AWS. The rest is accepted traffic."""

    reject: float = 0.18
    nodata: float = 0.03
    skipdata: float = 0.002

    def __post_init__(self) -> None:
        if min(self.reject, self.nodata, self.skipdata) < 0 or self.reject + self.nodata + self.skipdata > 1:
            raise ValueError("reject, nodata and skipdata are shares that add up to 1 at most")


#: A small application that the Internet can see.
FLOW_ORDINARY = FlowProfile()


def flow_objects(
    *,
    seed: int,
    account: str = "123456789012",
    region: str = "us-east-1",
    start: datetime,
    objects: int,
    records_per_object: int,
    version: Literal[2, 5] = 2,
    profile: FlowProfile = FLOW_ORDINARY,
) -> Iterator[SampleObject]:
    """Flow log objects in S3 key layout (aws-wodle.md 7.2), one for each five minutes from `start` on.

    Each begins with its header line. Raises ValueError when `start` has no time zone or `version` is neither 2 nor 5.
    """
    if version not in (2, 5):
        raise ValueError("version is 2 or 5")
    delivery = first_delivery(start)
    log = _FlowLog(Dice(f"flow/{seed}/{account}/{region}"), account, region, profile)
    for number in range(objects):
        yield log.object(delivery + DELIVERY * number, records_per_object, version)


@dataclass(frozen=True, slots=True)
class _Interface:
    """A network interface of the application."""

    id: str
    address: str
    instance: str
    subnet: str


@dataclass(frozen=True, slots=True)
class _Flow:
    """The columns of one record that both formats share, as text."""

    interface: _Interface
    source: str
    target: str
    source_port: str
    target_port: str
    protocol: str
    packets: str
    octets: str
    start: int
    end: int
    action: str
    status: str = "OK"


class _FlowLog:
    """One flow log: its interfaces stay the same from object to object."""

    def __init__(self, dice: Dice, account: str, region: str, profile: FlowProfile) -> None:
        self.dice, self.account, self.region, self.profile = dice, account, region, profile
        self.id = f"fl-0{dice.hex(16)}"
        self.vpc = f"vpc-0{dice.hex(16)}"
        subnets = [f"subnet-0{dice.hex(16)}" for _ in range(3)]
        self.interfaces = [
            _Interface(f"eni-0{dice.hex(16)}", f"10.0.{n % 3}.{20 + n}", f"i-0{dice.hex(16)}", subnets[n % 3])
            for n in range(18)
        ]

    def object(self, moment: datetime, records: int, version: int) -> SampleObject:
        span = int(DELIVERY.total_seconds())
        begin = int(moment.timestamp()) - span - _AGGREGATION
        line = self.line_v2 if version == 2 else self.line_v5
        lines = [_V2 if version == 2 else _V5]
        lines += [line(self.flow(begin + span * number // max(records, 1))) for number in range(records)]
        name = f"{self.account}_vpcflowlogs_{self.region}_{self.id}_{moment:%Y%m%dT%H%MZ}_{self.dice.hex(8)}.log.gz"
        folder = f"AWSLogs/{self.account}/vpcflowlogs/{self.region}/{moment:%Y/%m/%d}"
        return SampleObject(f"{folder}/{name}", packed("\n".join([*lines, ""]).encode("ascii")))

    def flow(self, start: int) -> _Flow:
        profile, roll = self.profile, self.dice.random()
        end = start + _AGGREGATION - self.dice.number(0, 30)
        here = self.dice.pick(self.interfaces)
        if roll < profile.reject:
            return self.rejected(here, start, end)
        roll -= profile.reject
        if roll < profile.nodata:
            return _Flow(here, "-", "-", "-", "-", "-", "-", "-", start, end, "-", "NODATA")
        if roll < profile.nodata + profile.skipdata:
            return _Flow(here, "-", "-", "-", "-", "-", "-", "-", start, end, "-", "SKIPDATA")
        return self.accepted(here, start, end)

    def rejected(self, here: _Interface, start: int, end: int) -> _Flow:
        dice, size = self.dice, self.dice.pick((40, 44, 52, 60))
        source, port = self.outside(), str(dice.number(32768, 60999))
        return _Flow(
            here, source, here.address, port, str(dice.pick(_SCANNED)), "6", "1", str(size), start, end, "REJECT"
        )

    def accepted(self, here: _Interface, start: int, end: int) -> _Flow:
        """A request to a service, or its answer; most flows are small, a few are very large."""
        dice, port = self.dice, self.dice.pick(_SERVED)
        there = self.outside() if port == 443 else self.neighbour(here)
        protocol = "17" if port in _UDP else "6"
        packets = 1 if port in _UDP else int(4 / (dice.random() + 0.001))
        octets = str(packets * dice.number(60, 1400))
        high = str(dice.number(32768, 60999))
        if dice.random() < 0.5:
            return _Flow(
                here, there, here.address, high, str(port), protocol, str(packets), octets, start, end, "ACCEPT"
            )
        return _Flow(here, here.address, there, str(port), high, protocol, str(packets), octets, start, end, "ACCEPT")

    def neighbour(self, here: _Interface) -> str:
        """The address of another interface."""
        near = self.interfaces.index(here) + self.dice.number(1, len(self.interfaces) - 1)
        return self.interfaces[near % len(self.interfaces)].address

    def outside(self) -> str:
        return f"{self.dice.pick(_OUTSIDE)}{self.dice.number(1, 254)}"

    def line_v2(self, flow: _Flow) -> str:
        return (
            f"2 {self.account} {flow.interface.id} {flow.source} {flow.target} {flow.source_port} {flow.target_port} "
            f"{flow.protocol} {flow.packets} {flow.octets} {flow.start} {flow.end} {flow.action} {flow.status}"
        )

    def line_v5(self, flow: _Flow) -> str:
        here = flow.interface
        silent = flow.status != "OK"
        kind, flags = ("-", "-") if silent else ("IPv4", "0" if flow.protocol == "17" else "19")
        inbound = flow.target == here.address
        direction, path = ("-", "-") if silent else ("ingress", "-") if inbound else ("egress", "8")
        return (
            f"5 {self.account} {self.vpc} {here.subnet} {here.instance} {here.id} {kind} {flow.source} {flow.target} "
            f"{flow.source_port} {flow.target_port} {flow.source} {flow.target} {flow.protocol} {flow.packets} "
            f"{flow.octets} {flow.start} {flow.end} {flow.action} {flags} {flow.status} {self.region} use1-az1 - - "
            f"{direction} {path}"
        )
