"""What the composition root decides by itself."""

from __future__ import annotations

import pytest

from alertmill.bootstrap import event_window
from alertmill.config.models import AwsS3, Bucket, Config

DAY = 86_400


@pytest.mark.parametrize(("look_backs", "days"), [((), 3), ((2,), 3), ((0,), 3), ((1, 7, 2), 8)])
def test_ids_of_events_are_known_a_day_longer_than_the_longest_look_back(
    look_backs: tuple[int, ...], days: int
) -> None:
    buckets = [Bucket(type="cloudtrail", name="b", look_back=look_back * DAY) for look_back in look_backs]
    config = Config(aws_s3=tuple(AwsS3(buckets=(bucket,)) for bucket in buckets))
    assert event_window(config) == days * DAY
