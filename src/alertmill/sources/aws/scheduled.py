"""The schedule of a `<wodle name="aws-s3">` as a loop of runs, for every source that serves its definitions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, tzinfo

from alertmill.config.models import AwsS3
from alertmill.sources.aws.alarm import Alarm
from alertmill.sources.aws.schedule import first_start, next_start
from alertmill.sources.base import Batch, NextRun, Progress, Stop


def scheduled_runs(
    config: AwsS3,
    name: str,
    run: Callable[[], Iterator[Batch]],
    progress: Progress,
    stop: Stop,
    *,
    clock: Callable[[], float],
    log: Callable[[str, str], None],
    zone: tzinfo | None = None,
    alarm: Alarm | None = None,
) -> Iterator[Batch]:
    """The batches of one run after the other until `stop` is set (aws-wodle.md 3).

    `run` gives the batches of one run. The planned start is stored as the schedule `name`. `zone` is that of `<time>`,
    `<day>` and `<wday>`, None for the machine's. A ring of the `alarm` means a run now, beside the planned ones.
    """
    start = first_start(config, clock(), progress.next_run(name), zone)
    while True:
        wait = start - clock()
        if wait > 0:
            yield Batch(marks=(NextRun(name, start),))
            log("DEBUG", f"Sleeping until: {datetime.fromtimestamp(start, zone):%Y/%m/%d %H:%M:%S}")
        if alarm is not None and alarm.pause(stop, wait):
            yield from run()
            if stop.is_set():
                return
            continue
        if stop.wait(0.0 if alarm is not None else max(wait, 0.0)):
            return
        yield from run()
        if stop.is_set():
            return
        start, overtaken = next_start(config, start, clock(), zone)
        if overtaken:
            log("WARNING", "Interval overtaken.")
