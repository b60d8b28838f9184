"""`alertmill iam-policy`: the least that a home's ossec.conf needs to be allowed in AWS, as IAM policies."""

from __future__ import annotations

import argparse
import json

from alertmill.cli import EXIT_OK, EXIT_PROBLEMS, EXIT_USAGE, Context
from alertmill.cli.home import home_of
from alertmill.errors import Problems
from alertmill.sources.aws.iam_policy import Wishes, policies

EXAMPLES = (
    "alertmill --home ./home iam-policy                          the policy for what ossec.conf reads",
    "alertmill --home ./home iam-policy --audit --kms-key ARN    also for audit, and for encrypted objects",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--for", dest="identity", metavar="IDENTITY", help="only the policy of this role or profile")
    parser.add_argument(
        "--bucket",
        metavar="NAME",
        action="append",
        default=[],
        help="a bucket that the queue of a <subscriber> tells of (repeatable; default: any)",
    )
    parser.add_argument(
        "--kms-key",
        metavar="ARN",
        action="append",
        default=[],
        help="a key that objects are encrypted with (repeatable)",
    )
    parser.add_argument("--audit", action="store_true", help="also what `alertmill audit` needs")
    parser.add_argument("--partition", default="aws", choices=("aws", "aws-cn", "aws-us-gov"), help="default: aws")


def run(options: argparse.Namespace, context: Context) -> int:
    problems = Problems()
    config = home_of(context).load_config(problems)
    problems.raise_if_fatal("the configuration cannot be used")
    wishes = Wishes(options.partition, tuple(options.bucket), tuple(options.kms_key), options.audit)
    found = policies(config.aws_s3, wishes)
    if not found:
        print('alertmill iam-policy: ossec.conf has no <wodle name="aws-s3"> that reads anything', file=context.stderr)
        return EXIT_PROBLEMS
    if options.identity:
        if options.identity not in found:
            names = ", ".join(found)
            print(
                f"alertmill iam-policy: no definition uses {options.identity}; there are: {names}", file=context.stderr
            )
            return EXIT_USAGE
        found = {options.identity: found[options.identity]}
    shown = next(iter(found.values())) if len(found) == 1 else found
    print(json.dumps(shown, indent=2), file=context.stdout)
    if len(found) > 1:
        print("Several identities are in use: each member is the policy of one; --for names one.", file=context.stderr)
    if any(module.subscribers for module in config.aws_s3) and not options.bucket:
        print("The queues' objects may lie in any bucket: narrow that with --bucket NAME.", file=context.stderr)
    return EXIT_OK
