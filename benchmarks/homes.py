"""Homes to measure and test with: the stock ruleset of the reference data, and what `alertmill init` makes."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from alertmill.cli.init import make_home

SHARED = Path(os.environ.get("ALERTMILL_SHARED", Path(__file__).resolve().parents[2] / "shared"))
STOCK = SHARED / "wazuh-4.14"

_STOCK_LISTS = (
    "audit-keys",
    "amazon/aws-eventnames",
    "security-eventchannel",
    "malicious-ioc/malware-hashes",
    "malicious-ioc/malicious-ip",
    "malicious-ioc/malicious-domains",
)

_STOCK_CONF = """<ossec_config>
  <global><jsonout_output>yes</jsonout_output><alerts_log>yes</alerts_log></global>
  <alerts><log_alert_level>{level}</log_alert_level><email_alert_level>12</email_alert_level></alerts>
  <ruleset>
    <decoder_dir>ruleset/decoders</decoder_dir>
    <rule_dir>ruleset/rules</rule_dir>
    <rule_exclude>0215-policy_rules.xml</rule_exclude>
    {lists}
  </ruleset>
</ossec_config>
"""

_OWN_CONF = """<ossec_config>
  <global>
    <jsonout_output>yes</jsonout_output><alerts_log>yes</alerts_log><memory_size>{memory}</memory_size>
  </global>
  <alerts><log_alert_level>3</log_alert_level><email_alert_level>12</email_alert_level></alerts>
  <ruleset>
    <decoder_dir>ruleset/decoders</decoder_dir>
    <rule_include>ruleset/rules/0005-categories_rules.xml</rule_include>
    <rule_dir>etc/rules</rule_dir>
  </ruleset>
</ossec_config>
"""

_WODLE = """<ossec_config>
  <wodle name="aws-s3">
    <disabled>no</disabled>
    <interval>10m</interval>
    <bucket type="{type}">
      <name>{bucket}</name>
      <only_logs_after>2021-JAN-01</only_logs_after>
    </bucket>
  </wodle>
</ossec_config>
"""

_FORMAT = "<ossec_config><global><event_format>{format}</event_format></global></ossec_config>\n"
_WORKERS = "<ossec_config><global><workers>{count}</workers></global></ossec_config>\n"


def stock_home(folder: Path, level: int = 3) -> Path:
    """A home with the stock ruleset of the reference data and `<log_alert_level>` `level`."""
    shutil.copytree(STOCK / "rules", folder / "ruleset" / "rules")
    shutil.copytree(STOCK / "decoders", folder / "ruleset" / "decoders")
    shutil.copytree(STOCK / "lists", folder / "etc" / "lists")
    lists = "".join(f"<list>etc/lists/{name}</list>" for name in _STOCK_LISTS)
    (folder / "etc" / "ossec.conf").write_text(_STOCK_CONF.format(level=level, lists=lists))
    return folder


def shipped_home(folder: Path) -> Path:
    """A home as `alertmill init` makes it."""
    make_home(folder)
    return folder


def calm_home(folder: Path) -> Path:
    """A shipped home in which accepted flows are silent, by the example that its local rules have for that."""
    rules = shipped_home(folder) / "etc" / "rules" / "local_rules.xml"
    text, found = re.subn(r"<!-- example: silence accepted flows\n(.*?)-->", r"\1", rules.read_text(), flags=re.DOTALL)
    if found != 1:
        raise RuntimeError(f"{rules} has no example for silencing accepted flows")
    rules.write_text(text)
    return folder


def own_home(folder: Path, rules: str, memory: int = 8192) -> Path:
    """A home with the shipped decoders, these rules below the roots, and `memory` events of history."""
    make_home(folder)
    (folder / "etc" / "rules" / "local_rules.xml").write_text(rules)
    (folder / "etc" / "ossec.conf").write_text(_OWN_CONF.format(memory=memory))
    return folder


def read_bucket(home: Path, bucket_type: str, bucket: str) -> Path:
    """Let the home read a bucket. A shipped home's own definition, which is switched off, stays.

    The daemon does everything itself unless `use_workers` said otherwise, however many cores the machine has.
    """
    if "<workers>" not in (home / "etc" / "ossec.conf").read_text():
        use_workers(home, 1)
    return _append(home, _WODLE.format(type=bucket_type, bucket=bucket))


def use_workers(home: Path, count: int) -> Path:
    """Let the home's daemon use `count` worker processes."""
    return _append(home, _WORKERS.format(count=count))


def use_format(home: Path, event_format: str) -> Path:
    """Let the home's daemon spell AWS messages so."""
    return _append(home, _FORMAT.format(format=event_format))


def _append(home: Path, text: str) -> Path:
    conf = home / "etc" / "ossec.conf"
    conf.write_text(conf.read_text() + text)
    return home
