"""The catalogue of plugin decoders: decoders written as code, for logs no regex describes (spec/decoders.md 7, 10).

Keyed by the word that users write in `<plugin_decoder>`. `windows_eventchannel` stands beside them without a word of
its own: it decodes whatever arrives in the queue of Windows events.
"""

from __future__ import annotations

from typing import Final

from alertmill.decoders.plugins import json, ossecalert, pf, sonicwall, symantecws
from alertmill.decoders.plugins.base import Plugin, PluginSettings, StaticFieldGroup, StaticFieldRule

__all__ = ["PLUGINS", "Plugin", "PluginSettings", "StaticFieldGroup", "StaticFieldRule"]

PLUGINS: Final[dict[str, Plugin]] = {
    "JSON_Decoder": Plugin(json.decode, honours_offset=True, makes_static_fields=True),
    "OSSECAlert_Decoder": Plugin(ossecalert.decode),
    "PF_Decoder": Plugin(pf.decode),
    "SonicWall_Decoder": Plugin(sonicwall.decode),
    "SymantecWS_Decoder": Plugin(symantecws.decode),
}
