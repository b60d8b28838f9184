"""A minimal S3 with a chosen latency: ListObjectsV2 and GetObject over kept-alive HTTP/1.1, nothing else.

`python -m benchmarks.s3_responder FOLDER LATENCY` serves the files of FOLDER/<bucket>/<key...> from memory, answers a
request LATENCY seconds after it came in, any number at a time, and prints its port. Signatures are not looked at.
"""

from __future__ import annotations

import asyncio
import bisect
import hashlib
import sys
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path
from urllib.parse import parse_qs, quote, unquote, urlsplit
from xml.sax.saxutils import escape

_MOST_KEYS = 1000
_MODIFIED = "2026-01-15T12:00:00.000Z"


@dataclass(frozen=True, slots=True)
class Answer:
    """Status line, headers beyond the usual ones, and body."""

    status: str
    headers: str
    body: bytes


class Buckets:
    """Objects by bucket and key."""

    def __init__(self, folder: Path) -> None:
        self._bodies: dict[str, dict[str, bytes]] = {}
        for bucket in folder.iterdir():
            files = sorted(path for path in bucket.rglob("*") if path.is_file())
            self._bodies[bucket.name] = {str(path.relative_to(bucket)): path.read_bytes() for path in files}
        self._keys = {bucket: sorted(bodies) for bucket, bodies in self._bodies.items()}

    def answer(self, target: str) -> Answer:
        """The answer to `GET target`."""
        url = urlsplit(target)
        bucket, _, key = unquote(url.path).lstrip("/").partition("/")
        if bucket not in self._bodies:
            return _error("404 Not Found", "NoSuchBucket")
        if not key:
            return self._list(bucket, {name: values[0] for name, values in parse_qs(url.query).items()})
        body = self._bodies[bucket].get(key)
        if body is None:
            return _error("404 Not Found", "NoSuchKey")
        headers = f"ETag: {_etag(body)}\r\nLast-Modified: {formatdate(usegmt=True)}\r\n"
        return Answer("200 OK", headers, body)

    def _list(self, bucket: str, query: dict[str, str]) -> Answer:
        keys, bodies = self._keys[bucket], self._bodies[bucket]
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
        after = query.get("continuation-token") or query.get("start-after", "")
        entries: list[str] = []
        count, at = 0, bisect.bisect_right(keys, max(after, prefix[:-1]))
        token = ""
        while at < len(keys) and (keys[at].startswith(prefix) or keys[at] < prefix):
            key = keys[at]
            at += 1
            if not key.startswith(prefix):
                continue
            if count == _MOST_KEYS:
                token = keys[at - 2]
                break
            count += 1
            end = key.find(delimiter, len(prefix)) if delimiter else -1
            if end < 0:
                entries.append(
                    f"<Contents><Key>{quote(key)}</Key><LastModified>{_MODIFIED}</LastModified>"
                    f"<ETag>{escape(_etag(bodies[key]))}</ETag><Size>{len(bodies[key])}</Size></Contents>"
                )
                continue
            folder = key[: end + 1]
            entries.append(f"<CommonPrefixes><Prefix>{quote(folder)}</Prefix></CommonPrefixes>")
            at = bisect.bisect_right(keys, folder + "\U0010ffff")
        more = f"<IsTruncated>true</IsTruncated><NextContinuationToken>{escape(token)}</NextContinuationToken>"
        head = f"<Name>{bucket}</Name><EncodingType>url</EncodingType><KeyCount>{count}</KeyCount>"
        text = f"<ListBucketResult>{head}{more if token else ''}{''.join(entries)}</ListBucketResult>"
        return Answer("200 OK", "Content-Type: application/xml\r\n", text.encode())


def _etag(body: bytes) -> str:
    return f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'


def _error(status: str, code: str) -> Answer:
    return Answer(status, "Content-Type: application/xml\r\n", f"<Error><Code>{code}</Code></Error>".encode())


async def serve(folder: Path, latency: float) -> None:
    """Serve for ever."""
    buckets = Buckets(folder)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                request = await reader.readuntil(b"\r\n\r\n")
                target = request.split(b" ", 2)[1].decode("latin-1")
                await asyncio.sleep(latency)
                answer = buckets.answer(target)
                head = f"HTTP/1.1 {answer.status}\r\n{answer.headers}Content-Length: {len(answer.body)}\r\n\r\n"
                writer.write(head.encode("latin-1") + answer.body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), float(sys.argv[2])))
