"""Application load balancers: text columns, of which three hold `address:port` (aws-wodle.md 10.6).

Older logs have fewer columns, and newer ones more: the names that are there are used, what lies beyond them is kept.
"""

from __future__ import annotations

import re
from typing import Any

from alertmill.sources.aws.buckets.load_balancers import LoadBalancer, endpoint

_LINE = re.compile(
    r"(?:https?|h2|grpcs|wss?) \d{4}-\d\d-\d\dT[\d:.]+Z \S+ (?:\S+:\d+|-) (?:\S+:\d+|-) -?[\d.]+ ", re.ASCII
)


class ApplicationLoadBalancer(LoadBalancer):
    type = "alb"
    mark = "app."
    columns = (
        "type",
        "time",
        "elb",
        "client_port",
        "target_port",
        "request_processing_time",
        "target_processing_time",
        "response_processing_time",
        "elb_status_code",
        "target_status_code",
        "received_bytes",
        "sent_bytes",
        "request",
        "user_agent",
        "ssl_cipher",
        "ssl_protocol",
        "target_group_arn",
        "trace_id",
        "domain_name",
        "chosen_cert_arn",
        "matched_rule_priority",
        "request_creation_time",
        "action_executed",
        "redirect_url",
        "error_reason",
        "target_port_list",
        "target_status_code_list",
        "classification",
        "classification_reason",
        "conn_trace_id",
    )

    def split(self, record: dict[str, Any]) -> None:
        """A value that is not `address:port` stays as it is, and gets no address beside it."""
        for port, address in (("client_port", "client_ip"), ("target_port", "target_ip")):
            if parts := endpoint(record.get(port, "")):
                record[address], record[port] = parts
        targets = record.get("target_port_list")
        if targets is None:
            return
        found = [endpoint(target) for target in targets.split()]
        parted = [parts for parts in found if parts]
        if len(parted) == len(found):
            record["target_ip_list"] = " ".join(address for address, _ in parted)
            record["target_port_list"] = " ".join(port for _, port in parted)

    def begins_like(self, head: str) -> bool:
        return _LINE.match(head) is not None
