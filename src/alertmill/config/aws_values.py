"""Values of the AWS module: text -> value (spec/aws-wodle.md 4 and 5). Each raises `BadValueError` with Wazuh's words.

The reference checks most of these only when it reads, run after run; here they are checked once, at load. Lists are
trimmed (D30), every well-formed region is accepted (D12), and both spellings of a backslash are understood (D3).
"""

from __future__ import annotations

import re
import warnings
from datetime import date

from alertmill import codes
from alertmill.config import parse
from alertmill.config.defaults import MAX_ROLE_DURATION, MIN_ROLE_DURATION
from alertmill.config.options import BadValueError, printable
from alertmill.errors import did_you_mean

#: Regions that a misspelt one is compared with. Others are accepted as long as they are well-formed.
KNOWN_REGIONS = tuple(
    """
    af-south-1 ap-east-1 ap-east-2 ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ap-south-2 ap-southeast-1
    ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 ap-southeast-7 ca-central-1 ca-west-1 cn-north-1
    cn-northwest-1 eu-central-1 eu-central-2 eu-north-1 eu-south-1 eu-south-2 eu-west-1 eu-west-2 eu-west-3 il-central-1
    me-central-1 me-south-1 mx-central-1 sa-east-1 us-east-1 us-east-2 us-gov-east-1 us-gov-west-1 us-west-1 us-west-2
    """.split()  # noqa: SIM905  # one word per region reads better
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_FORBIDDEN = "\\{}^%`[]'\"<>~#|"

_REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}")
_ACCOUNT = re.compile(r"[0-9]{12}")
_DATE = re.compile(r"([0-9]{4})-([A-Za-z]{3})-([0-9]{1,2})")
_BUCKET_NAME = re.compile(r"(?!xn--)(?!.*(?:-s3alias|--ol-s3)$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_ROLE_ARN = re.compile(r"arn:[a-z0-9-]+:iam::[0-9]{12}:role/\S+")
_QUEUE_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}")
_ENTITY = re.compile(r"&(?:#[0-9]+|#x[0-9A-Fa-f]+|[A-Za-z]+);")
_ENDPOINT = re.compile(r"(https?://)?[^\s/:]+(:[0-9]+)?(/\S*)?")


def unquoted(value: str) -> str:
    """The value without one pair of double quotes around the whole of it."""
    return value[1:-1] if len(value) >= 2 and value[0] == value[-1] == '"' else value


def accounts(value: str) -> tuple[str, ...]:
    """A comma list of account ids."""
    found = parse.words(value)
    for account in found:
        if not _ACCOUNT.fullmatch(account):
            wazuh = f"Not valid AWS account ID (numeric digits only): '{printable(account)}'."
            raise BadValueError(
                "account ids of 12 digits, separated by commas",
                hint="leave out the dashes" if "-" in account else "",
                wazuh=wazuh,
                position=_position(value, account),
                length=len(account),
            )
    return found


def regions(value: str) -> tuple[str, ...]:
    """A comma list of regions, sorted."""
    found = parse.words(value)
    for region in found:
        if not _REGION.fullmatch(region):
            raise BadValueError(
                "regions like us-east-1, separated by commas",
                hint=did_you_mean(region.lower(), KNOWN_REGIONS),
                wazuh=f"WARNING: The region '{printable(region)}' has not a valid format.'",
                position=_position(value, region),
                length=len(region),
            )
    return tuple(sorted(found))


def _position(value: str, word: str) -> int:
    """Where an element of a comma list stands."""
    found = re.search(rf"(?:^|,)\s*({re.escape(word)})\s*(?:,|$)", value)
    return found.start(1) if found else -1


def bucket_name(value: str) -> str:
    """The name of an S3 bucket."""
    if not _BUCKET_NAME.fullmatch(value):
        raise BadValueError(
            "a bucket name: 3 to 63 lower-case letters, digits, - and .",
            hint="the name alone, without s3:// and without a path" if "/" in value else "",
            wazuh=f"'{printable(value)}' isn't a valid bucket name.",
        )
    return value


def prefix(value: str) -> str:
    """The beginning of object keys: empty, or ending in `/`."""
    plain = unquoted(value)
    _refuse_forbidden(plain)
    return plain if not plain or plain.endswith("/") else plain + "/"


def log_groups(value: str) -> tuple[str, ...]:
    """A comma list of log group names."""
    _refuse_forbidden(value)
    return parse.words(value)


def _refuse_forbidden(value: str) -> None:
    bad = next((c for c in value if c in _FORBIDDEN), "")
    entity = _ENTITY.search(value)
    if not bad and entity is None:
        return
    what = bad or (entity.group() if entity else "")
    raise BadValueError(
        f"no {what} in it",
        hint=f"none of {' '.join(_FORBIDDEN)} and no XML entity can stand here",
        wazuh=f"'{printable(value)}' has an invalid character. Avoid to use '{what}'.",
    )


def day(value: str) -> date:
    """A day, `2026-JAN-01`; the month in any case."""
    found = _DATE.fullmatch(value)
    try:
        if found:
            return date(int(found[1]), _MONTHS.index(found[2].lower()) + 1, int(found[3]))
    except ValueError:
        pass  # no such month or day
    wazuh = f"Argument not a valid date in format YYYY-MMM-DD: '{printable(value)}'."
    raise BadValueError("a day like 2026-JAN-01", wazuh=wazuh)


def role_arn(value: str) -> str:
    """The ARN of a role, in any partition."""
    if not _ROLE_ARN.fullmatch(value):
        wazuh = "Invalid ARN Role specified. Value must be a valid ARN Role."
        raise BadValueError("a role like arn:aws:iam::123456789012:role/name", wazuh=wazuh)
    return value


def role_duration(value: str) -> int:
    """Seconds that an assumed role lasts."""
    try:
        return parse.number(MIN_ROLE_DURATION, MAX_ROLE_DURATION, "seconds")(value)
    except BadValueError as bad:
        wazuh = "Invalid session duration specified. Value must be between 900 and 3600."
        raise BadValueError(bad.expected, wazuh=wazuh) from None


def queue_name(value: str) -> str:
    """The name of an SQS queue."""
    if not _QUEUE_NAME.fullmatch(value):
        raise BadValueError(
            "the name of a queue: up to 80 letters, digits, - and _",
            hint="the name alone, not its URL or ARN" if "/" in value or ":" in value else "",
            wazuh="Invalid SQS Name specified. Value must be up to 80 characters and the valid values are alphanumeric "
            "characters, hyphens (-), and underscores (_)",
        )
    return value


def endpoint(value: str) -> str:
    """The URL of a service; without a scheme, https is meant."""
    plain = unquoted(value)
    found = _ENDPOINT.fullmatch(plain)
    if not found:
        raise BadValueError("a URL like https://s3.example.com")
    return plain if found[1] else f"https://{plain}"


def discard_pattern(value: str) -> str:
    """The pattern of `<discard_regex>`: unquoted, each doubled backslash made one, compiling.

    A `<` can only be written `\\<` in the file; where that stands in a group's head, `(?\\<name>`, it means `<`.
    """
    plain = unquoted(value).replace("\\\\", "\\")
    pattern = plain.replace("(?\\<", "(?<").replace("(?P\\<", "(?P<")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what a future Python may read otherwise is not the user's business
            re.compile(pattern)
    except re.error as error:
        position = error.pos if error.pos is not None and pattern == value else -1
        expected = f"a regular expression ({error.msg})"
        raise BadValueError(expected, position=position, wazuh=str(error), code=codes.C_PATTERN) from None
    except (OverflowError, RecursionError):
        raise BadValueError("a regular expression (this one is too large)", code=codes.C_PATTERN) from None
    return pattern
