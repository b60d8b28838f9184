"""The catalogue of bucket types, by the word in `<bucket type="...">`."""

from __future__ import annotations

from alertmill.sources.aws.buckets.alb import ApplicationLoadBalancer
from alertmill.sources.aws.buckets.base import BucketType
from alertmill.sources.aws.buckets.clb import ClassicLoadBalancer
from alertmill.sources.aws.buckets.cloudtrail import CloudTrail
from alertmill.sources.aws.buckets.config import Config
from alertmill.sources.aws.buckets.custom import Custom
from alertmill.sources.aws.buckets.guardduty import GuardDuty
from alertmill.sources.aws.buckets.nlb import NetworkLoadBalancer
from alertmill.sources.aws.buckets.server_access import ServerAccess
from alertmill.sources.aws.buckets.umbrella import Umbrella
from alertmill.sources.aws.buckets.vpcflow import VpcFlow
from alertmill.sources.aws.buckets.waf import Waf

BUCKET_TYPES: dict[str, BucketType] = {
    kind.type: kind
    for kind in (
        ApplicationLoadBalancer(),
        Umbrella(),
        ClassicLoadBalancer(),
        CloudTrail(),
        Config(),
        Custom(),
        GuardDuty(),
        NetworkLoadBalancer(),
        ServerAccess(),
        VpcFlow(),
        Waf(),
    )
}
