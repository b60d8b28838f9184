"""`<wodle name="aws-s3">`: the module, its buckets, services and subscribers."""

from __future__ import annotations

from datetime import date

import pytest

from alertmill.config.models import DiscardRegex
from alertmill.config.ossec_conf import read_config
from alertmill.errors import Problems
from support import need_shared

NAME = "<name>abc</name>"
BUCKET = f'<bucket type="custom">{NAME}</bucket>'
ROLE = "<iam_role_arn>arn:aws:iam::123456789012:role/r</iam_role_arn>"
QUEUE = "<sqs_name>q</sqs_name>"
NO_FIELD = "Required attribute 'field' is missing in 'discard_regex'. This is a mandatory parameter."
NO_ROLE = "Unknown error: Used --iam_role_duration argument but no --iam_role_arn provided."
GROUPS = "<aws_log_groups>/a</aws_log_groups>"


def module(content: str) -> str:
    return f'<wodle name="aws-s3">\n{content}\n</wodle>'


def bucket(content: str, kind: str = "cloudtrail") -> str:
    return module(f'<bucket type="{kind}">{NAME}{content}</bucket>')


def service(content: str, kind: str = "cloudwatchlogs") -> str:
    return module(f'<service type="{kind}">{content}</service>')


def subscriber(content: str, kind: str = "buckets") -> str:
    return module(f'<subscriber type="{kind}">{content}</subscriber>')


def test_a_users_block(load):
    config, problems = load(
        """<wodle name="aws-s3">
          <disabled>no</disabled>
          <interval>10m</interval>
          <run_on_start>yes</run_on_start>
          <skip_on_error>yes</skip_on_error>
          <bucket type="vpcflow">
            <name>wazuh-aws-wodle</name>
            <path>vpc</path>
            <aws_profile>default</aws_profile>
          </bucket>
        </wodle>"""
    )
    assert not problems
    (aws,) = config.aws_s3
    assert (aws.disabled, aws.interval.seconds, aws.run_on_start, aws.skip_on_error) == (False, 600, True, True)
    (found,) = aws.buckets
    assert (found.type, found.name, found.path, found.aws_profile) == ("vpcflow", "wazuh-aws-wodle", "vpc/", "default")
    assert str(found.at("path")) == "etc/ossec.conf:9"
    assert str(found.at("regions")) == "etc/ossec.conf:7"


def test_defaults_are_the_documented_ones(load):
    config, _ = load(module(BUCKET))
    aws = config.aws_s3[0]
    assert (aws.disabled, aws.interval.seconds, aws.run_on_start, aws.skip_on_error) == (False, 600, True, True)
    assert (aws.look_back, aws.buckets[0].look_back) == (172800, 172800)


def test_modules_and_definitions_accumulate_in_order(load):
    config, problems = load(
        module(bucket("")[len('<wodle name="aws-s3">') : -len("</wodle>")] + BUCKET) + module(service(GROUPS)[21:-8])
    )
    assert not problems.errors
    assert [[b.type for b in aws.buckets] for aws in config.aws_s3] == [["cloudtrail", "custom"], []]
    assert [s.aws_log_groups for s in config.aws_s3[1].services] == [("/a",)]


@pytest.mark.parametrize(
    ("option", "name", "value"),
    [
        ("<aws_organization_id>o-abc</aws_organization_id>", "aws_organization_id", "o-abc"),
        (
            "<aws_account_id>111111111111, 222222222222</aws_account_id>",
            "aws_account_id",
            ("111111111111", "222222222222"),
        ),
        ("<aws_account_alias>two words é</aws_account_alias>", "aws_account_alias", "two words é"),
        ('<aws_account_alias>"two words"</aws_account_alias>', "aws_account_alias", "two words"),
        ("<remove_from_bucket>yes</remove_from_bucket>", "remove_from_bucket", True),
        ("<path>a</path>", "path", "a/"),
        ("<path_suffix>a/b</path_suffix>", "path_suffix", "a/b/"),
        ("<only_logs_after>2026-JAN-01</only_logs_after>", "only_logs_after", date(2026, 1, 1)),
        ("<regions>us-gov-west-1,cn-north-1</regions>", "regions", ("cn-north-1", "us-gov-west-1")),
        ("<aws_profile>p</aws_profile>", "aws_profile", "p"),
        (f"{ROLE}<iam_role_duration>1200</iam_role_duration>", "iam_role_duration", 1200),
        ("<service_endpoint>http://127.0.0.1:9000</service_endpoint>", "service_endpoint", "http://127.0.0.1:9000"),
        ("<sts_endpoint>sts.example.com</sts_endpoint>", "sts_endpoint", "https://sts.example.com"),
        ("<look_back>12h</look_back>", "look_back", 43200),
        ("<aws_profile></aws_profile>", "aws_profile", None),
        ("<path></path>", "path", ""),
    ],
)
def test_bucket_option(load, option, name, value):
    config, problems = load(bucket(option))
    assert not problems
    assert getattr(config.aws_s3[0].buckets[0], name) == value


@pytest.mark.parametrize(
    "kind",
    [
        "cloudtrail",
        "config",
        "custom",
        "guardduty",
        "vpcflow",
        "cisco_umbrella",
        "waf",
        "alb",
        "clb",
        "nlb",
        "server_access",
    ],
)
def test_bucket_types(load, kind):
    config, problems = load(bucket("", kind))
    assert not problems
    assert config.aws_s3[0].buckets[0].type == kind


@pytest.mark.parametrize(
    ("sections", "wazuh"),
    [
        (module(f"<disabled>No</disabled>{BUCKET}"), "Invalid content for tag 'disabled' at module 'aws-s3'."),
        (module(f"<interval>5y</interval>{BUCKET}"), "Invalid interval value at module 'aws-s3'"),
        (
            module(f"<run_on_start>1</run_on_start>{BUCKET}"),
            "Invalid content for tag 'run_on_start' at module 'aws-s3'.",
        ),
        (
            module(f"<skip_on_error></skip_on_error>{BUCKET}"),
            "Invalid content for tag 'skip_on_error' at module 'aws-s3'.",
        ),
        (module(f"<intervall>1m</intervall>{BUCKET}"), "No such tag 'intervall' at module 'aws-s3'."),
        (
            module(f'<bucket kind="custom">{NAME}</bucket>'),
            "Attribute name 'kind' is not valid. The valid one is 'type'.",
        ),
        (bucket("<regons>us-east-1</regons>"), "No such child tag 'regons' of bucket at module 'aws-s3'."),
        (bucket("<external_id>x</external_id>"), "No such child tag 'external_id' of bucket at module 'aws-s3'."),
        (bucket("<aws_account_id></aws_account_id>"), "Empty content for tag 'aws_account_id' at module 'aws-s3'."),
        (bucket("<aws_account_id>1</aws_account_id>"), "Not valid AWS account ID (numeric digits only): '1'."),
        (bucket("<regions>here</regions>"), "WARNING: The region 'here' has not a valid format.'"),
        (bucket("<discard_regex>x</discard_regex>"), NO_FIELD),
        (bucket('<discard_regex field="a">(</discard_regex>'), "missing ), unterminated subpattern at position 0"),
        (bucket("<iam_role_duration>1200</iam_role_duration>"), NO_ROLE),
        (
            bucket("<remove_from_bucket>Yes</remove_from_bucket>"),
            "Invalid content for tag 'remove_from_bucket' at module 'aws-s3'.",
        ),
        (module('<bucket type="custom"><path>a</path></bucket>'), ""),
        (module('<bucket type="custom"><name></name></bucket>'), "Empty content for tag 'name' at module 'aws-s3'."),
        (service(GROUPS, "lambda"), "Invalid service type 'lambda'. Valid ones are 'inspector' or 'cloudwatchlogs'"),
        (module(f"<service>{GROUPS}</service>"), "Undefined type for service."),
        (service("<aws_log_groups></aws_log_groups>"), "Empty content for tag 'aws_log_groups' at module 'aws-s3'."),
        (service("<regions>us-east-1</regions>"), ""),
        (service("<discard_regex>x</discard_regex>", "inspector"), NO_FIELD),
        (
            subscriber(QUEUE, "bucket"),
            "Invalid subscriber type 'bucket'. Valid ones are 'security_lake', 'buckets', 'security_hub'",
        ),
        (module(f"<subscriber>{QUEUE}</subscriber>"), "Undefined type for subscriber."),
        (subscriber("<sqs_name></sqs_name>"), "Invalid content for tag 'sqs_name': It cannot be empty"),
        (subscriber("<aws_profile>p</aws_profile>"), ""),
        (
            subscriber(f"{QUEUE}<access_key>x</access_key>"),
            "No such child tag 'access_key' of subscriber at module 'aws-s3'.",
        ),
        (subscriber(f"{QUEUE}{ROLE}", "security_lake"), ""),
        (
            subscriber(
                f'{QUEUE}{ROLE}<external_id>e</external_id><discard_regex field="a">x</discard_regex>', "security_lake"
            ),
            "The 'discard_regex' parameter is not available for Security Lake.",
        ),
    ],
)
def test_a_fault_is_an_error_with_its_place(load, sections, wazuh):
    config, problems = load(sections)
    assert [(p.severity.value, p.wazuh) for p in problems] == [("error", wazuh)]
    assert problems.items[0].origin.line == 3
    assert "aws-s3" in sections
    assert len(config.aws_s3) == 1


@pytest.mark.parametrize(
    ("sections", "wazuh"),
    [
        (
            module("<disabled>no</disabled>"),
            "No buckets, services or subscribers definitions found at module 'aws-s3'.",
        ),
        (bucket("<regions></regions>"), "Empty content for tag 'regions' at module 'aws-s3'."),
        (
            bucket('<discard_regex field="a"></discard_regex>'),
            "No value was provided for 'discard_regex'. No event will be skipped.",
        ),
        (bucket("<path>/a</path>"), ""),
        (module(f'{BUCKET}<bucket type="nonsense"/>'), ""),
        (
            module("<bucket>old-bucket</bucket>"),
            "Deprecated config defined; please use current config definition at module 'aws-s3'.",
        ),
    ],
)
def test_what_is_only_a_warning(load, sections, wazuh):
    _, problems = load(sections)
    assert [(p.severity.value, p.wazuh) for p in problems] == [("warning", wazuh)]


@pytest.mark.parametrize("wodle", ['<wodle name="aws-s3"></wodle>', '<wodle name="aws-s3"/>'])
def test_a_module_without_children(load, wodle):
    config, problems = load(wodle)
    assert [p.wazuh for p in problems.warnings] == ["Tag <bucket> not found at module 'aws-s3'."]
    assert config.aws_s3[0].buckets == ()


def test_faults_of_a_disabled_module_are_warnings(load):
    config, problems = load(
        module('<disabled>yes</disabled><intervall>1</intervall><bucket type="x"><name>A</name></bucket>')
    )
    assert len(problems) == 3
    assert not problems.errors
    assert all("the module is disabled" in p.message for p in problems)
    assert config.aws_s3[0].disabled


def test_a_disabled_module_needs_nothing(load):
    _, problems = load(module("<disabled>yes</disabled>"))
    assert not problems


def test_one_bad_definition_leaves_the_others(load):
    config, problems = load(module(f'<bucket type="custom"><name>A</name></bucket>{BUCKET}'))
    assert len(problems.errors) == 1
    assert [b.name for b in config.aws_s3[0].buckets] == ["abc"]


def test_discard_regex(load):
    config, problems = load(bucket(r'<discard_regex field="a.b">"^\\d+ \w"</discard_regex>'))
    assert not problems
    found = config.aws_s3[0].buckets[0].discard_regex
    assert found == DiscardRegex(field="a.b", pattern=r"^\d+ \w", origin=found.origin)


def test_a_log_text_can_be_discarded_without_naming_a_field(load):
    config, problems = load(service(f"{GROUPS}<discard_regex>x</discard_regex>"))
    assert not problems.errors
    assert config.aws_s3[0].services[0].discard_regex.field is None


def test_look_back_of_the_module_serves_buckets_without_their_own(load):
    own = f'<bucket type="alb">{NAME}<look_back>1h</look_back></bucket>'
    config, problems = load(module(f"{BUCKET}{own}<look_back>2d</look_back>"))
    assert not problems
    assert [b.look_back for b in config.aws_s3[0].buckets] == [172800, 3600]


def test_the_last_of_a_scalar_wins(load):
    config, _ = load(bucket("<path>a</path><path>b</path>"))
    assert config.aws_s3[0].buckets[0].path == "b/"


def test_service_and_subscriber_options(load):
    config, problems = load(
        module(
            f'<service type="cloudwatchlogs">{GROUPS}<remove_log_streams>yes</remove_log_streams></service>'
            f'<service type="inspector"><regions>us-east-1</regions></service>'
            f'<subscriber type="security_lake">{QUEUE}{ROLE}<external_id>e</external_id></subscriber>'
            f'<subscriber type="security_hub">{QUEUE}<discard_regex>x</discard_regex></subscriber>'
        )
    )
    assert not problems.errors
    logs, inspector = config.aws_s3[0].services
    lake, hub = config.aws_s3[0].subscribers
    assert (logs.remove_log_streams, logs.aws_log_groups, inspector.regions) == (True, ("/a",), ("us-east-1",))
    assert (lake.external_id, lake.iam_role_arn) == ("e", "arn:aws:iam::123456789012:role/r")
    assert hub.discard_regex.pattern == "x"


def test_static_keys_work_and_stay_out_of_sight(load):
    config, problems = load(bucket("<access_key>AKIAEXAMPLE</access_key><secret_key>wJalrXUtnFEMI</secret_key>"))
    found = config.aws_s3[0].buckets[0]
    assert found.access_key.get_secret_value() == "AKIAEXAMPLE"
    assert found.secret_key.get_secret_value() == "wJalrXUtnFEMI"
    assert ["keeps a key in the configuration" in p.message for p in problems.warnings] == [True, True]
    for shown in (problems.draw(), repr(config), str([p.as_dict() for p in problems])):
        assert "AKIAEXAMPLE" not in shown
        assert "wJalrXUtnFEMI" not in shown


def test_one_key_alone_is_an_error(load):
    _, problems = load(bucket("<access_key>AKIAEXAMPLE</access_key>"))
    assert [p.message for p in problems.errors] == ["<access_key> needs <secret_key>"]


def test_a_legacy_bucket(load):
    config, problems = load(module("<remove_from_bucket>yes</remove_from_bucket><bucket>old-bucket</bucket>"))
    assert not problems.errors
    (found,) = config.aws_s3[0].buckets
    assert (found.type, found.name, found.aws_account_alias) == ("cloudtrail", "old-bucket", "LEGACY")
    assert found.remove_from_bucket


def test_a_legacy_bucket_with_a_key_is_never_emptied(load):
    config, _ = load(
        module("<bucket>old-bucket</bucket><access_key>K</access_key><remove_from_bucket>yes</remove_from_bucket>")
    )
    (found,) = config.aws_s3[0].buckets
    assert found.access_key.get_secret_value() == "K"
    assert not found.remove_from_bucket


def test_the_blocks_of_the_golden_scenarios_load():
    blocks = sorted(need_shared("golden", "aws").glob("*/ossec.conf"))
    assert len(blocks) >= 45
    for block in blocks:
        problems = Problems()
        text = f"<ossec_config>{block.read_bytes().decode('latin-1')}</ossec_config>"
        config = read_config(text, block.parent.name, problems)
        assert not problems.errors, problems.draw()
        aws = config.aws_s3[0]
        assert len(aws.buckets) + len(aws.services) + len(aws.subscribers) >= 1
