"""The formats of subscribers, by the word in `<subscriber type="...">`."""

from __future__ import annotations

from alertmill.sources.aws.formats import ObjectFormat
from alertmill.sources.aws.subscribers.buckets import Buckets
from alertmill.sources.aws.subscribers.security_hub import SecurityHub
from alertmill.sources.aws.subscribers.security_lake import SecurityLake

SUBSCRIBER_TYPES: dict[str, ObjectFormat] = {kind.type: kind for kind in (Buckets(), SecurityHub(), SecurityLake())}
