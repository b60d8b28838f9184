"""What every format of subscribers keeps to."""

from __future__ import annotations

import importlib
import sys
from typing import get_args

import pytest

from alertmill.config.aws_definitions import SubscriberTypeName
from alertmill.sources.aws.formats import ObjectFormat
from alertmill.sources.aws.subscribers import SUBSCRIBER_TYPES

every_type = pytest.mark.parametrize("kind", list(SUBSCRIBER_TYPES.values()), ids=lambda kind: kind.type)


def test_the_catalogue_holds_every_word_of_ossec_conf() -> None:
    assert list(SUBSCRIBER_TYPES) == sorted(get_args(SubscriberTypeName))
    assert all(word == kind.type for word, kind in SUBSCRIBER_TYPES.items())


@every_type
def test_the_file_is_pure(kind: ObjectFormat) -> None:
    module = importlib.import_module(type(kind).__module__)
    outside = {"asyncio", "boto3", "botocore", "logging", "os", "pathlib", "random", "socket", "sqlite3", "subprocess"}
    names = {value.__name__ for value in vars(module).values() if type(value) is type(sys)}
    assert not names & (outside | {"threading", "time"})


@every_type
def test_messages_name_no_account(kind: ObjectFormat) -> None:
    assert kind.names_account is False
