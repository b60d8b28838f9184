"""Our signature of a GET is botocore's, whatever is asked for."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import quote

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from alertmill.sources.aws.sigv4 import signed_headers

_TEXT = st.text(st.characters(codec="utf-8", min_codepoint=1), max_size=20)


@given(
    key=_TEXT,
    query=st.dictionaries(st.sampled_from(["prefix", "list-type", "start-after", "delimiter"]), _TEXT, max_size=4),
    secret=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40),
    token=st.none() | st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40),
    region=st.sampled_from(["us-east-1", "cn-north-1", "xx-new-9"]),
    now=st.integers(1_500_000_000, 2_500_000_000),
)
def test_the_signature_is_botocore_s(
    key: str, query: dict[str, str], secret: str, token: str | None, region: str, now: int
) -> None:
    path = "/my-logs/" + quote(key, safe="/~")
    canonical = "&".join(f"{name}={quote(query[name], safe='~')}" for name in sorted(query))
    ours = signed_headers(
        "s3.test:9000",
        path,
        canonical,
        access_key="AKID",
        secret_key=secret,
        token=token,
        region=region,
        now=float(now),
    )
    url = f"http://s3.test:9000{path}" + (f"?{canonical}" if canonical else "")
    headers = {name: value for name, value in ours.items() if name.startswith("x-amz")}
    request = AWSRequest("GET", url, headers=headers)
    request.context["timestamp"] = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
    auth = S3SigV4Auth(Credentials("AKID", secret, token), "s3", region)
    text = auth.string_to_sign(request, auth.canonical_request(request))
    assert ours["Authorization"].endswith(f"Signature={auth.signature(text, request)}")
    assert ours["x-amz-date"] == request.context["timestamp"]
