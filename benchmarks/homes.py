"""Homes to measure and test with: the stock ruleset of the reference data, and what `alertmill init` makes."""

from __future__ import annotations

import os
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
