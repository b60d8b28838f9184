"""Network load balancers: text columns, of which two hold `address:port` (aws-wodle.md 10.8).

AWS has since put `alpn_be_protocol` into the twentieth place; the names stay those that rules were written against.
"""

from __future__ import annotations

import re
from typing import Any

from alertmill.sources.aws.buckets.load_balancers import LoadBalancer, endpoint

_LINE = re.compile(r"\w+ \d+\.\d+ \d{4}-\d\d-\d\dT[\d:.]+Z? net/\S+ \S+ \S+ \S+ ", re.ASCII)


class NetworkLoadBalancer(LoadBalancer):
    type = "nlb"
    mark = "net."
    columns = (
        "type",
        "version",
        "time",
        "elb",
        "listener",
        "client_port",
        "destination_port",
        "connection_time",
        "tls_handshake_time",
        "received_bytes",
        "sent_bytes",
        "incoming_tls_alert",
        "chosen_cert_arn",
        "chosen_cert_serial",
        "tls_cipher",
        "tls_protocol_version",
        "tls_named_group",
        "domain_name",
        "alpn_fe_protocol",
        "alpn_client_preference_list",
    )

    def split(self, record: dict[str, Any]) -> None:
        """Each endpoint by itself; one that is not `address:port` stands in both places (D25a)."""
        for port, address in (("client_port", "client_ip"), ("destination_port", "destination_ip")):
            text = record.get(port)
            if text is not None:
                record[address], record[port] = endpoint(text) or (text, text)

    def begins_like(self, head: str) -> bool:
        return _LINE.match(head) is not None
