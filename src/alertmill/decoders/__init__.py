"""Text -> events -> fields: pre-decoding, the decoder language, the plugin decoders (spec/predecoding.md, decoders.md).

    tree = load_decoders([("etc/decoders/local_decoder.xml", text)], problems)
    event = predecode(record, "myhost")
    tree.decode(event)

Everything is byte text (see `alertmill.event`). Files are read and events are judged elsewhere.
"""

from __future__ import annotations

from alertmill.decoders.decode import DecoderTree
from alertmill.decoders.member_fields import MemberReader
from alertmill.decoders.plugins import PLUGINS
from alertmill.decoders.plugins.ossecalert import OSSEC_ALERT
from alertmill.decoders.plugins.windows_eventchannel import decode_eventchannel
from alertmill.decoders.predecode import QueueMessage, Rejected, predecode, split_queue_message
from alertmill.decoders.route import JsonRoute
from alertmill.decoders.static_texts import StaticTexts
from alertmill.decoders.trace import Decoding, trace_decoding
from alertmill.decoders.tree import DecoderOptions, build_decoders, load_decoders, read_decoders

__all__ = [
    "OSSEC_ALERT",
    "PLUGINS",
    "DecoderOptions",
    "DecoderTree",
    "Decoding",
    "JsonRoute",
    "MemberReader",
    "QueueMessage",
    "Rejected",
    "StaticTexts",
    "build_decoders",
    "decode_eventchannel",
    "load_decoders",
    "predecode",
    "read_decoders",
    "split_queue_message",
    "trace_decoding",
]
