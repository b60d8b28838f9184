"""The golden scenarios of the reference's fetcher: what lay in the bucket, and the messages that it sent."""

from __future__ import annotations

import gzip
import json
from datetime import date, datetime
from typing import Any
from xml.etree import ElementTree

from alertmill.config.models import AwsS3, Bucket, DiscardRegex
from alertmill.event import Record
from support import SHARED
from unit.sources.aws.doubles import Bench, MemoryStore

GOLDEN = SHARED / "golden" / "aws"

Message = dict[str, Any]
#: The messages of each run.
Runs = list[list[Message]]


def names_of_scenarios(*families: str) -> list[str]:
    """The scenarios whose names begin with one of these words; none where the data is not here."""
    return sorted(path.name for path in GOLDEN.glob("*") if path.name.startswith(families))


class Scenario:
    """One folder of the golden data."""

    def __init__(self, name: str) -> None:
        self.folder = GOLDEN / name
        self.runs: list[dict[str, Any]] = json.loads((self.folder / "runs.json").read_text())["runs"]
        source = json.loads((self.folder / "source.json").read_text())
        self.bodies = {entry["key"]: (self.folder / entry["path"]).read_bytes() for entry in source["objects"]}

    def configuration(self) -> AwsS3:
        """The scenario's ossec.conf, read without the loader: this test is about objects."""
        root = ElementTree.parse(self.folder / "ossec.conf").getroot()
        element = root.find("bucket")
        assert element is not None
        given = {child.tag: child.text or "" for child in element}
        discard = element.find("discard_regex")

        def names(option: str) -> tuple[str, ...]:
            return tuple(filter(None, given.get(option, "").split(",")))

        def prefix(option: str) -> str:
            return given[option] + "/" if given.get(option) else ""

        bucket = Bucket(
            type=element.attrib["type"],  # type: ignore[arg-type]
            name=given["name"],
            aws_organization_id=given.get("aws_organization_id"),
            aws_account_id=names("aws_account_id"),
            aws_account_alias=given.get("aws_account_alias", ""),
            remove_from_bucket=given.get("remove_from_bucket") == "yes",
            path=prefix("path"),
            path_suffix=prefix("path_suffix"),
            only_logs_after=_day(given["only_logs_after"]),
            regions=names("regions"),
            discard_regex=None
            if discard is None
            else DiscardRegex(field=discard.attrib["field"], pattern=discard.text or ""),
        )
        return AwsS3(skip_on_error=root.findtext("skip_on_error") == "yes", buckets=(bucket,))

    def messages(self) -> Runs:
        """The reference's messages, per run."""
        found: Runs = [[] for _ in self.runs]
        packed = self.folder / "messages.jsonl.gz"
        text = (
            gzip.decompress(packed.read_bytes()) if packed.exists() else (self.folder / "messages.jsonl").read_bytes()
        )
        for line in text.splitlines():
            entry = json.loads(line)
            found[entry["run"] - 1].append(json.loads(entry["datagram"].removeprefix("1:Wazuh-AWS:")))
        return found


def _day(text: str) -> date:
    """The day that `only_logs_after` names."""
    return datetime.strptime(text, "%Y-%b-%d").date()


def comparable(message: Message) -> Message:
    """An error event quotes an exception of the reference's language: only its beginning is golden."""
    if "error_msg" not in message:
        return message
    key = message["aws"]["log_info"]["log_file"]
    return {**message, "error_msg": message["error_msg"].partition(key)[0] + key}


def carried_out(scenario: Scenario) -> tuple[list[list[Record]], Bench]:
    """Every run of a scenario over a bucket in memory, with a state that is kept in between: the records of each."""
    bench = Bench(MemoryStore(), scenario.configuration())
    found = []
    for run in scenario.runs:
        bench.store.objects |= {key: scenario.bodies[key] for key in run["put"]}
        if changes := _changed_options(run.get("conf_changes", {})):
            bucket = bench.config.buckets[0].model_copy(update=changes)
            bench.config = bench.config.model_copy(update={"buckets": (bucket,)})
            bench.poller = None
        found.append(bench.run())
    return found, bench


def _changed_options(changes: dict[str, str]) -> dict[str, Any]:
    """What another ossec.conf said in a run."""
    options: dict[str, Any] = {}
    if "only_logs_after" in changes:
        options["only_logs_after"] = _day(changes["only_logs_after"])
    if "path" in changes:
        options["path"] = changes["path"] + "/"
    return options
