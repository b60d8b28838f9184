"""What the configuration says about rules: Wazuh's options and internal options, with their defaults and units."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo
from typing import Literal

#: Smallest history that the engine works with (`memory_size`, spec/alerts.md 6).
MIN_MEMORY_SIZE = 2048


@dataclass(frozen=True, slots=True)
class RuleOptions:
    """Values that rules are loaded and matched with.

    Args:
        log_alert_level: lowest level that is written as an alert.
        email_alert_level: lowest level that sets an alert's `mail` flag.
        default_timeframe: seconds, for rules that say none (`analysisd.default_timeframe`).
        decoder_order_size: most `field` elements of one rule (`analysisd.decoder_order_size`).
        memory_size: events of history; smaller values than 2048 are raised to it.
        fts_list_size: keys that the similarity test of `ids` decoders looks back at (`analysisd.fts_list_size`).
        fts_min_size_for_str: bytes that similar keys share (`analysisd.fts_min_size_for_str`).
        zone: of the `time` and `weekday` criteria and of the hourly reset of firedtimes; None is the local zone.
        engine: `fast` decides among siblings by tables, `plain` tries them one after another; the verdicts are equal.
        suppress_ignored: let `check_if_ignored` silence events. Off, because in Wazuh it has no effect
            (spec/rules.md 12).
        invert_address_values: evaluate `address_match_key_value` as Wazuh does, which is the opposite of what its
            documentation says (spec/lists.md 4).
    """

    log_alert_level: int = 1
    email_alert_level: int = 7
    default_timeframe: int = 360
    decoder_order_size: int = 256
    memory_size: int = 8192
    fts_list_size: int = 32
    fts_min_size_for_str: int = 14
    zone: tzinfo | None = None
    engine: Literal["fast", "plain"] = "fast"
    suppress_ignored: bool = False
    invert_address_values: bool = False
