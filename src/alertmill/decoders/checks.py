"""Whether the options of one decoder go together (spec/decoders.md 1.1). Looks at a single `DecoderSpec`, no other."""

from __future__ import annotations

from dataclasses import replace

from alertmill import codes
from alertmill.codes import Code
from alertmill.decoders.plugins import PLUGINS
from alertmill.decoders.spec import OFFSETS, DecoderSpec, complain
from alertmill.errors import Origin, Problems


def check_decoder(spec: DecoderSpec, problems: Problems) -> None:
    """Complain about everything in `spec` that contradicts itself.

    Also settles one thing: behind the prematch of a root means for its regex what `after_parent` means for children.
    """
    _Checks(spec, problems).run()


class _Checks:
    def __init__(self, spec: DecoderSpec, problems: Problems) -> None:
        self.spec = spec
        self.problems = problems

    def error(self, code: Code, message: str, origin: Origin | None, *, wazuh: str = "", hint: str = "") -> None:
        complain(self.problems, self.spec, code, message, origin, hint=hint, wazuh=wazuh)

    def run(self) -> None:
        spec = self.spec
        if spec.prematch is None and spec.parent is None and spec.program_name is None:
            message = f"decoder {spec.name!r} has neither <prematch> nor <program_name> nor <parent>"
            self.error(codes.D_NOTHING_TO_MATCH, message, spec.origin, wazuh="(2108), (2107)")
        self.regex_and_order()
        self.prematch_offset()
        self.regex_offset()
        self.plugin()
        self.plugin_offset()

    def regex_and_order(self) -> None:
        spec = self.spec
        if spec.regex is None and spec.order is not None:
            self.incomplete("<order> needs a <regex> whose captures it names", spec.order_origin)
        if spec.regex is None and spec.fts is not None:
            self.incomplete("<fts> needs a <regex>", spec.fts_origin)
        if spec.regex is not None and spec.order is None:
            self.incomplete("<regex> needs an <order> that names its captures", spec.regex.origin())

    def incomplete(self, message: str, origin: Origin | None) -> None:
        self.error(codes.D_REGEX_ORDER, f"{message} (decoder {self.spec.name!r})", origin, wazuh="(2107)")

    def prematch_offset(self) -> None:
        prematch = self.spec.prematch
        if prematch is None or not prematch.offset:
            return
        if prematch.offset != "after_parent":
            message = f"<prematch> takes the offset after_parent, not {prematch.offset!r}"
            self.error(codes.D_OFFSET, message, prematch.offset_origin, wazuh="(2107)")
        elif self.spec.parent is None:
            self.no_target(prematch.offset, "there is no <parent>", prematch.offset_origin)

    def regex_offset(self) -> None:
        spec, regex = self.spec, self.spec.regex
        if regex is None or not regex.offset:
            return
        if spec.parent is not None:
            if regex.offset == "after_prematch" and spec.prematch is None:
                self.no_target(regex.offset, "the decoder has no <prematch> of its own", regex.offset_origin)
        elif regex.offset == "after_prematch":
            spec.regex = replace(regex, offset="after_parent")
        else:
            self.no_target(regex.offset, "there is no <parent>", regex.offset_origin)

    def plugin(self) -> None:
        spec = self.spec
        if spec.static_fields and not (spec.plugin and PLUGINS[spec.plugin].makes_static_fields):
            message = "<json_static_field> needs <plugin_decoder>JSON_Decoder</plugin_decoder> beside it"
            self.error(codes.D_STATIC_FIELD, f"{message} (decoder {spec.name!r})", spec.origin)
        if spec.plugin_origin is not None and (spec.regex is not None or spec.order is not None):
            message = f"decoder {spec.name!r} has a plugin decoder and <regex> or <order> as well"
            self.error(codes.D_PLUGIN_REGEX, message, spec.plugin_origin, wazuh="(2111)")

    def plugin_offset(self) -> None:
        spec, offset = self.spec, self.spec.plugin_offset
        if offset == "after_parent" and spec.parent is None:
            self.no_target(offset, "there is no <parent>", spec.plugin_origin)
        elif offset == "after_prematch" and spec.prematch is None:
            self.no_target(offset, "the decoder has no <prematch> of its own", spec.plugin_origin)
        elif offset == "after_regex":
            message = f"{spec.plugin or 'a plugin decoder'} cannot start {offset}: it does nothing"
            self.problems.warn(codes.D_OFFSET, message, spec.plugin_origin, hint=f"use {' or '.join(OFFSETS[:2])}")

    def no_target(self, offset: str, reason: str, origin: Origin | None) -> None:
        message = f"nothing is there to be {offset.replace('_', ' ')}: {reason}"
        wazuh = f"(2120): Invalid offset value: '{offset}', (2107)"
        self.error(codes.D_OFFSET_TARGET, message, origin, wazuh=wazuh)
