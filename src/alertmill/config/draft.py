"""What has been read of ossec.conf so far: sections may come in several pieces, models are made at the end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from alertmill.config.models import AwsS3, InternalOptions, Label, OtherSection, Ruleset
from alertmill.config.options import Values
from alertmill.errors import Problems
from alertmill.xmltext import Element


@dataclass(slots=True)
class Draft:
    """A `Config` in the making. `internal` is there because some ranges depend on internal options."""

    internal: InternalOptions
    global_: Values = field(default_factory=Values)
    alerts: Values = field(default_factory=Values)
    cluster: Values = field(default_factory=Values)
    logging: Values = field(default_factory=Values)
    rule_test: Values = field(default_factory=Values)
    rulesets: list[Ruleset] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    aws_s3: list[AwsS3] = field(default_factory=list)
    others: list[tuple[Element, OtherSection]] = field(default_factory=list)


#: Reads one section (an element with children) into the draft.
SectionReader = Callable[[Element, Draft, Problems], None]
