"""Classic load balancers: text columns as they are (aws-wodle.md 10.7)."""

from __future__ import annotations

import re

from alertmill.sources.aws.buckets.load_balancers import LoadBalancer

_LINE = re.compile(
    r"\d{4}-\d\d-\d\dT[\d:.]+Z [A-Za-z0-9-]+ \S+:\d+ (?:\S+:\d+|-) -?[\d.]+ -?[\d.]+ -?[\d.]+ (?:\d+|-) (?:\d+|-) ",
    re.ASCII,
)


class ClassicLoadBalancer(LoadBalancer):
    type = "clb"
    mark = ""
    columns = (
        "time",
        "elb",
        "client_port",
        "backend_port",
        "request_processing_time",
        "backend_processing_time",
        "response_processing_time",
        "elb_status_code",
        "backend_status_code",
        "received_bytes",
        "sent_bytes",
        "request",
        "user_agent",
        "ssl_cipher",
        "ssl_protocol",
    )

    def begins_like(self, head: str) -> bool:
        return _LINE.match(head) is not None
