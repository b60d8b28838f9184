"""Log objects at rest: files, folders and `s3://bucket/prefix`, each as something that can be read like any object.

For `alertmill scan`, which keeps no state: nothing here is remembered, retried or removed.
"""

from __future__ import annotations

import gzip
import json
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from alertmill.config.models import AwsAccess
from alertmill.errors import SourceError
from alertmill.sources.aws.buckets import BUCKET_TYPES
from alertmill.sources.aws.buckets.base import BucketType
from alertmill.sources.aws.faults import StoreError, UnpackError
from alertmill.sources.aws.listing import ListRequest
from alertmill.sources.aws.parquet import is_parquet
from alertmill.sources.aws.s3 import S3Store
from alertmill.sources.aws.store import Body
from alertmill.sources.aws.unpack import unpack
from alertmill.sources.aws.workers import Workers

#: Objects that are fetched ahead of the one that is read.
AHEAD = 16
#: Bytes of an object's decompressed beginning that its type is guessed from.
HEAD = 64 * 1024
#: Characters of the longest CloudTrail record that is read without its object; AWS cuts events at 256 KiB.
LONGEST_RECORD = 1 << 20

#: An object that is no CloudTrail object, seen in this many bytes of it.
_BARE = re.compile(r'\ufeff?\s*\{(?!\s*"Records"\s*:)')
_BEGINNING = 256
_ACCOUNT = re.compile(r"(?:^|/)(?:aws-account-id=)?(\d{12})/")


@dataclass(frozen=True, slots=True)
class ObjectAtRest:
    """One object: `bucket` is empty for a file, `key` its key or path, `size` its bytes as stored."""

    bucket: str
    key: str
    size: int
    open: Callable[[], Body]

    @property
    def name(self) -> str:
        return f"s3://{self.bucket}/{self.key}" if self.bucket else self.key

    @property
    def account(self) -> str:
        """The account whose folder the object lies in, empty when its key names none."""
        found = _ACCOUNT.search(self.key)
        return found.group(1) if found else ""


def find_objects(source: str) -> Iterator[ObjectAtRest]:
    """The objects that a word of the command line stands for, in key order.

    Raises SourceError when there is nothing of that name.
    """
    if source.startswith("s3://"):
        yield from _in_bucket(source)
        return
    path = Path(source)
    if path.is_dir():
        for file in sorted(entry for entry in path.rglob("*") if entry.is_file()):
            yield _file(file)
    elif path.exists():
        yield _file(path)
    else:
        raise SourceError(f"{source}: there is no such file or folder (a bucket is written s3://bucket/prefix)")


def opened(objects: Iterable[ObjectAtRest]) -> Iterator[tuple[ObjectAtRest, Future[Body]]]:
    """Each object with its body, fetched by other threads while earlier ones are read; the order stays."""
    workers = Workers(AHEAD, "scan-get")
    waiting: deque[tuple[ObjectAtRest, Future[Body]]] = deque()
    for found in objects:
        waiting.append((found, workers.submit(found.open)))
        if len(waiting) > AHEAD:
            yield waiting.popleft()
    yield from waiting


def _file(path: Path) -> ObjectAtRest:
    return ObjectAtRest("", str(path), path.stat().st_size, lambda: Body(file=path.open("rb")))


def _in_bucket(source: str) -> Iterator[ObjectAtRest]:
    name, _, prefix = source.removeprefix("s3://").partition("/")
    if not name:
        raise SourceError(f"{source} names no bucket; write s3://bucket/prefix")
    store = S3Store(name, AwsAccess())  # it stays open: bodies are fetched behind the end of the listing
    request: ListRequest | None = ListRequest(prefix)
    try:
        while request is not None:
            page = store.list_page(request)
            for listed in page.objects:
                if not listed.key.endswith("/"):
                    yield ObjectAtRest(name, listed.key, listed.size, _fetch(store, listed.key, listed.etag))
            request = ListRequest(prefix, token=page.token) if page.token else None
    except StoreError as error:
        raise SourceError(str(error)) from error


def _fetch(store: S3Store, key: str, etag: str) -> Callable[[], Body]:
    return lambda: store.fetch(key, etag, lambda: False)


def guess_type(key: str, body: Body) -> BucketType | None:
    """The type of an object by its key's layout, else by how its content begins; None when it is none of ours.

    Raises UnpackError or OSError for an object that cannot be unpacked, when nothing else tells its type.
    """
    for kind in BUCKET_TYPES.values():
        if kind.lies_at(key):
            return kind
    if is_parquet(body):
        return None  # tables of one kind look like those of another
    head, fault = _head(key, body)
    for kind in BUCKET_TYPES.values():
        if kind.begins_like(head):
            return kind
    if fault is not None:
        raise fault
    return None


def as_trail(key: str, body: Body) -> Body | None:
    """A CloudTrail object around the one record that a file is, as people save it; None for any other content."""
    if not _BARE.match(_head(key, body, _BEGINNING)[0]):
        return None
    text, fault = _head(key, body, LONGEST_RECORD + 1)
    text = text.removeprefix("\ufeff")
    if fault is not None or len(text) > LONGEST_RECORD or "\ufffd" in text:  # cut off, or no UTF-8
        return None
    try:
        record = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not {"eventName", "eventSource", "eventTime"} <= record.keys() or "Records" in record:
        return None
    # Packed, because the end of the key may promise that.
    return Body(gzip.compress(f'{{"Records":[{text}]}}'.encode()))


def _head(key: str, body: Body, count: int = HEAD) -> tuple[str, Exception | None]:
    """How the text begins, as far as it can be unpacked, and what was in the way of more."""
    head = b""
    fault: Exception | None = None
    try:
        for piece in unpack(body.chunks(), key):
            head += piece
            if len(head) >= count:
                break
    except (UnpackError, OSError) as error:
        fault = error
    return head[:count].decode("utf-8", "replace"), fault
