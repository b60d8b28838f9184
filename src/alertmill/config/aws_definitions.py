"""`<bucket>`, `<service>` and `<subscriber>` of the AWS module (spec/aws-wodle.md 2.2 to 2.4).

A definition with a fault is reported and left out. Whether AWS knows the things it names shows when they are read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, get_args

from alertmill import codes
from alertmill.config import aws_values, parse
from alertmill.config.defaults import LOOK_BACK, SILENCE
from alertmill.config.models import Bucket, BucketTypeName, DiscardRegex, Service, Subscriber
from alertmill.config.options import (
    BadValueError,
    IfEmpty,
    Option,
    Values,
    Wording,
    attribute_of,
    bad_value,
    name_of,
    printable,
    shown,
    text_of,
)
from alertmill.errors import Problems, did_you_mean
from alertmill.xmltext import Element

ServiceTypeName = Literal["cloudwatchlogs", "inspector"]
SubscriberTypeName = Literal["security_lake", "buckets", "security_hub"]

#: Options of a bucket that may stand in the module, for all of its buckets, and their defaults. Seconds.
MODULE_OPTIONS = {"look_back": LOOK_BACK, "silence": SILENCE}

_NO_TAG = "No such child tag '{{option}}' of {} at module 'aws-s3'."
_EMPTY_TAG = "Empty content for tag '{option}' at module 'aws-s3'."
_BAD_TAG = "Invalid content for tag '{option}' at module 'aws-s3'."
_BUCKET = Wording(_NO_TAG.format("bucket"), _EMPTY_TAG, _BAD_TAG)
_SERVICE = Wording(_NO_TAG.format("service"), _EMPTY_TAG, _BAD_TAG)
_SUBSCRIBER = Wording(_NO_TAG.format("subscriber"), "Invalid content for tag '{option}': It cannot be empty", _BAD_TAG)

_ACCESS_OPTIONS = {
    "access_key": Option(parse.text, if_empty=IfEmpty.UNSET),
    "aws_profile": Option(parse.text, if_empty=IfEmpty.UNSET),
    "iam_role_arn": Option(aws_values.role_arn, if_empty=IfEmpty.UNSET),
    "iam_role_duration": Option(aws_values.role_duration, if_empty=IfEmpty.UNSET),
    "secret_key": Option(parse.text, if_empty=IfEmpty.UNSET),
    "service_endpoint": Option(aws_values.endpoint, if_empty=IfEmpty.UNSET),
    "sts_endpoint": Option(aws_values.endpoint, if_empty=IfEmpty.UNSET),
}

_BUCKET_OPTIONS = {
    **_ACCESS_OPTIONS,
    "aws_account_alias": Option(aws_values.unquoted, if_empty=IfEmpty.UNSET),
    "aws_account_id": Option(aws_values.accounts),
    "aws_organization_id": Option(parse.text, if_empty=IfEmpty.UNSET),
    "look_back": Option(parse.duration()),
    "name": Option(aws_values.bucket_name),
    "only_logs_after": Option(aws_values.day, if_empty=IfEmpty.UNSET),
    "path": Option(aws_values.prefix, if_empty=IfEmpty.UNSET),
    "path_suffix": Option(aws_values.prefix, if_empty=IfEmpty.UNSET),
    "regions": Option(aws_values.regions, if_empty=IfEmpty.WARNING),
    "remove_from_bucket": Option(parse.yes_no),
    "silence": Option(parse.duration()),
}

_SERVICE_OPTIONS = {
    **_ACCESS_OPTIONS,
    "aws_account_alias": Option(aws_values.unquoted, if_empty=IfEmpty.UNSET),
    "aws_account_id": Option(aws_values.accounts),
    "aws_log_groups": Option(aws_values.log_groups),
    "only_logs_after": Option(aws_values.day, if_empty=IfEmpty.UNSET),
    "regions": Option(aws_values.regions, if_empty=IfEmpty.WARNING),
    "remove_log_streams": Option(parse.yes_no),
}

_SUBSCRIBER_OPTIONS = {
    "aws_profile": Option(parse.text),
    "external_id": Option(parse.text),
    "iam_role_arn": Option(aws_values.role_arn),
    "iam_role_duration": Option(aws_values.role_duration),
    "service_endpoint": Option(aws_values.endpoint),
    "sqs_name": Option(aws_values.queue_name),
    "sts_endpoint": Option(aws_values.endpoint),
}


def read_bucket(element: Element, of_module: Mapping[str, int], problems: Problems) -> Bucket | None:
    """`<bucket type="...">`; `of_module` has what the module says for buckets without the option (MODULE_OPTIONS)."""
    if not element.children:
        message = "a <bucket> without options is left out"
        problems.warn(codes.C_NOTHING, message, element.origin(), hint="give it at least a <name>")
        return None
    kind = _type_of(element, get_args(BucketTypeName), _bad_bucket_type, problems)
    values, found = Values(), Problems()
    values.read(element, _BUCKET_OPTIONS, found, _BUCKET, others=["discard_regex"])
    discard = _discard_regex(element, found, field_needed=True)
    _check_access(values, found)
    _require(values, ["name"], found)
    for name in ("path", "path_suffix"):
        if values.found.get(name, "").startswith("/"):
            message = f"<{name}> begins with /: it matches only keys that begin so, which is rare"
            found.warn(codes.C_VALUE, message, values.elements[name].text_origin(), hint="leave out the first /")
    problems.extend(found)
    if kind is None or found.errors:
        return None
    for name in MODULE_OPTIONS:
        values.found.setdefault(name, of_module[name])
    return values.build(Bucket, type=kind, discard_regex=discard)


def legacy_bucket(element: Element, module: Values, of_module: Mapping[str, int], problems: Problems) -> Bucket | None:
    """`<bucket>name</bucket>` without attributes, as before 3.7: CloudTrail, with the module's keys."""
    problems.warn(
        codes.C_DEPRECATED,
        "a <bucket> without a type is an old form; it is read as cloudtrail",
        element.origin(),
        hint='write <bucket type="cloudtrail"><name>...</name></bucket>',
        wazuh="Deprecated config defined; please use current config definition at module 'aws-s3'.",
    )
    text = text_of(element, problems)
    try:
        name = aws_values.bucket_name(text)
    except BadValueError as bad:
        bad_value(element, text, bad, problems, _BUCKET)
        return None
    keys = {name: module.get(name) for name in ("access_key", "secret_key")}
    return Bucket(
        origin=element.origin(),
        type="cloudtrail",
        name=name,
        aws_account_alias="LEGACY",
        remove_from_bucket=bool(module.get("remove_from_bucket")) and not keys["access_key"],
        **of_module,
        **keys,
    )


def read_service(element: Element, problems: Problems) -> Service | None:
    """`<service type="...">`."""
    kind = _type_of(element, get_args(ServiceTypeName), _bad_service_type, problems)
    values, found = Values(), Problems()
    values.read(element, _SERVICE_OPTIONS, found, _SERVICE, others=["discard_regex"])
    discard = _discard_regex(element, found, field_needed=kind == "inspector")
    _check_access(values, found)
    if kind == "cloudwatchlogs":
        _require(values, ["aws_log_groups"], found)
    problems.extend(found)
    if kind is None or found.errors:
        return None
    return values.build(Service, type=kind, discard_regex=discard)


def read_subscriber(element: Element, problems: Problems) -> Subscriber | None:
    """`<subscriber type="...">`."""
    kind = _type_of(element, get_args(SubscriberTypeName), _bad_subscriber_type, problems)
    values, found = Values(), Problems()
    values.read(element, _SUBSCRIBER_OPTIONS, found, _SUBSCRIBER, others=["discard_regex"])
    discard = _discard_regex(element, found, field_needed=False)
    lake = kind == "security_lake"
    if lake and discard is not None:
        wazuh = "The 'discard_regex' parameter is not available for Security Lake."
        message = "<discard_regex> does not go with security_lake"
        found.error(codes.C_CONFLICT, message, discard.origin, hint="remove it", wazuh=wazuh)
    _check_access(values, found)
    _require(values, ["sqs_name", "external_id", "iam_role_arn"] if lake else ["sqs_name"], found)
    problems.extend(found)
    if kind is None or found.errors:
        return None
    return values.build(Subscriber, type=kind, discard_regex=discard)


def _bad_bucket_type(kind: str) -> str:
    return f"Invalid bucket type '{kind}'. Valid ones are {', '.join(map(repr, get_args(BucketTypeName)))}"


def _bad_service_type(kind: str) -> str:
    return f"Invalid service type '{kind}'. Valid ones are 'inspector' or 'cloudwatchlogs'"


def _bad_subscriber_type(kind: str) -> str:
    names = get_args(SubscriberTypeName)
    return f"Invalid subscriber type '{kind}'. Valid ones are {', '.join(map(repr, names))}"


def _type_of(element: Element, types: tuple[str, ...], wazuh: Callable[[str], str], problems: Problems) -> str | None:
    """The first attribute, which must be `type` with one of `types`."""
    name = next(iter(element.attributes), "")
    what = name_of(element)
    if name != "type":
        message = f'<{what}> needs the attribute type="..."'
        said = f"Attribute name '{printable(name)}' is not valid. The valid one is 'type'."
        said = said if name else f"Undefined type for {what}."
        problems.error(codes.C_ATTRIBUTE, message, element.origin(), hint=f"types: {', '.join(types)}", wazuh=said)
        return None
    kind = element.attributes[name]
    if kind in types:
        return kind
    problems.error(
        codes.C_ATTRIBUTE,
        f"{shown(kind)} is no type of <{what}>",
        element.attribute_origin("type"),
        hint=did_you_mean(kind, types) or f"types: {', '.join(types)}",
        wazuh=wazuh(printable(kind)),
    )
    return None


def _discard_regex(section: Element, problems: Problems, *, field_needed: bool) -> DiscardRegex | None:
    """The last `<discard_regex>` of a definition."""
    found = None
    for element in (child for child in section.children if child.name == "discard_regex"):
        found = _one_discard_regex(element, problems, field_needed=field_needed)
    return found


def _one_discard_regex(element: Element, problems: Problems, *, field_needed: bool) -> DiscardRegex | None:
    field = attribute_of(element, "field", problems)
    if field_needed and not field:
        problems.error(
            codes.C_ATTRIBUTE,
            '<discard_regex> needs the attribute field="..."',
            element.origin(),
            hint='name the field that is compared, for instance field="eventName"',
            wazuh="Required attribute 'field' is missing in 'discard_regex'. This is a mandatory parameter.",
        )
        return None
    text = text_of(element, problems)
    if not aws_values.unquoted(text):
        wazuh = "No value was provided for 'discard_regex'. No event will be skipped."
        problems.warn(codes.C_EMPTY, "<discard_regex> has no text: nothing is skipped", element.origin(), wazuh=wazuh)
        return None
    try:
        pattern = aws_values.discard_pattern(text)
    except BadValueError as bad:
        bad_value(element, text, bad, problems)
        return None
    return DiscardRegex(field=field or None, pattern=pattern, origin=element.origin())


def _check_access(values: Values, problems: Problems) -> None:
    """What can be said of credentials only when all options are known."""
    keys = [name for name in ("access_key", "secret_key") if name in values.found]
    for name in keys:
        problems.warn(
            codes.C_DEPRECATED,
            f"<{name}> keeps a key in the configuration file",
            values.elements[name].origin(),
            hint="use an <aws_profile>, an <iam_role_arn>, or the role of the machine",
            wazuh=f"Deprecated tag <{name}> found at module 'aws-s3'. This tag was deprecated in 4.4; "
            "please use a different authentication method.",
        )
    if len(keys) == 1:
        other = "secret_key" if keys == ["access_key"] else "access_key"
        message = f"<{keys[0]}> needs <{other}>"
        problems.error(codes.C_REQUIRED, message, values.elements[keys[0]].origin())
    if "iam_role_duration" in values.found and "iam_role_arn" not in values.elements:
        wazuh = "Unknown error: Used --iam_role_duration argument but no --iam_role_arn provided."
        message = "<iam_role_duration> needs <iam_role_arn>"
        problems.error(codes.C_CONFLICT, message, values.elements["iam_role_duration"].origin(), wazuh=wazuh)


def _require(values: Values, names: list[str], problems: Problems) -> None:
    """Report required options that the definition does not have at all; bad ones are reported already."""
    section = values.section
    assert section is not None
    written = {child.name for child in section.children}
    for name in names:
        if name not in written:
            kind = printable(section.attributes.get("type", ""))
            message = f'<{name_of(section)} type="{kind}"> needs <{name}>'
            problems.error(codes.C_REQUIRED, message, section.origin())
