"""`<wodle name="aws-s3">` (spec/aws-wodle.md 2.1 and 3): the module's own options, and its definitions.

Each such section is a module of its own, with its own schedule. Defaults are the documented ones (D1, D2). The faults
of a disabled module are warnings.
"""

from __future__ import annotations

from alertmill import codes
from alertmill.config import parse
from alertmill.config.aws_definitions import (
    MODULE_OPTIONS,
    legacy_bucket,
    read_bucket,
    read_service,
    read_subscriber,
)
from alertmill.config.draft import Draft
from alertmill.config.models import AwsS3, Bucket, Service, Subscriber
from alertmill.config.options import IfEmpty, Option, Values, Wording, softened
from alertmill.config.schedule import SCHEDULE_OPTIONS, fit_schedule
from alertmill.errors import Problems
from alertmill.xmltext import Element

_INVALID = "Invalid content for tag '{option}' at module 'aws-s3'."
_WORDING = Wording(unknown="No such tag '{option}' at module 'aws-s3'.", empty=_INVALID, bad=_INVALID)
_DEFINITIONS = ("bucket", "service", "subscriber")

_OPTIONS = {
    **SCHEDULE_OPTIONS,
    "access_key": Option(parse.text, if_empty=IfEmpty.UNSET),
    "disabled": Option(parse.yes_no),
    "look_back": Option(parse.duration()),
    "remove_from_bucket": Option(parse.yes_no),
    "run_on_start": Option(parse.yes_no),
    "secret_key": Option(parse.text, if_empty=IfEmpty.UNSET),
    "silence": Option(parse.duration()),
    "skip_on_error": Option(parse.yes_no),
}


def read_aws_s3(section: Element, draft: Draft, problems: Problems) -> None:
    """One `<wodle name="aws-s3">`."""
    found, values = Problems(), Values()
    values.read(section, _OPTIONS, found, _WORDING, others=_DEFINITIONS)
    fit_schedule(values, found)
    module = _read_definitions(section, values, found)
    _complain_of_nothing(section, module, found)
    problems.extend(softened(found, "the module is disabled") if module.disabled else found)
    draft.aws_s3.append(module)


def _read_definitions(section: Element, values: Values, problems: Problems) -> AwsS3:
    of_module = {name: values.found.get(name, otherwise) for name, otherwise in MODULE_OPTIONS.items()}
    buckets: list[Bucket | None] = []
    services: list[Service | None] = []
    subscribers: list[Subscriber | None] = []
    for element in section.children:
        if element.name == "bucket" and not element.attributes and not element.children:
            buckets.append(legacy_bucket(element, values, of_module, problems))
        elif element.name == "bucket":
            buckets.append(read_bucket(element, of_module, problems))
        elif element.name == "service":
            services.append(read_service(element, problems))
        elif element.name == "subscriber":
            subscribers.append(read_subscriber(element, problems))
    return values.build(
        AwsS3,
        buckets=tuple(b for b in buckets if b is not None),
        services=tuple(s for s in services if s is not None),
        subscribers=tuple(s for s in subscribers if s is not None),
    )


def _complain_of_nothing(section: Element, module: AwsS3, problems: Problems) -> None:
    if module.disabled or any(child.name in _DEFINITIONS for child in section.children):
        return
    wazuh = "No buckets, services or subscribers definitions found at module 'aws-s3'."
    if not section.children:
        wazuh = "Tag <bucket> not found at module 'aws-s3'."
    hint = 'add a <bucket type="..."> with a <name>'
    problems.warn(codes.C_NOTHING, "the aws-s3 module has nothing to read", section.origin(), hint=hint, wazuh=wazuh)
