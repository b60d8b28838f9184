"""`alertmill demo`: the whole job with no account and no network.

An S3 server on this machine is filled with generated objects; a real daemon polls it as its ossec.conf says; its alerts
are shown. Nothing here is a shortcut: what runs is `alertmill run`.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import boto3

from alertmill import samples
from alertmill.checkpoints import Checkpoints
from alertmill.cli import EXIT_OK, EXIT_PROBLEMS, Context
from alertmill.cli.dashboard import NEEDED as DASHBOARD_MODULES
from alertmill.cli.init import make_home
from alertmill.cli.progress import Patience
from alertmill.cli.text import os_error, printable
from alertmill.errors import CheckpointError

EXAMPLES = (
    "alertmill demo                            a minute, then it ends by itself",
    "alertmill demo --serve --keep ./demo      in a folder of your choice; the dashboard stays until Ctrl-C",
)
#: Seconds that the dashboard gets to answer.
_DASHBOARD_PATIENCE = 30.0

_BUCKET = "alertmill-demo"
_ACCOUNT = "123456789012"
_REGION = "us-east-1"
#: Both halves of the credentials: the local server takes any.
_WORD = "demo"
#: Sample objects and events per object: small enough to be over in seconds, large enough for every kind of alert.
_CLOUDTRAIL = (6, 150)
_FLOW = (4, 100)
#: Seconds that the daemon gets to read everything.
_PATIENCE = 120.0

_CONFIGURATION = """
  <wodle name="aws-s3">
    <disabled>no</disabled>
    <interval>10m</interval>
    <run_on_start>yes</run_on_start>
    <skip_on_error>yes</skip_on_error>
    <bucket type="cloudtrail">
      <name>{bucket}</name>
    </bucket>
    <bucket type="vpcflow">
      <name>{bucket}</name>
    </bucket>
  </wodle>
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seed", type=int, default=1, help="which sample events to make (default: 1)")
    parser.add_argument(
        "--keep", metavar="DIR", help="where to make the home: a new or empty folder (default: a temporary one)"
    )
    parser.add_argument("--serve", action="store_true", help="go on serving the dashboard until Ctrl-C")


def run(options: argparse.Namespace, context: Context) -> int:
    if options.keep and (trouble := _in_the_way(Path(options.keep))):
        print(f"alertmill demo: {printable(trouble)}", file=context.stderr)
        return EXIT_PROBLEMS
    if find_spec("moto") is None or find_spec("flask") is None:
        print("alertmill demo: needs the extra `demo`: pip install 'alertmill[demo]'", file=context.stderr)
        return EXIT_PROBLEMS
    home = Path(options.keep) if options.keep else Path(tempfile.mkdtemp(prefix="alertmill-demo-"))
    return _Demo(home, options.seed, context, serve=options.serve).run()


def _in_the_way(folder: Path) -> str:
    """Why no home can be made there, empty if one can: a home in use, above all, is not the demonstration's."""
    try:
        if not any(folder.iterdir()):
            return ""
    except FileNotFoundError:
        return ""
    except OSError as error:
        return os_error(error)
    is_home = (folder / "etc" / "ossec.conf").exists()
    what = "is a home already" if is_home else "is not empty"
    return f"{folder} {what}; name a new folder with --keep, or remove this one first"


class _Demo:
    """One demonstration in the folder `home`. With `serve` the dashboard stays until Ctrl-C."""

    def __init__(self, home: Path, seed: int, context: Context, *, serve: bool) -> None:
        self.home = home
        self.seed = seed
        self.serve = serve
        self.out = context.stdout
        self._stderr = context.stderr

    def say(self, text: str = "") -> None:
        print(text, file=self.out, flush=True)

    def run(self) -> int:
        with Patience(self._stderr, lambda: "starting an S3 server on this machine"):
            from moto.server import ThreadedMotoServer

            # The server's own line per request would bury what is to be seen.
            logging.getLogger("werkzeug").setLevel(logging.ERROR)
            server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
            server.start()
        try:
            host, port = server.get_host_and_port()
            return self._with_server(f"http://{host}:{port}")
        finally:
            server.stop()

    def _with_server(self, endpoint: str) -> int:
        # The user's own AWS settings must not reach into this, in our process as little as in the daemon's.
        environment = _environment(endpoint)
        os.environ.clear()
        os.environ.update(environment)
        make_home(self.home)
        self._configure()
        with Patience(self._stderr, lambda: "filling it with log objects"):
            objects = self._fill_bucket()
        wanted = self._tell_of(objects)
        self.say(f"2. A daemon reads it: alertmill --home {self.home} run")
        with (self.home / "logs" / "demo-daemon.txt").open("wb") as daemon_output:
            daemon = subprocess.Popen(  # noqa: S603  # our own program, no shell
                [sys.executable, "-m", "alertmill", "--home", str(self.home), "run"],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=daemon_output,
                stderr=daemon_output,
            )
            try:
                finished = self._wait(daemon, wanted)
            finally:
                daemon.send_signal(signal.SIGTERM)
                code = daemon.wait(timeout=30)
        if not finished or code != 0:
            self.say(f"The daemon did not finish the job (exit code {code}). Its log: {self.home}/logs/ossec.log")
            return EXIT_PROBLEMS
        self._show()
        self._dashboard(environment)
        self._try_next()
        return EXIT_OK

    def _configure(self) -> None:
        """Put the demonstration's buckets into the ossec.conf that every new home gets."""
        path = self.home / "etc" / "ossec.conf"
        text = path.read_text(encoding="utf-8")
        block = _CONFIGURATION.format(bucket=_BUCKET)
        path.write_text(f"{text}\n<ossec_config>{block}</ossec_config>\n", encoding="utf-8")

    def _fill_bucket(self) -> list[samples.SampleObject]:
        """Upload the sample objects; returns them."""
        client = boto3.client("s3")
        client.create_bucket(Bucket=_BUCKET)
        objects = list(_sample_objects(self.seed))
        for sample in objects:
            client.put_object(Bucket=_BUCKET, Key=sample.key, Body=sample.body)
        return objects

    def _tell_of(self, objects: list[samples.SampleObject]) -> int:
        """Say what there is to read; returns how many objects."""
        size = sum(len(sample.body) for sample in objects) / 1024
        self.say(f"1. An S3 server on this machine holds {len(objects)} new log objects ({size:.0f} KiB), for instance")
        self.say(f"   s3://{_BUCKET}/{objects[0].key}")
        return len(objects)

    def _wait(self, daemon: subprocess.Popen[bytes], wanted: int) -> bool:
        """Wait until the checkpoint says that all objects are done."""
        deadline = time.monotonic() + _PATIENCE
        done = 0
        with Patience(self._stderr, lambda: f"{done} of {wanted} objects read"):
            while time.monotonic() < deadline and daemon.poll() is None:
                done = _objects_done(self.home)
                if done >= wanted:
                    return True
                time.sleep(0.2)
        return False

    def _show(self) -> None:
        alerts = self.home / "logs" / "alerts" / "alerts.json"
        lines = alerts.read_bytes().splitlines()
        events = [json.loads(line) for line in lines]
        self.say(f"3. It wrote {len(events)} alerts, the busiest rules first:")
        names = {alert["rule"]["id"]: alert["rule"]["level"] for alert in events}
        for rule, count in Counter(alert["rule"]["id"] for alert in events).most_common(12):
            sample = next(alert for alert in events if alert["rule"]["id"] == rule)
            self.say(f"   {count:5} x  rule {rule:>6}  level {names[rule]:>2}  {sample['rule']['description'][:80]}")
        self.say("4. The last of them:")
        for alert in events[-8:]:
            self.say(f"   {_line(alert)}")

    def _dashboard(self, environment: dict[str, str]) -> None:
        """Serve the dashboard, look at it, and keep it for as long as the user wants."""
        command = f"alertmill --home {self.home} dashboard"
        if not all(map(find_spec, DASHBOARD_MODULES)):
            self.say("5. The dashboard needs the extra `dashboard`: pip install 'alertmill[dashboard]', then")
            self.say(f"   {command}")
            return
        self.say(f"5. The dashboard: {command}")
        dashboard = subprocess.Popen(  # noqa: S603  # our own program, no shell
            [sys.executable, "-m", "alertmill", "--home", str(self.home), "dashboard", "--port", "0"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the demonstration, which then ends the dashboard
        )
        try:
            assert dashboard.stdout is not None
            url = dashboard.stdout.readline().decode().strip().rpartition(" ")[2]
            seen = _alerts_on(url)
            if seen is None:
                self.say(f"   It did not answer within {_DASHBOARD_PATIENCE:.0f} seconds.")
                return
            self.say(f"   {url} showed {seen} alerts.")
            if self.serve:
                with suppress(KeyboardInterrupt):  # Ctrl-C may come while the line is still being written
                    self.say(f"   Open {url} in a browser; Ctrl-C ends the demonstration.")
                    dashboard.wait()
        finally:
            dashboard.terminate()
            dashboard.communicate(timeout=30)

    def _try_next(self) -> None:
        alerts = self.home / "logs" / "alerts" / "alerts.json"
        self.say()
        self.say(f"All alerts:       {alerts}")
        self.say(f"The daemon's log: {self.home}/logs/ossec.log")
        self.say("Try next:")
        home = f"alertmill --home {self.home}"
        next_steps = {
            f"{home} dashboard": "then open the page that it names",
            f"{home} tail --level 10": "the grave ones, as they come; Ctrl-C ends it",
            f"{home} top --since 1h": "which rules, accounts and users; q ends it",
            f"{home} logtest": "then paste a log line",
            "alertmill init ./home": "your own home, with your own bucket",
        }
        width = max(map(len, next_steps))
        for command, what in next_steps.items():
            self.say(f"  {command:<{width}}  {what}")


def _environment(endpoint: str) -> dict[str, str]:
    """The daemon's environment: nothing of the user's own AWS settings, everything of the local server."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ALERTMILL_"))}
    return kept | {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": _WORD,
        "AWS_SECRET_ACCESS_KEY": _WORD,
        "AWS_DEFAULT_REGION": _REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


def _sample_objects(seed: int) -> Iterator[samples.SampleObject]:
    """CloudTrail and flow log objects of the last hours of today (UTC), as AWS would have delivered them."""
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    start = max(now - timedelta(hours=1), now.replace(hour=0, minute=0))
    objects, events = _CLOUDTRAIL
    yield from samples.cloudtrail_objects(
        seed=seed,
        account=_ACCOUNT,
        region=_REGION,
        start=start,
        objects=objects,
        events_per_object=events,
        profile=samples.EVENTFUL,
    )
    objects, records = _FLOW
    yield from samples.flow_objects(
        seed=seed, account=_ACCOUNT, region=_REGION, start=start, objects=objects, records_per_object=records
    )


def _objects_done(home: Path) -> int:
    try:
        checkpoints = Checkpoints(home / "var", read_only=True)
    except CheckpointError:
        return 0
    try:
        return sum(scope.objects for scope in checkpoints.scopes())
    finally:
        checkpoints.close()


def _alerts_on(url: str) -> int | None:
    """How many alerts the dashboard at `url` shows once it has read all of them; None when it does not answer."""
    deadline = time.monotonic() + _DASHBOARD_PATIENCE
    while url.startswith("http://127.0.0.1:") and time.monotonic() < deadline:
        with suppress(OSError), urlopen(f"{url}api/status", timeout=5) as answer:  # noqa: S310  # our own, on loopback
            status = json.load(answer)
            if status["ready"]:
                return int(status["rows"])
        time.sleep(0.2)
    return None


def _line(alert: dict[str, Any]) -> str:
    rule = alert["rule"]
    return f"{alert['timestamp'][11:19]}  level {rule['level']:>2}  {rule['id']:>6}  {rule['description'][:100]}"
