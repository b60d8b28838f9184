"""Guessing the type of an object that lies somewhere: each type knows its own, and claims none of another's."""

from __future__ import annotations

import gzip

import pytest

from alertmill.sources.aws.at_rest import guess_type
from alertmill.sources.aws.buckets import BUCKET_TYPES
from alertmill.sources.aws.store import Body
from contracts.test_bucket_types import SAMPLES
from unit.sources.aws.golden import Scenario, names_of_scenarios

ACCOUNT, REGION = "123456789012", "us-east-1"
DAY = "2026/01/15"

BELOW = f"AWSLogs/{ACCOUNT}"
BALANCER = f"elasticloadbalancing/{REGION}/{DAY}/{ACCOUNT}_elasticloadbalancing_{REGION}"

#: A usual key of each type that can be told by its key.
KEYS = {
    "alb": f"{BELOW}/{BALANCER}_app.web.0a1b_20260115T1005Z_192.0.2.1_2s.log.gz",
    "clb": f"{BELOW}/{BALANCER}_web_20260115T1005Z_192.0.2.1_2s.log",
    "cloudtrail": f"{BELOW}/CloudTrail/{REGION}/{DAY}/{ACCOUNT}_CloudTrail_{REGION}_20260115T1005Z_Ab.json.gz",
    "config": f"{BELOW}/Config/{REGION}/2026/1/5/ConfigHistory/{ACCOUNT}_Config_{REGION}_ConfigHistory_1.json.gz",
    "guardduty": f"{BELOW}/GuardDuty/{REGION}/{DAY}/5d1a.jsonl.gz",
    "nlb": f"{BELOW}/{BALANCER}_net.web.0a1b_20260115T1005Z_5d.log.gz",
    "vpcflow": f"{BELOW}/vpcflowlogs/{REGION}/{DAY}/{ACCOUNT}_vpcflowlogs_{REGION}_fl-1_20260115T1005Z.log.gz",
    "waf": f"{BELOW}/WAFLogs/{REGION}/shop/{DAY}/10/00/{ACCOUNT}_waflogs_{REGION}_shop_20260115T1000Z.log.gz",
}
MORE_KEYS = [
    ("waf", "aws-waf-logs-shop-1-2026-01-15-10-00-00-5d1a"),
    ("waf", f"some/path/{DAY}/10/aws-waf-logs-shop-1-2026-01-15-10-00-00-5d1a.gz"),
    ("guardduty", f"/home/me/AWSLogs/{ACCOUNT}/GuardDuty/{REGION}/{DAY}/5d1a.jsonl.gz"),
    ("config", f"/home/me/AWSLogs/o-1/{ACCOUNT}/Config/{REGION}/2026/1/5/ConfigSnapshot/x.json.gz"),
]
NOBODYS_KEYS = [
    "/home/me/Config/settings.json",
    "/etc/Config/us-east-1/x",
    "notes-on-aws-waf-logs-/x",
    "logs/2026/01/15/x",
]


@pytest.mark.parametrize(("type_name", "key"), [*KEYS.items(), *MORE_KEYS])
def test_keys(type_name: str, key: str) -> None:
    assert [name for name, kind in BUCKET_TYPES.items() if kind.lies_at(key)] == [type_name]


@pytest.mark.parametrize("key", NOBODYS_KEYS)
def test_keys_that_are_no_ones(key: str) -> None:
    assert [name for name, kind in BUCKET_TYPES.items() if kind.lies_at(key)] == []


#: Beginnings of objects, by the type that they are of.
HEADS = [
    ("config", '{"fileVersion":"1.0","configSnapshotId":"5f","configurationItems":[{"relatedEvents":[]'),
    ("config", '\n{ "fileVersion": "1.0", "configurationItems": []}'),
    ("custom", '{"version":"0","id":"6a","detail-type":"Finding","source":"aws.macie","resources":[],"detail":{"a":'),
    ("custom", '{"source":"aws.kms","detail":{"eventName":"Decrypt"'),
    ("custom", '{"source": "aws.securityhub", "detail": {"findings": [{"serviceName":"guardduty"'),
    ("guardduty", '{"schemaVersion":"2.0","id":"f","resource":{"tags":[]},"service":{"serviceName":"guardduty"'),
    ("guardduty", '{"accountId":"1","description":"a {b}","service":{"count":1, "serviceName" : "guardduty"'),
    ("guardduty", '{"version":"0","source":"aws.guardduty","detail":{"schemaVersion":"2.0"'),
    ("waf", '{"timestamp":1768471200000,"formatVersion":1,"webaclId":"arn:aws:wafv2:us-east-1:1:regional/webacl/w/1"'),
    ("waf", '{"timestamp":"2026-01-15T10:00:00Z","webaclId":"arn"'),
    (None, '{"Records":[{"a":{"serviceName":"guardduty"}}]}'),
    (None, '{"detail":{"a":1},"source":"x"}'),
    (None, '{"source":"x","detail":"text"}'),
    (None, '{"timestamp":1768471200000,"message":"webaclId"}'),
    (None, '{"configurationItemDiff":{"configurationItems":[]}}'),
    (None, "{" * 60_000),
    (None, '{"a":' * 10_000),
    (None, "plain text"),
    (None, ""),
]


@pytest.mark.parametrize(("type_name", "head"), HEADS)
def test_beginnings(type_name: str | None, head: str) -> None:
    found = [name for name, kind in BUCKET_TYPES.items() if kind.begins_like(head)]
    assert found == ([type_name] if type_name else [])


@pytest.mark.parametrize("of", SAMPLES)
def test_no_type_claims_a_sample_of_another(of: str) -> None:
    head = SAMPLES[of].decode()
    assert {name for name, kind in BUCKET_TYPES.items() if kind.begins_like(head)} <= {of}


@pytest.mark.parametrize("of", ["config", "custom", "guardduty", "waf"])
@pytest.mark.parametrize("packed", [False, True])
def test_an_object_without_a_telling_key(of: str, packed: bool) -> None:
    body = Body(gzip.compress(SAMPLES[of]) if packed else SAMPLES[of])
    kind = guess_type("some/file" + (".gz" if packed else ""), body)
    assert kind is not None
    assert kind.type == of


#: Golden objects that nothing but the word in ossec.conf can tell.
UNTOLD = {"not json at all"}


@pytest.mark.parametrize("scenario", names_of_scenarios("config-", "custom-", "guardduty-", "waf-") or [None])
def test_golden_objects(scenario: str | None) -> None:
    if scenario is None:
        pytest.skip("reference data is not here (set ALERTMILL_SHARED)")
    golden = Scenario(scenario)
    wanted = golden.configuration().buckets[0].type
    for body in golden.bodies.values():
        content = gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body
        head = content[: 64 * 1024].decode()
        found = [name for name, kind in BUCKET_TYPES.items() if kind.begins_like(head)]
        assert found == ([] if head.strip() in UNTOLD else [wanted]), head[:200]
