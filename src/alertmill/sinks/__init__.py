"""Where alerts go: outputs that are committed with the batch, one file each.

The table of contents, by the word of ossec.conf that switches the output (spec/alerts.md 1).
"""

from __future__ import annotations

from alertmill.sinks.alerts_json import AlertsJson
from alertmill.sinks.alerts_log import AlertsLog
from alertmill.sinks.archives import ArchivesJson, ArchivesLog
from alertmill.sinks.firewall_log import FirewallLog
from alertmill.sinks.rejected import Rejected

__all__ = ["SINKS", "AlertsJson", "AlertsLog", "ArchivesJson", "ArchivesLog", "FirewallLog", "Rejected"]

#: Outputs by the option (or internal option) that switches them; `rejected` is always on.
SINKS = {
    "alerts_log": AlertsLog,
    "analysisd.log_fw": FirewallLog,
    "jsonout_output": AlertsJson,
    "logall": ArchivesLog,
    "logall_json": ArchivesJson,
    "rejected": Rejected,
}
