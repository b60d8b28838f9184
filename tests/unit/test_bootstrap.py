"""What the composition root decides by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from alertmill.bootstrap import build, event_window
from alertmill.cli.init import make_home
from alertmill.config.models import AwsS3, Bucket, Config
from alertmill.installation import Installation

DAY = 86_400


@pytest.mark.parametrize(("look_backs", "days"), [((), 3), ((2,), 3), ((0,), 3), ((1, 7, 2), 8)])
def test_ids_of_events_are_known_a_day_longer_than_the_longest_look_back(
    look_backs: tuple[int, ...], days: int
) -> None:
    buckets = [Bucket(type="cloudtrail", name="b", look_back=look_back * DAY) for look_back in look_backs]
    config = Config(aws_s3=tuple(AwsS3(buckets=(bucket,)) for bucket in buckets))
    assert event_window(config) == days * DAY


BUCKET = """<wodle name="aws-s3"><disabled>{disabled}</disabled><interval>10m</interval>
<bucket type="cloudtrail"><name>my-trail</name></bucket></wodle>"""


@pytest.mark.parametrize(
    ("options", "bucket", "engine", "has_workers"),
    [
        ("<workers>2</workers>", BUCKET.format(disabled="no"), "fast", True),
        ("<workers>1</workers>", BUCKET.format(disabled="no"), "fast", False),
        ("<workers>2</workers>", BUCKET.format(disabled="yes"), "fast", False),
        ("<workers>2</workers>", "", "fast", False),
        ("<workers>2</workers>", BUCKET.format(disabled="no"), "plain", False),
        ("<workers>2</workers><logall>yes</logall>", BUCKET.format(disabled="no"), "fast", False),
        ("<workers>2</workers><logall_json>yes</logall_json>", BUCKET.format(disabled="no"), "fast", False),
    ],
)
def test_who_has_worker_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: str, bucket: str, engine: str, has_workers: bool
) -> None:
    monkeypatch.setenv("ALERTMILL_ENGINE", engine)
    home = tmp_path / "home"
    make_home(home)
    ruleset = "<rule_include>ruleset/rules/0005-categories_rules.xml</rule_include><rule_dir>etc/rules</rule_dir>"
    ruleset = f"<ruleset><decoder_dir>ruleset/decoders</decoder_dir>{ruleset}</ruleset>"
    conf = f"<ossec_config><global>{options}</global>{ruleset}{bucket}</ossec_config>"
    (home / "etc" / "ossec.conf").write_text(conf)
    (home / "etc" / "rules" / "local_rules.xml").unlink()
    program = build(Installation(home))
    program.close()
    assert (program.workers is not None) is has_workers
