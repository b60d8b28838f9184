"""Worker processes: objects are unpacked, parsed and examined beside the daemon, which concludes and writes in order.

`pool` is the daemon's side, `process` what runs in a worker, `wire` what they say to each other.
"""

from alertmill.parallel.pool import Pool, worker_count
from alertmill.parallel.wire import Setup

__all__ = ["Pool", "Setup", "worker_count"]
