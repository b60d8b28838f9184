"""`alertmill check --aws` against AWS as moto plays it, which also knows who may do what."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from alertmill.cli import EXIT_OK, EXIT_PROBLEMS, main
from s3server import S3Server, running_s3_server
from support import PATIENCE
from system.daemon import new_home, sample_objects

MORE = """<ossec_config>
  <wodle name="aws-s3">
    <disabled>no</disabled>
    <service type="cloudwatchlogs"><aws_log_groups>app</aws_log_groups><regions>us-east-1</regions></service>
    <service type="inspector"><regions>us-east-1</regions></service>
    <subscriber type="buckets"><sqs_name>events</sqs_name></subscriber>
  </wodle>
</ossec_config>
"""
NEVER = "not tried"


@pytest.fixture(scope="module")
def aws() -> Iterator[S3Server]:
    """Two kinds of logs, a log group and a queue with a message, in a cloud where permissions count."""
    with running_s3_server() as server:
        server.reset()
        server.make_bucket("logs", sample_objects(objects=1, events=5))
        logs = server.client("logs")
        logs.create_log_group(logGroupName="app")
        logs.create_log_stream(logGroupName="app", logStreamName="one")
        queues = server.client("sqs")
        url = queues.create_queue(QueueName="events")["QueueUrl"]
        queues.send_message(QueueUrl=url, MessageBody="{}")
        yield server
        _enforce(server, "inf")
        server.reset()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = new_home(tmp_path / "home", "logs")
    conf = home / "etc" / "ossec.conf"
    conf.write_text(conf.read_text() + MORE)
    return home


def _enforce(server: S3Server, calls_before: str) -> None:
    url, headers = f"{server.url}/moto-api/reset-auth", {"Content-Type": "text/plain"}
    urlopen(Request(url, data=calls_before.encode(), method="POST", headers=headers), timeout=PATIENCE).close()


@pytest.fixture
def check(
    aws: S3Server, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """Runs the command as a user with a policy."""
    for name, value in aws.env.items():
        monkeypatch.setenv(name, value)
    count = 0

    def run(policy: dict[str, Any] | None, *words: str) -> tuple[int, str]:
        nonlocal count
        count += 1
        _enforce(aws, "inf")
        name = f"reader-{home.parent.name}-{count}"
        iam = aws.client("iam")
        iam.create_user(UserName=name)
        if policy is not None:
            iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=json.dumps(policy))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
        _enforce(aws, "0")
        capsys.readouterr()
        code = main(["--home", str(home), "check", "--aws", *words])
        return code, capsys.readouterr().out

    return run


@pytest.fixture
def policy(home: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """What `iam-policy` prints for the home; moto knows no resources of queues and log groups."""
    assert main(["--home", str(home), "iam-policy"]) == EXIT_OK
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    for statement in found["Statement"]:
        if "s3" not in str(statement["Action"]):
            statement["Resource"] = "*"
    return found


def without(policy: dict[str, Any], action: str) -> dict[str, Any]:
    less = deepcopy(policy)
    for statement in less["Statement"]:
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        statement["Action"] = [one for one in actions if one != action] or ["iam:GetUser"]
    return less


def test_the_printed_policy_is_enough(check: Any, policy: dict[str, Any], aws: S3Server) -> None:
    before = aws.keys("logs")
    code, out = check(policy)
    assert code == EXIT_OK
    assert "FAILED" not in out
    for line in (
        "bucket logs/ (cloudtrail), etc/ossec.conf:",
        "  ok      identity: arn:aws:iam::123456789012:user/reader-",
        "  ok      list: 1 account: 123456789012 (us-east-1)\n",
        "  ok      read: AWSLogs/123456789012/CloudTrail/us-east-1/2026/01/15/",
        "  ok      flow logs in us-east-1: none\n",
        "  ok      app in us-east-1: 1 stream, events can be read\n",
        "  ok      findings in us-east-1: findings can be listed\n",
        "  ok      attributes: about 1 messages wait, visibility timeout 30 s\n",
        "  -       messages: not tried: ",
        "\nAWS: 19 ok, 0 failed, 2 not tried\n",
    ):
        assert line in out
    _enforce(aws, "inf")
    queues = aws.client("sqs")
    url = queues.get_queue_url(QueueName="events")["QueueUrl"]
    attributes = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert attributes["ApproximateNumberOfMessages"] == "1"
    assert attributes["ApproximateNumberOfMessagesNotVisible"] == "0"
    assert aws.keys("logs") == before


@pytest.mark.parametrize(
    ("action", "what"),
    [
        ("s3:ListBucket", "list"),
        ("s3:GetObject", "read"),
        ("logs:DescribeLogStreams", "app in us-east-1"),
        ("logs:GetLogEvents", "app in us-east-1"),
        ("inspector2:ListFindings", "findings in us-east-1"),
        ("sqs:GetQueueUrl", "queue"),
        ("sqs:GetQueueAttributes", "attributes"),
    ],
)
def test_what_is_missing_is_named(check: Any, policy: dict[str, Any], action: str, what: str) -> None:
    code, out = check(without(policy, action), "--json")
    assert code == EXIT_PROBLEMS
    report = json.loads(out)["aws"]
    failed = [trial for trial in report["trials"] if trial["ok"] is False]
    assert report["failed"] == len(failed) >= 1
    assert {trial["what"] for trial in failed} == {what}
    for trial in failed:
        assert f"allow {action}" in trial["detail"]
        assert "user/reader-" in trial["detail"]
        assert trial["detail"].endswith("[A001]")


def test_flow_logs_are_good_to_have(check: Any, policy: dict[str, Any]) -> None:
    code, out = check(without(policy, "ec2:DescribeFlowLogs"))
    assert code == EXIT_OK
    (line,) = [line for line in out.splitlines() if "flow logs in us-east-1" in line]
    assert line.startswith("  -  ")
    assert "allow ec2:DescribeFlowLogs on *" in line
    assert line.endswith("not needed: all objects are read anyway")


def test_nothing_is_tried_while_ossec_conf_has_errors(check: Any, home: Path) -> None:
    conf = home / "etc" / "ossec.conf"
    conf.write_text(conf.read_text().replace("<sqs_name>events</sqs_name>", "<sqs_name>e v</sqs_name>"))
    code, out = check(None)
    assert code == EXIT_PROBLEMS
    assert out.endswith("\nAWS was not tried: ossec.conf has errors\n")


def test_a_home_that_reads_nothing(check: Any, home: Path) -> None:
    (home / "etc" / "ossec.conf").write_text('<ossec_config><wodle name="aws-s3"/></ossec_config>')
    code, out = check(None)
    assert code == EXIT_OK
    assert "there is nothing of AWS to try" in out


ROLE = "arn:aws:iam::123456789012:role/LogReader"
BY_ROLE = """<ossec_config>
  <wodle name="aws-s3">
    <disabled>no</disabled>
    <bucket type="cloudtrail">
      <name>logs</name>
      <iam_role_arn>{role}</iam_role_arn>
      <iam_role_duration>900</iam_role_duration>
      <sts_endpoint>{url}</sts_endpoint>
      <service_endpoint>{url}</service_endpoint>
    </bucket>
  </wodle>
</ossec_config>
"""


@pytest.mark.parametrize("trusted", [True, False])
def test_a_role_reads_with_its_own_permissions(check: Any, home: Path, aws: S3Server, trusted: bool) -> None:
    read: dict[str, Any] = {"Effect": "Allow", "Action": ["s3:ListBucket", "s3:GetObject"], "Resource": "*"}
    assume: dict[str, Any] = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}
    other: dict[str, Any] = {"Effect": "Allow", "Action": "iam:GetUser", "Resource": "*"}
    _enforce(aws, "inf")
    iam = aws.client("iam")
    if ROLE not in [role["Arn"] for role in iam.list_roles()["Roles"]]:
        trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        iam.create_role(RoleName="LogReader", AssumeRolePolicyDocument=document)
        document = json.dumps({"Version": "2012-10-17", "Statement": [read]})
        iam.put_role_policy(RoleName="LogReader", PolicyName="p", PolicyDocument=document)
    (home / "etc" / "ossec.conf").write_text(BY_ROLE.format(role=ROLE, url=aws.url))
    code, out = check({"Version": "2012-10-17", "Statement": [assume if trusted else other]})
    if trusted:
        assert code == EXIT_OK
        assert f"  ok      credentials: {ROLE}\n" in out
        assert "  ok      identity: arn:aws:sts::123456789012:assumed-role/LogReader/WazuhLogParsing\n" in out
        assert "  ok      read: AWSLogs/" in out
    else:
        assert code == EXIT_PROBLEMS
        (line,) = [line for line in out.splitlines() if "credentials" in line]
        assert line.startswith(f"  FAILED  credentials: sts:AssumeRole on {ROLE} was refused for access key ...")
        assert line.endswith(f"; allow sts:AssumeRole on {ROLE}, also in the role's trust policy  [A001]")
