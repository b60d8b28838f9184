"""AWS's partitions: which one a region, an ARN or an endpoint belongs to, and what its names end in.

What is known of them comes with the SDK, so a newer SDK knows newer ones; a region that it has never heard of is told
by its form, and taken for one of the partition `aws` when even that says nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlsplit

import botocore.session

from alertmill.config.models import AwsAccess

#: The partition that is meant where nothing tells.
COMMON = "aws"

_ARN = re.compile(r"arn:(aws[a-z0-9-]*):", re.ASCII)


@dataclass(frozen=True, slots=True)
class Partition:
    """`region` is the one that serves where none is named, `suffixes` are what host names end in."""

    name: str
    region: str
    suffixes: tuple[str, ...]
    regions: re.Pattern[str]


@cache
def partitions() -> dict[str, Partition]:
    """Every partition that the SDK knows, by name."""
    told = botocore.session.Session().get_component("data_loader").load_data("partitions")["partitions"]
    return {
        entry["id"]: Partition(
            entry["id"],
            entry["outputs"]["implicitGlobalRegion"],
            (f".{entry['outputs']['dnsSuffix']}", f".{entry['outputs']['dualStackDnsSuffix']}"),
            re.compile(entry["regionRegex"], re.ASCII),
        )
        for entry in told
    }


def of_region(region: str | None) -> str | None:
    """The partition of a region by the form of its name, None for a name that is of no known form."""
    return next((known.name for known in partitions().values() if region and known.regions.match(region)), None)


def of_arn(arn: str | None) -> str | None:
    """The partition that an ARN names."""
    found = _ARN.match(arn or "")
    return found.group(1) if found else None


def of_url(url: str | None) -> str | None:
    """The partition of an endpoint of Amazon's own: by the region in its name, else by what it ends in."""
    host = _host(url)
    if not is_amazon(url):
        return None
    by_region = next((found for label in host.split(".") if (found := of_region(label))), None)
    return by_region or next(known.name for known in partitions().values() if host.endswith(known.suffixes))


def is_amazon(url: str | None) -> bool:
    """Whether an endpoint is Amazon's own."""
    return any(_host(url).endswith(known.suffixes) for known in partitions().values())


def region_in(partition: str) -> str:
    """The region of a partition that serves where none is named."""
    known = partitions()
    return known.get(partition, known[COMMON]).region


def meant(access: AwsAccess, regions: tuple[str, ...], own: str | None) -> str:
    """The partition that a definition means; `own` is the region of the profile or the environment."""
    told = (
        of_region(regions[0] if regions else None),
        of_arn(access.iam_role_arn),
        of_url(access.service_endpoint),
        of_url(access.sts_endpoint),
        of_region(own),
    )
    return next(filter(None, told), COMMON)


def region_to_ask(partition: str, regions: tuple[str, ...], own: str | None) -> str | None:
    """The region in which S3 and STS are asked, None for the SDK's own choice: the one of the profile, if any."""
    fits = of_region(own) in (None, partition)
    if fits and partition == COMMON:
        return None
    if regions and of_region(regions[0]) == partition:
        return regions[0]
    return None if fits and own else region_in(partition)


def _host(url: str | None) -> str:
    try:
        return urlsplit(url or "").hostname or ""
    except ValueError:
        return ""
