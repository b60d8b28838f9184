"""The one call of EC2 as our small model describes it is the call as the SDK describes it."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest

from alertmill.sources.aws.session import _loader

SERVICE = ("ec2", "service-2")


def as_sdk_says() -> dict[str, Any]:
    model: dict[str, Any] = botocore.session.Session().get_component("data_loader").load_service_model(*SERVICE)
    return model


def test_our_model_is_part_of_the_one_of_the_sdk():
    ours, theirs = _loader().load_service_model(*SERVICE), as_sdk_says()
    assert list(ours["operations"]) == ["DescribeFlowLogs"], "the SDK's own model is read: it knows a newer version"
    assert without_words(ours["metadata"]) == without_words(theirs["metadata"])
    for kind in ("operations", "shapes"):
        for name, said in ours[kind].items():
            assert is_part_of(said, without_words(theirs[kind][name])), f"{kind} {name}"


def test_endpoints_and_pages_are_those_of_the_sdk():
    session = botocore.session.Session()
    for name in ("endpoint-rule-set-1", "paginators-1"):
        assert _loader().load_service_model("ec2", name) == session.get_component("data_loader").load_service_model(
            "ec2", name
        )


@pytest.mark.parametrize("said, expected", [({"a": 1}, True), ({"a": 2}, False), ({"b": 1}, False)])
def test_parts(said, expected):
    assert is_part_of(said, {"a": 1, "c": {}}) is expected


def without_words(value: Any) -> Any:
    """A description without what is written for people."""
    if isinstance(value, dict):
        return {name: without_words(inner) for name, inner in value.items() if name != "documentation"}
    return value


def is_part_of(value: Any, whole: Any) -> bool:
    """Whether all that a description says is said by another one too."""
    if not isinstance(value, dict):
        return bool(value == whole)
    return isinstance(whole, dict) and all(
        name in whole and is_part_of(inner, whole[name]) for name, inner in value.items()
    )
