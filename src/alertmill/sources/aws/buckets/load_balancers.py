"""What the three load balancer types have in common: layout, text columns, endpoints (aws-wodle.md 7.2, 10.6 to 10.8).

All three write into the same folder. Like Wazuh, a definition reads every object of its folder as the type it was told;
only `lies_at`, which guesses, goes by the file name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from alertmill.sources.aws.buckets.base import AccountLayout
from alertmill.sources.aws.envelope import Envelope
from alertmill.sources.aws.formats import BadLine, epoch, named, text_rows

#: What AWS calls an access log: account, region, `app.` or `net.` for the newer kinds, the balancer. Connection and
#: health check logs begin with another word.
_FILE = re.compile(r"(?:^|/)\d{12}_elasticloadbalancing_[a-z0-9-]+_(app\.|net\.|(?=[A-Za-z0-9-]+_\d{8}T))", re.ASCII)


class LoadBalancer(AccountLayout):
    service = "elasticloadbalancing"
    in_organisation = False
    #: The names of the columns by their position.
    columns: ClassVar[tuple[str, ...]]
    #: What the file name of an access log says in front of the balancer.
    mark: ClassVar[str]

    def records(self, pieces: Iterable[bytes], key: str) -> Iterator[dict[str, Any] | BadLine]:
        for row in text_rows(pieces):
            if isinstance(row, BadLine):
                yield row
            else:
                record = named(self.columns, row)
                record["source"] = self.type
                self.split(record)
                yield record

    def split(self, record: dict[str, Any]) -> None:
        """Part the addresses from the ports, in place, in the types that do so."""

    def wrap(self, envelope: Envelope, record: dict[str, Any]) -> dict[str, Any]:
        return envelope.wrap_columns(record)

    def event_time(self, record: dict[str, Any]) -> float | None:
        """`time` is UTC, whether it says so (application, classic) or not (network)."""
        text: str = record.get("time", "")
        return epoch(text if text.endswith("Z") else f"{text}Z")

    def lies_at(self, key: str) -> bool:
        found = _FILE.search(key)
        return found is not None and found.group(1) == self.mark


def endpoint(text: str) -> tuple[str, str] | None:
    """Address and port of `address:port`, None for a text without a colon. An IPv6 address loses its brackets (D25)."""
    address, colon, port = text.rpartition(":")
    if not colon:
        return None
    if address.startswith("[") and address.endswith("]"):
        address = address[1:-1]
    return address, port
