"""AWS log objects out of thin air: CloudTrail and VPC flow logs in S3 key layout, for demo, tests and benchmarks.

The same arguments give the same objects, and a longer run begins with the shorter one. Sizes, fields and the mix of
calls follow real trails; every name, address and account is invented (documentation address ranges throughout).

    for sample in cloudtrail_objects(seed=1, start=datetime(2026, 1, 15, tzinfo=UTC), objects=4, events_per_object=50):
        bucket.put(sample.key, sample.body)

Nothing here reads a clock or touches the outside: the start time is an argument, the objects are bytes.
"""

from __future__ import annotations

from alertmill.samples.cloudtrail import EVENTFUL, ORDINARY, QUIET, CloudTrailProfile, cloudtrail_objects
from alertmill.samples.flow import FLOW_ORDINARY, FlowProfile, flow_objects
from alertmill.samples.objects import SampleObject

__all__ = [
    "EVENTFUL",
    "FLOW_ORDINARY",
    "ORDINARY",
    "QUIET",
    "CloudTrailProfile",
    "FlowProfile",
    "SampleObject",
    "cloudtrail_objects",
    "flow_objects",
]
