"""Names of fields that are spelled nearly as one that events have, where the JSON decoder may fill any.

Nobody can list what JSON may hold, so a name is only told when it is a slip of the pen away from one that is
known: from the rules of others under the same root, or from the records of AWS. A name that is far from all of
them is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from alertmill.errors import Origin, Problem
from alertmill.event import STATIC_FIELDS
from alertmill.lint import catalogue as kinds
from alertmill.lint.fields import is_decoded_by_orders
from alertmill.lint.scene import Scene
from alertmill.ruleset.spec import RuleSpec
from alertmill.ruleset.tree import FIRST_LINKED_ID, LinkedNode, LinkedRule

#: Where the members of AWS records stand in a message.
_AWS = "aws."
#: Members of CloudTrail records, findings of GuardDuty and flow logs of VPC, as AWS documents them.
_OF_AWS = """
additionalEventData apiVersion awsRegion errorCode errorMessage eventCategory eventID eventName eventSource eventTime
eventType eventVersion insightDetails managementEvent readOnly recipientAccountId requestID requestParameters
resources responseElements serviceEventDetails sessionCredentialFromConsole sharedEventID sourceIPAddress
source_ip_address tlsDetails.cipherSuite tlsDetails.clientProvidedHostHeader tlsDetails.tlsVersion userAgent
userIdentity.accessKeyId userIdentity.accountId userIdentity.arn userIdentity.invokedBy userIdentity.principalId
userIdentity.sessionContext.attributes.creationDate userIdentity.sessionContext.attributes.mfaAuthenticated
userIdentity.sessionContext.sessionIssuer.accountId userIdentity.sessionContext.sessionIssuer.arn
userIdentity.sessionContext.sessionIssuer.principalId userIdentity.sessionContext.sessionIssuer.type
userIdentity.sessionContext.sessionIssuer.userName userIdentity.type userIdentity.userName vpcEndpointId
vpcEndpointAccountId source aws_account_id log_info.aws_account_alias log_info.log_file log_info.s3bucket

accountId arn confidence createdAt description id partition region resource.accessKeyDetails.accessKeyId
resource.accessKeyDetails.principalId resource.accessKeyDetails.userName resource.accessKeyDetails.userType
resource.instanceDetails.imageId resource.instanceDetails.instanceId resource.instanceDetails.instanceType
resource.resourceType schemaVersion service.action.actionType service.archived service.count service.detectorId
service.eventFirstSeen service.eventLastSeen service.resourceRole service.serviceName severity title type updatedAt

account_id action bytes dstaddr dstport end flow_direction instance_id interface_id log_status packets
pkt_dst_aws_service pkt_dstaddr pkt_src_aws_service pkt_srcaddr protocol srcaddr srcport start sublocation_id
sublocation_type subnet_id tcp_flags traffic_path version vpc_id az_id
"""
#: Shorter words are near too many others, and in longer ones two letters may be wrong.
_SHORT, _LONG = 5, 8
#: Below these every service has names of its own, some of them a letter apart.
_FREE = ("requestparameters", "responseelements", "additionaleventdata", "serviceeventdetails")


def check_names(scene: Scene) -> Iterator[Problem]:
    """Names that nobody else uses and that look like a known one."""
    used, vouched = _used(scene)
    for rule in scene.rules():
        if is_decoded_by_orders(scene, rule):
            continue  # `fields` tells of those
        roots = _roots(rule)
        known = {name.lower(): name for root in roots for name in vouched[root]}
        if any(name.lower().startswith(_AWS) for root in roots for name in used[root]):
            known = _names_of_aws() | known
        for name, place in _named(scene, rule.spec):
            near = _near(name.lower(), known)
            if near:
                message = f"rule {rule.spec.id} asks for the field '{name}', which nothing else knows"
                yield kinds.MISSPELLED_FIELD.at(place, message, f"did you mean {known[near]}?")


def _roots(rule: LinkedRule) -> set[int]:
    """The rules right below the tops of the tree that events of a rule come through."""
    return {_root(node) for node in rule.nodes}


def _root(node: LinkedNode) -> int:
    while node.parent is not None and node.parent.rule.spec.id >= FIRST_LINKED_ID:
        node = node.parent
    return node.rule.spec.id


def _used(scene: Scene) -> tuple[dict[int, set[str]], dict[int, set[str]]]:
    """By root, the names that rules ask for, and those of them that rules of others ask for."""
    used: dict[int, set[str]] = {}
    vouched: dict[int, set[str]] = {}
    for rule in scene.linked.values():
        names = {name for name, _ in _named(scene, rule.spec)}
        is_own = rule.spec.origin.path in scene.judged.own
        for root in _roots(rule):
            used.setdefault(root, set()).update(names)
            vouched.setdefault(root, set()).update(() if is_own else names)
    return used, vouched


def _named(scene: Scene, spec: RuleSpec) -> Iterator[tuple[str, Origin]]:
    """The dynamic fields that a rule asks for, and the place of each."""
    for field in spec.fields:
        yield field.name, field.source.origin()
    for list_ in spec.lists:
        if not list_.static:
            yield list_.field, list_.origin
    element = scene.element(spec) if spec.same_fields or spec.different_fields else None
    for child in element.children if element is not None else ():
        if child.name.lower() in ("same_field", "different_field", "not_same_field"):
            yield child.text.strip(), child.text_origin()


@cache
def _names_of_aws() -> dict[str, str]:
    """The names of AWS as messages have them, by their lower case."""
    return {(_AWS + name).lower(): _AWS + name for name in _OF_AWS.split()}


def _near(name: str, known: dict[str, str]) -> str:
    """The known name that `name` was probably meant to be; empty when it is known, or far from all. Lower case."""
    if name in known or name in STATIC_FIELDS or any(one.startswith(f"{name}.") for one in known):
        return ""
    if _AWS + name in known:
        return _AWS + name
    return next((one for one in sorted(known) if _is_slip(name, one)), "")


def _is_slip(name: str, known: str) -> bool:
    """Whether the names differ in one part only, and there by a letter or two."""
    parts, others = name.split("."), known.split(".")
    if len(parts) != len(others):
        return False
    pairs = [(one, other) for one, other in zip(parts, others, strict=True) if one != other]
    if len(pairs) != 1:
        return False
    one, other = pairs[0]
    if min(len(one), len(other)) < _SHORT or one.rstrip("s") == other.rstrip("s"):
        return False
    if other not in _FREE and any(part in _FREE for part in others[:-1]):
        return sorted(one) == sorted(other) and _distance(one, other) == 1
    return _distance(one, other) <= (2 if min(len(one), len(other)) >= _LONG else 1)


def _distance(one: str, other: str) -> int:
    """How many letters must be put in, left out, replaced, or swapped with the next, to make one from the other."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, char in enumerate(one, 1):
        last, before_last = row, before
        row = [i]
        for j, wanted in enumerate(other, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (char != wanted))
            if i > 1 and j > 1 and char == other[j - 2] and one[i - 2] == wanted:
                cost = min(cost, before_last[j - 2] + 1)
            row.append(cost)
        before = last
    return row[-1]
