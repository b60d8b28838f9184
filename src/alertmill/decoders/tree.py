"""Decoder files -> `DecoderTree`: children go to their parents, equal names become chains, patterns are compiled.

Source: spec/decoders.md 2, spec/config-loading.md 5. Loading goes on after an error, so that one report tells of all.
What is fatal for Wazuh is an error here; the tree that is returned beside errors must not be used.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from alertmill import codes
from alertmill.decoders.checks import check_decoder
from alertmill.decoders.compiled import Branch, Pattern, Root, Step
from alertmill.decoders.decode import DecoderTree
from alertmill.decoders.fields import targets
from alertmill.decoders.identities import BUILT_IN
from alertmill.decoders.plugins import PLUGINS, Plugin, PluginSettings
from alertmill.decoders.plugins.json import group_static_fields
from alertmill.decoders.reading import read_decoder
from alertmill.decoders.shapes import JsonStyle, Shape
from alertmill.decoders.spec import ORDER_SIZE, DecoderSpec, PatternSpec, complain
from alertmill.errors import Origin, PatternError, Problem, Problems, did_you_mean
from alertmill.event import DecoderInfo, from_byte_text
from alertmill.patterns import compile_pattern
from alertmill.xmltext import XmlError, load_xml

#: The one file that may be empty: it is the user's own, and is there from the start.
_LOCAL_FILE = "etc/decoders/local_decoder.xml"


@dataclass(frozen=True, slots=True)
class DecoderOptions:
    """Internal options. `order_size` bounds the fields of an event (`analysisd.decoder_order_size`, 32 to 1024).

    `json_fields` bounds those of the JSON decoder instead, where it is given.
    """

    order_size: int = ORDER_SIZE
    json_fields: int | None = None


def load_decoders(
    files: Iterable[tuple[str, str]], problems: Problems, options: DecoderOptions | None = None
) -> DecoderTree:
    """Load decoder files, given as (path, byte text) in load order.

    Everything wrong in them is added to `problems`, Wazuh's own message or its number in `wazuh`. When there are
    errors, the tree is good for nothing but being discarded.
    """
    return read_decoders(files, problems, options)[0]


def read_decoders(
    files: Iterable[tuple[str, str]], problems: Problems, options: DecoderOptions | None = None
) -> tuple[DecoderTree, list[DecoderSpec]]:
    """`load_decoders`, and what the files say, from which `build_decoders` makes the tree again."""
    found = Problems()
    loader = _Loader(options or DecoderOptions(), found)
    specs: list[DecoderSpec] = []
    for path, text in files:
        for spec in _specs(path, text, loader.options.order_size, found):
            specs.append(spec)
            loader.add(spec)
    tree = loader.tree()
    problems.extend(_readable(problem) for problem in found)
    return tree, specs


def build_decoders(specs: Iterable[DecoderSpec], options: DecoderOptions | None = None) -> DecoderTree:
    """The tree of what `read_decoders` gave; the problems are those that it told, so they are not told again."""
    loader = _Loader(options or DecoderOptions(), Problems())
    for spec in specs:
        loader.add(spec)
    return loader.tree()


def _specs(path: str, text: str, order_size: int, problems: Problems) -> Iterator[DecoderSpec]:
    """The decoders of one file, as far as it can be read."""
    try:
        elements = load_xml(text, path)
    except XmlError as error:
        problems.extend([error.problem])
        return
    if not elements and not path.replace("\\", "/").endswith(_LOCAL_FILE):
        wazuh = f"(1202): Configuration error at '{path}'."
        if text:
            wazuh = f"(1231), {wazuh}"
        problems.error(codes.D_NO_DECODER, "the file holds no decoder", Origin(path), wazuh=wazuh)
    for element in elements:
        spec = read_decoder(element, order_size, problems)
        if spec is not None:
            if element.children:
                check_decoder(spec, problems)
            yield spec


def _readable(problem: Problem) -> Problem:
    """A complaint about byte text in ordinary text, as people read it."""
    return replace(
        problem,
        message=from_byte_text(problem.message),
        hint=from_byte_text(problem.hint),
        wazuh=from_byte_text(problem.wazuh),
    )


@dataclass(slots=True)
class _Node:
    """A decoder on its way into the tree. `get_next`: a chain goes on with the sibling behind it."""

    spec: DecoderSpec
    program_name: Pattern | None
    prematch: Pattern | None
    regex: Pattern | None
    get_next: bool = False
    children: list[_Node] = field(default_factory=list)


class _Loader:
    def __init__(self, options: DecoderOptions, problems: Problems) -> None:
        self.options = options
        self.problems = problems
        self.roots: list[_Node] = []
        self.roots_by_name: dict[str, list[_Node]] = {}
        self.identities: dict[str, int] = dict(BUILT_IN)
        self.count = 0
        self.shapes: dict[tuple[str, ...], Shape | None] = {}

    def add(self, spec: DecoderSpec) -> None:
        """Compile a decoder's patterns and append it where it belongs."""
        self.count += 1
        self.identities.setdefault(spec.name, len(self.identities) + 1)
        node = _Node(
            spec,
            program_name=self.compile(spec, spec.program_name),
            prematch=self.compile(spec, spec.prematch),
            regex=self.compile(spec, spec.regex, captures=True),
        )
        if spec.parent is None:
            self.roots.append(node)
            self.roots_by_name.setdefault(spec.name, []).append(node)
        elif spec.parent not in self.roots_by_name:
            self.no_parent(spec)
        else:
            for parent in self.roots_by_name[spec.parent]:
                self.add_child(parent, node)

    def compile(self, spec: DecoderSpec, pattern: PatternSpec | None, *, captures: bool = False) -> Pattern | None:
        if pattern is None:
            return None
        try:
            matcher = compile_pattern(pattern.text, pattern.dialect, captures=captures)
        except PatternError as error:
            origin = pattern.origin(error.position)
            wazuh = f"(1452): Syntax error on regex: '{pattern.text}', (2107)"
            complain(self.problems, spec, codes.D_PATTERN, error.message, origin, hint=error.hint, wazuh=wazuh)
            return None
        return Pattern(matcher, pattern.dialect, pattern.offset)

    # --- linking ------------------------------------------------------------------------------------------------------

    def no_parent(self, spec: DecoderSpec) -> None:
        assert spec.parent is not None
        hint = did_you_mean(spec.parent, self.roots_by_name)
        if spec.parent in self.identities and spec.parent not in BUILT_IN:
            hint = f"{spec.parent} has a parent itself; only decoders without <parent> can be one"
        message = f"decoder {spec.name!r} hangs on {spec.parent!r}, which no decoder loaded before is called"
        wazuh = f"(2101): Parent decoder name invalid: '{spec.parent}', (2106): Error adding decoder plugin."
        self.problems.error(codes.D_PARENT, message, spec.parent_origin, hint=hint, wazuh=wazuh)

    def add_child(self, parent: _Node, node: _Node) -> None:
        """Append a child. Siblings of one name form a chain; only the first of them may choose."""
        spec = node.spec
        earlier = [sibling for sibling in parent.children if sibling.spec.name == spec.name]
        reason = self.chain_error(earlier, spec)
        regex = spec.regex
        if reason:
            hint = f"its sibling above is {earlier[-1].spec.origin}"
            self.problems.error(codes.D_CHAIN, reason[0], spec.origin, hint=hint, wazuh=f"{reason[1]}, {_NOT_LOADED}")
        elif regex and regex.offset == "after_regex" and not any(s.spec.regex or s.spec.prematch for s in earlier):
            message = f"nothing is there to be after regex: {spec.name!r} is the first decoder of its name"
            wazuh = f"(2120): Invalid offset value: 'after_regex', {_NOT_LOADED}"
            self.problems.error(codes.D_OFFSET_TARGET, message, regex.offset_origin, wazuh=wazuh)
        for sibling in earlier:
            sibling.get_next = True
        parent.children.append(node)

    def chain_error(self, earlier: list[_Node], spec: DecoderSpec) -> tuple[str, str] | None:
        """Why `spec` cannot follow siblings of its name, and Wazuh's number for that."""
        if not earlier:
            return None
        if spec.prematch is not None:
            return f"only the first of the decoders named {spec.name!r} may have a <prematch>", "(2102)"
        if spec.fts is not None:
            return f"only the first of the decoders named {spec.name!r} may have <fts>", "(2103)"
        if any(not (one.regex or one.plugin) for one in (spec, *(sibling.spec for sibling in earlier))):
            return f"each of the decoders named {spec.name!r} needs a <regex> or a <plugin_decoder>", "(2104)"
        return None

    # --- the tree -----------------------------------------------------------------------------------------------------

    def tree(self) -> DecoderTree:
        """Everything linked, in the form that decoding uses."""
        with_program = [self.root(node) for node in self.roots if node.program_name is not None]
        without = [self.root(node) for node in self.roots if node.program_name is None]
        self.check_lists(with_program, without)
        return DecoderTree(with_program, without, self.identities, self.count, self.options.order_size)

    def check_lists(self, with_program: list[Root], without: list[Root]) -> None:
        """A manager refuses rulesets for one kind of log; here they work, so that is a warning."""
        if with_program and without:
            return
        what = "has no" if with_program else "has a" if without else "is there, with or without"
        message = f"no decoder {what} <program_name>; a Wazuh manager would not start"
        self.problems.warn(codes.D_ONE_LIST, message, wazuh=f"(2106): Error adding decoder plugin., {_NOT_LOADED}")

    def root(self, node: _Node) -> Root:
        """A root with the branches below it that can ever be chosen."""
        info = self.info(node.spec)
        branches: list[Branch] = []
        if not node.children:
            branches.append(Branch(info, None, (self.step(node, node),), node.spec.name, node.spec.origin))
        index = 0
        while index < len(node.children):
            head = node.children[index]
            end = index
            while node.children[end].get_next:
                end += 1
            winner = node if head.prematch is None else head
            steps = tuple(self.step(member, winner) for member in node.children[index : end + 1])
            branches.append(Branch(self.info(winner.spec), head.prematch, steps, head.spec.name, head.spec.origin))
            if head.prematch is None:
                break  # it is always chosen, nothing behind it ever
            index = end + 1
        return Root(info, node.program_name, node.prematch, tuple(branches), node.spec.origin)

    def info(self, spec: DecoderSpec) -> DecoderInfo:
        """What the winner shows; children without a name of their own show the parent's."""
        name = spec.name if spec.parent is None or spec.use_own_name else spec.parent
        return DecoderInfo(
            name=name,
            identity=self.identities.get(name, 0),
            type=spec.type,
            parent=spec.parent or "",
            accumulate=spec.accumulate,
            ftscomment=spec.ftscomment,
            fts=spec.fts,
            fts_fields=spec.fts_fields,
        )

    def step(self, member: _Node, winner: _Node) -> Step:
        """What one member of a chain does; options of plugins are those of the decoder that won."""
        spec, chosen = member.spec, winner.spec
        most_fields = self.options.json_fields or self.options.order_size
        style = JsonStyle(chosen.discard_null, chosen.csv_arrays, most_fields, self.shapes)
        settings = PluginSettings(style, group_static_fields(spec.static_fields))
        plugin: Plugin | None = PLUGINS.get(spec.plugin)
        offset = chosen.plugin_offset if plugin is not None and plugin.honours_offset else ""
        return Step(member.regex, targets(spec.order or ()), plugin, offset, settings)


_NOT_LOADED = "(2105): Error loading decoder options."
