"""The worked examples of docs/services.md, run as they stand there."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from alertmill.config.ossec_conf import read_config
from alertmill.errors import Problems
from unit.sources.aws.services.fakes import NOON_MS, Bench, FakeInspector, FakeLogs, FakeSession

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "services.md").read_text(encoding="utf-8")
REGION = "eu-west-1"


def blocks(language: str, section: str = "") -> list[str]:
    """The blocks of a section in a language; without a section, those of the whole page."""
    text = PAGE.partition(f"\n## {section}\n")[2].partition("\n## ")[0] if section else PAGE
    found = re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)
    assert found
    return found


def daemon(kind: str, client: Any, event_format: str) -> Bench:
    """A daemon with the page's definition of this type, in one region, under an alias."""
    problems = Problems()
    config = read_config(f"<ossec_config>{blocks('xml')[0]}</ossec_config>", "services.md", problems)
    assert not list(problems)
    (service,) = (service for service in config.aws_s3[0].services if service.type == kind)
    service = service.model_copy(update={"regions": (REGION,), "aws_account_alias": "prod"})
    module = config.aws_s3[0].model_copy(update={"services": (service,)})
    return Bench(FakeSession({REGION: client}), module, event_format)


@pytest.mark.parametrize("event_format", ["compatible", "improved"])
def test_the_events_of_the_page_give_its_messages(event_format: str) -> None:
    client = FakeLogs()
    section = PAGE.partition("\n## cloudwatchlogs\n")[2]
    events = [" ".join(text.split()) for text in re.findall(r"`([^`]*)`", section.partition("become")[0])[:2]]
    client.put("/aws/lambda/orders", "web1", *events)
    client.groups["/aws/eks/prod/cluster"] = {}
    found = daemon("cloudwatchlogs", client, event_format)
    compatible, improved = blocks("text", "cloudwatchlogs")
    assert found.run() == (compatible if event_format == "compatible" else improved).splitlines()
    assert found.said() == []


@pytest.mark.parametrize("event_format", ["compatible", "improved"])
def test_the_finding_of_the_page_gives_its_message(event_format: str) -> None:
    told, compatible, improved = blocks("json", "inspector")
    client, finding = FakeInspector(), json.loads(told)
    for name in ("firstObservedAt", "updatedAt"):
        finding[name] = datetime.fromtimestamp(finding[name], UTC)
    client.findings["a"] = finding
    client.put("discarded", NOON_MS, severity="LOW")
    message = compatible if event_format == "compatible" else improved
    assert daemon("inspector", client, event_format).run() == [message.strip()]
