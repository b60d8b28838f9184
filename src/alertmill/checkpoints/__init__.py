"""The checkpoint database: what is done, what the engine remembers, and which output bytes are promised.

One SQLite file in WAL mode with full sync. The pipeline is the only writer (one transaction per group of batches);
sources ask through `Progress`, each thread over its own read connection. What the stored things mean is the business of
others: this package moves marks, state, ids and promises in and out.

`database` opens, locks and commits; `marks` writes what sources have reached and `committed` reads it; `event_ids`
remembers which events were analysed; `schema` has the tables and how older files become like them.
"""

from __future__ import annotations

from alertmill.checkpoints.committed import ScopeStatus
from alertmill.checkpoints.database import Checkpoints, Commit, StoredState
from alertmill.checkpoints.event_ids import EVENT_WINDOW, numbered_ids
from alertmill.checkpoints.schema import SCHEMA_VERSION

__all__ = ["EVENT_WINDOW", "SCHEMA_VERSION", "Checkpoints", "Commit", "ScopeStatus", "StoredState", "numbered_ids"]
