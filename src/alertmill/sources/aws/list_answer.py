"""The XML of an answer to ListObjectsV2 -> a page of a listing. Pure.

Source: "ListObjectsV2" in the Amazon S3 API reference. The answer comes from the endpoint that the operator configured;
expat, which reads it, bounds the expansion of entities since version 2.4.1, older than any Python that runs this.
"""

from __future__ import annotations

from datetime import datetime
from urllib.parse import unquote_plus
from xml.etree.ElementTree import Element, ParseError, fromstring

from alertmill.sources.aws.listing import Listed, ListPage


def read_page(data: bytes) -> ListPage:
    """The page that `data` says. Raises ValueError for what is no such answer."""
    try:
        root = fromstring(data)  # noqa: S314  # see above
    except ParseError as error:
        raise ValueError(f"the answer is no XML: {error}") from None
    space = root.tag.partition("}")[0] + "}" if root.tag.startswith("{") else ""
    if root.tag != f"{space}ListBucketResult":
        raise ValueError(f"the answer is a {root.tag[:60]}, no ListBucketResult")
    quoted = root.findtext(f"{space}EncodingType") == "url"
    objects = tuple(_listed(entry, space, quoted) for entry in root.iterfind(f"{space}Contents"))
    folders = tuple(
        _name(entry.findtext(f"{space}Prefix"), quoted) for entry in root.iterfind(f"{space}CommonPrefixes")
    )
    more = root.findtext(f"{space}IsTruncated") == "true"
    return ListPage(objects, folders, (root.findtext(f"{space}NextContinuationToken") or "") if more else "")


def _listed(entry: Element, space: str, quoted: bool) -> Listed:
    said = {child.tag: child.text or "" for child in entry}
    try:
        return Listed(
            _name(said[f"{space}Key"], quoted),
            said[f"{space}ETag"].strip('"'),
            int(said[f"{space}Size"]),
            datetime.fromisoformat(said[f"{space}LastModified"]).timestamp(),
        )
    except KeyError as error:
        raise ValueError(f"an object of the answer has no {str(error.args[0]).removeprefix(space)}") from None


def _name(text: str | None, quoted: bool) -> str:
    return unquote_plus(text or "") if quoted else text or ""
