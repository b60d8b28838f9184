"""What the tests of the configuration share: a way to read a piece of ossec.conf."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from alertmill.config.models import Config
from alertmill.config.ossec_conf import read_config
from alertmill.errors import Problems
from alertmill.event import to_byte_text

Load = Callable[[str], tuple[Config, Problems]]


@pytest.fixture
def load() -> Load:
    """Reads sections (ordinary text, without the root element) as the file `etc/ossec.conf`."""

    def read(sections: str) -> tuple[Config, Problems]:
        problems = Problems()
        text = to_byte_text(f"<ossec_config>\n{sections}\n</ossec_config>\n")
        return read_config(text, "etc/ossec.conf", problems), problems

    return read
