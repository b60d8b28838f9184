"""Which scopes an operator means by a bucket, a type, an account and a region.

Pure: definitions and the names of known scopes in, beginnings of names out. Whoever names something that is not there
is told what is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from alertmill.config.models import Bucket
from alertmill.errors import AlertmillError
from alertmill.monitoring import Scope
from alertmill.sources.aws.buckets.base import BucketType
from alertmill.sources.aws.definitions import scope_prefixes

#: Names that a complaint lists.
_LISTED = 20


class ChoiceError(AlertmillError):
    """Nothing is meant by these words. `str()` says what there is instead."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What is asked for; None stands for all."""

    bucket: str | None = None
    type: str | None = None
    account: str | None = None
    region: str | None = None


def chosen(
    choice: Choice, buckets: Sequence[Bucket], types: Mapping[str, BucketType], known: Iterable[str] | None
) -> list[str]:
    """What the names of the scopes begin with that the operator means, each once, in the order of ossec.conf.

    `known` are the names of all scopes that were ever walked, None while nothing is known at all. Raises ChoiceError.
    """
    definitions = _definitions(choice, buckets)
    prefixes = dict.fromkeys(one for bucket in definitions for one in scope_prefixes(bucket, types[bucket.type]))
    if known is None:
        found = [name for bucket in definitions for name in _unseen(choice, bucket, types[bucket.type])]
        hint = "name the account as well: which ones there are shows when the daemon has run"
        return _some(found, f"nothing is known of region {choice.region} so far; {hint}")
    places = {prefix: list(_places(prefix, known)) for prefix in prefixes}
    if choice.account is None and choice.region is None:
        return [prefix for prefix in prefixes if places[prefix]] or list(prefixes)
    return _of_places(choice, places)


def _definitions(choice: Choice, buckets: Sequence[Bucket]) -> list[Bucket]:
    """The definitions of the bucket and the type that are asked for. Raises ChoiceError."""
    named = [bucket for bucket in buckets if choice.bucket in (None, bucket.name)]
    found = [bucket for bucket in named if choice.type in (None, bucket.type)]
    if not buckets:
        raise ChoiceError('ossec.conf has no <bucket> in an enabled <wodle name="aws-s3">')
    if not named:
        raise ChoiceError(f"there is no <bucket> named {choice.bucket}; there are: {_list(b.name for b in buckets)}")
    if not found:
        of = f" named {choice.bucket}" if choice.bucket else ""
        types = _list(bucket.type for bucket in named)
        raise ChoiceError(f'there is no <bucket type="{choice.type}">{of}; there are the types: {types}')
    return found


def _places(prefix: str, known: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Accounts and regions below a prefix that were ever walked; both are empty where there are none."""
    for name in known:
        if name.startswith(prefix):
            scope = Scope.parse(name)
            if not scope.is_whole and not scope.part:
                yield scope.account, scope.region


def _of_places(choice: Choice, places: Mapping[str, list[tuple[str, str]]]) -> list[str]:
    """The beginnings of those places that have the account and the region. Raises ChoiceError."""
    found: dict[str, None] = {}
    for prefix, of_prefix in places.items():
        for account, region in of_prefix:
            if choice.account in (None, account) and choice.region in (None, region):
                found[f"{prefix}{account}|{'' if choice.region is None else region}"] = None
    every = [place for of_prefix in places.values() for place in of_prefix]
    if not any(account for account, _ in every):
        raise ChoiceError("there is nothing to tell apart by account or region in what is meant here")
    accounts = _list(account for account, _ in every)
    regions = _list(region for account, region in every if choice.account in (None, account))
    if choice.account is not None and all(account != choice.account for account, _ in every):
        raise ChoiceError(f"account {choice.account} has not been read there; there are: {accounts}")
    return _some(list(found), f"region {choice.region} has not been read there; there are: {regions}")


def _unseen(choice: Choice, bucket: Bucket, kind: BucketType) -> Iterator[str]:
    """What can be meant of a definition that never ran."""
    accounts = (choice.account,) if choice.account else bucket.aws_account_id
    for prefix in scope_prefixes(bucket, kind):
        if choice.account is None and choice.region is None:
            yield prefix
        else:
            yield from (f"{prefix}{account}|{choice.region or ''}" for account in accounts)


def _some(found: list[str], otherwise: str) -> list[str]:
    if not found:
        raise ChoiceError(otherwise)
    return found


def _list(names: Iterable[str]) -> str:
    """Names for a complaint, each once."""
    each = [name for name in dict.fromkeys(names) if name]
    return ", ".join(each[:_LISTED]) + (f" and {len(each) - _LISTED} more" if len(each) > _LISTED else "")
