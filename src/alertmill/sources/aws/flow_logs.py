"""Which flow logs EC2 knows: only to say so in the log, because every object below the prefix is read anyway (D17).

The question is asked beside the reading, once per region and run; a refusal is told once and ends the asking.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial

from alertmill import codes
from alertmill.sources.aws.faults import StoreError
from alertmill.sources.aws.store import Store
from alertmill.sources.aws.workers import Workers

#: Seconds that the end of a run waits for answers.
_PATIENCE = 2.0


class FlowLogs:
    """The questions of one definition. `asks` is false for types that have nothing to do with flow logs."""

    def __init__(
        self, bucket: str, store: Store, workers: Workers, log: Callable[[str, str], None], asks: bool
    ) -> None:
        self._bucket = bucket
        self._store = store
        self._workers = workers
        self._log = log
        self._asks = asks
        self._asked: dict[str, Future[list[str] | None]] = {}
        self._told: set[str] = set()

    def ask(self, region: str) -> None:
        """Ask for the flow logs of a region, unless that was done in this run."""
        if self._asks and region not in self._asked:
            self._asked[region] = self._workers.submit(partial(self._store.flow_logs, region))

    def tell(self) -> None:
        """Log the answers of this run, waiting a little for the last of them."""
        deadline = time.monotonic() + _PATIENCE
        for region, answer in self._asked.items():
            try:
                found = answer.result(max(0.0, deadline - time.monotonic()))
            except TimeoutError:
                continue
            except StoreError as fault:
                self._refused(fault)
                continue
            if found is not None:
                named = ", ".join(found) or "none"
                self._log("DEBUG", f"s3://{self._bucket}: flow logs in {region}: {named}")
        self._asked.clear()

    def _refused(self, fault: StoreError) -> None:
        self._asks = False
        level = "WARNING" if fault.code is codes.A_REFUSED else "INFO"
        if level not in self._told:
            self._told.add(level)
            self._log(level, f"s3://{self._bucket}: {fault}; all objects below the prefix are read anyway")
