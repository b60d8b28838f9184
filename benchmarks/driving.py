"""Starts what is measured (`drive`) and what stands around it: an S3 server, and a sender of messages."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from alertmill.samples import SampleObject
from benchmarks import drive
from benchmarks.drive import Report
from benchmarks.harness import TINY, scratch
from benchmarks.inputs.trail import BUCKET, REGION

#: A bucket that has nothing in it.
EMPTY_BUCKET = "empty"


def driven(mode: str, *arguments: str | Path) -> Report:
    """Run `drive` in a process of its own; in the tiny form here, to be quick."""
    words = [str(argument) for argument in arguments]
    if TINY:
        return drive.MODES[mode](*words)
    done = subprocess.run([sys.executable, "-m", "benchmarks.drive", mode, *words], stdout=subprocess.PIPE, check=True)
    return Report.from_json(done.stdout)


def served(home: Path, messages: Path, count: int) -> Report:
    """A daemon on its queue socket in a process of its own, and another process that sends it the messages."""
    command = [sys.executable, "-m", "benchmarks.drive", "serve", str(home), str(count)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as daemon:
        assert daemon.stdout is not None
        if daemon.stdout.readline() != b"ready\n":
            raise RuntimeError(f"the daemon did not start; see {home}/logs/ossec.log")
        socket = home / "queue" / "sockets" / "queue"
        subprocess.run([sys.executable, "-m", "benchmarks.send", str(socket), str(messages)], check=True)
        return Report.from_json(daemon.stdout.read())


@contextmanager
def s3(objects: Sequence[SampleObject], latency: float = 0.0) -> Iterator[None]:
    """An S3 server in a process of its own that holds `objects`; the environment leads the AWS SDK to it.

    It takes `latency` seconds for each answer, any number at a time. Its CPU is nobody's business.
    """
    with scratch() as folder:
        (folder / EMPTY_BUCKET).mkdir()
        for sample in objects:
            path = folder / BUCKET / sample.key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(sample.body)
        server = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.s3_responder", str(folder), str(latency)], stdout=subprocess.PIPE
        )
        try:
            assert server.stdout is not None
            _point_at(int(server.stdout.readline()))
            yield
        finally:
            server.kill()
            server.communicate()


def _point_at(port: int) -> None:
    os.environ.update(
        AWS_ENDPOINT_URL=f"http://127.0.0.1:{port}",
        AWS_ACCESS_KEY_ID="bench",
        AWS_SECRET_ACCESS_KEY="bench",
        AWS_DEFAULT_REGION=REGION,
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
        AWS_EC2_METADATA_DISABLED="true",
        NO_PROXY="*",
    )
