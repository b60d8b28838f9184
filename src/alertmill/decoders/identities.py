"""The numbers by which rules tell decoders apart: all decoders of one name share one (spec/decoders.md 2)."""

from __future__ import annotations

from typing import Final

#: Names that exist without any file: decoders of the special queues.
BUILT_IN: Final = {
    name: number
    for number, name in enumerate(
        (
            "rootcheck",
            "syscheck_integrity_changed",
            "syscheck_new_entry",
            "syscheck_deleted",
            "syscheck_registry_key_modified",
            "syscheck_registry_key_added",
            "syscheck_registry_key_deleted",
            "syscheck_registry_value_modified",
            "syscheck_registry_value_added",
            "syscheck_registry_value_deleted",
            "hostinfo_new",
            "hostinfo_modified",
            "syscollector",
            "ciscat",
            "windows_eventchannel",
            "sca",
        ),
        start=1,
    )
}
