"""The catalogue of bucket types, by the word in `<bucket type="...">`."""

from __future__ import annotations

from alertmill.sources.aws.buckets.base import BucketType
from alertmill.sources.aws.buckets.cloudtrail import CloudTrail
from alertmill.sources.aws.buckets.vpcflow import VpcFlow

BUCKET_TYPES: dict[str, BucketType] = {kind.type: kind for kind in (CloudTrail(), VpcFlow())}
