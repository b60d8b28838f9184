"""Which accounts and regions a definition reads: those it names, else those that have folders in the bucket.

Regions are found for each account by itself, over all pages of the listing (D5).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from functools import partial

from alertmill.config.models import Bucket
from alertmill.sources.aws.buckets.base import BucketType
from alertmill.sources.aws.faults import StoreError
from alertmill.sources.aws.listing import ListRequest, account_of, folders, region_of
from alertmill.sources.aws.store import Store
from alertmill.sources.aws.walks import Place
from alertmill.sources.aws.workers import Workers, result_of

#: Accounts whose regions are looked up ahead.
_ACCOUNTS_AHEAD = 8

#: What is said of GuardDuty findings that come through Firehose, in Wazuh's words.
_BY_KINESIS = (
    "The functionality to process GuardDuty logs stored in S3 via Kinesis was deprecated in 4.5. Consider configuring "
    "GuardDuty to store its findings directly in an S3 bucket instead. Check "
    "https://documentation.wazuh.com/current/amazon/services/supported-services/guardduty.html for more information."
)


class Places:
    """The places of one definition, found anew in every run.

    `refused` is told of an account that cannot be looked into while others may be; `workers` do the look-ups ahead;
    `log` takes a level and a line.
    """

    def __init__(
        self,
        bucket: Bucket,
        kind: BucketType,
        store: Store,
        workers: Workers,
        stopped: Callable[[], bool],
        refused: Callable[[str, StoreError], None],
        log: Callable[[str, str], None],
    ) -> None:
        self._bucket = bucket
        self._kind = kind
        self._store = store
        self._workers = workers
        self._stopped = stopped
        self._refused = refused
        self._log = log
        self._base = kind.base(bucket)
        #: The prefix that everything of this definition lies below, as far as it is known yet.
        self.root = bucket.path if self._base is None else self._base

    def scope(self, account: str, region: str) -> str:
        """The name of a walk's state. `*` stands for the definition as a whole."""
        return f"s3://{self._bucket.name}/{self.root}|{self._kind.type}|{account}|{region}"

    def __iter__(self) -> Iterator[Place]:
        """In the order of accounts as configured or listed, regions ascending. Raises StoreError."""
        if self._kind.native_or_path and not self._is_native():
            self._base, self.root = None, self._bucket.path
            self._log("INFO", _BY_KINESIS)
        if self._base is None:
            yield self._place("", "")
            return
        for account, regions in self._with_regions(self._bucket.aws_account_id or self._accounts(self._base)):
            for region in regions:
                yield self._place(account, region)

    def nothing_found(self) -> str:
        """Why there may be nothing to read: a sentence in Wazuh's words, and a hint where one can be given."""
        names = self._ask(self._bucket.path)
        if not names or self._base is None:
            return f"No files were found in '{self._bucket.name}/{self._bucket.path}'. No logs will be processed."
        text = (
            f"No logs found in '{self.root}'. Check the provided prefix and the location of the logs for the bucket "
            f"type '{self._kind.type}'"
        )
        below = [name.rstrip("/") for name in self._ask(self.root)]
        organisations = [name for name in below if name.startswith("o-")]
        if organisations:
            return f"{text}. There is a folder {organisations[0]}: set <aws_organization_id> to it"
        return text

    def _is_native(self) -> bool:
        """Whether anything lies below the folder that AWS services write to; taken for granted when told to stop."""
        request = ListRequest(f"{self._bucket.path}AWSLogs/", delimiter=True, limit=1)
        page = result_of(self._workers.submit(lambda: self._store.list_page(request)), self._stopped)
        return page is None or bool(page.folders or page.objects)

    def _place(self, account: str, region: str) -> Place:
        by_path = self._base is None
        prefixes = (self._bucket.path,) if by_path else self._kind.prefixes(self._bucket, account, region)
        return Place(self.scope(account, region), account, region, prefixes, self._bucket.name)

    def _accounts(self, base: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(account for name in self._ask(base) if (account := account_of(name))))

    def _ask(self, prefix: str) -> list[str]:
        """The folders below a prefix; none when told to stop, however long the answer takes."""
        names = self._workers.submit(lambda: list(folders(prefix, self._store.list_page)))
        return result_of(names, self._stopped) or []

    def _with_regions(self, accounts: tuple[str, ...]) -> Iterator[tuple[str, list[str]]]:
        if self._bucket.regions:
            regions = sorted(set(self._bucket.regions))
            yield from ((account, regions) for account in accounts)
            return
        ahead: deque[tuple[str, Future[list[str]]]] = deque()
        for account in accounts:
            ahead.append((account, self._workers.submit(partial(self._regions, account))))
            if len(ahead) > _ACCOUNTS_AHEAD:
                yield self._looked_up(*ahead.popleft())
        while ahead:
            yield self._looked_up(*ahead.popleft())

    def _regions(self, account: str) -> list[str]:
        parents = self._kind.region_folders(self._bucket, account)
        names = (name for parent in parents for name in folders(parent, self._store.list_page))
        return sorted({region for name in names if (region := region_of(name))})

    def _looked_up(self, account: str, regions: Future[list[str]]) -> tuple[str, list[str]]:
        try:
            return account, result_of(regions, self._stopped) or []
        except StoreError as fault:
            if fault.ends_run:
                raise
            self._refused(account, fault)
            return account, []
