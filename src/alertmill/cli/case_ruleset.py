"""The ruleset that `alertmill test` runs cases on, and which of its rule files are under test."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from pathlib import Path

from alertmill.cases import RuleSource, rule_sources
from alertmill.config.models import Config, RulesetPath
from alertmill.engine import Engine, EngineOptions
from alertmill.errors import Problems
from alertmill.installation import Installation, LoadedRuleset, shipped, shipped_installation
from alertmill.ruleset import CdbList

#: The server's name in cases: the machine that runs them must make no difference.
HOSTNAME = "alertmill-test"

#: Folder of a home's rules that their publisher fills; all others are the home's own.
_PUBLISHED = "ruleset/"


@dataclass(frozen=True, slots=True)
class RulesetChoice:
    """What was asked for: a home (None: what is shipped), and folders in place of its rules and decoders."""

    home: Path | None
    rules: tuple[Path, ...] = ()
    decoders: tuple[Path, ...] = ()

    def load(self, problems: Problems) -> RulesetUnderTest:
        """Read and load it all, with times in UTC. Raises LoadError."""
        installation, config = self._configured(problems)
        loaded = installation.load_ruleset(config, problems, zone=UTC)
        problems.raise_if_fatal("the cases were not run: configuration, decoders or rules cannot be used")
        options = EngineOptions(HOSTNAME, log_fw=bool(config.internal.analysisd.log_fw))
        engine = Engine(loaded.decoders, loaded.rules, options)
        return RulesetUnderTest(
            engine, loaded.lists, self._under_test(loaded), config.global_.event_format == "improved"
        )

    def _configured(self, problems: Problems) -> tuple[Installation, Config]:
        if self.home is None:
            installation, config = shipped_installation()
        else:
            installation = Installation(self.home)
            config = installation.load_config(problems)
        given = {"rule_dir": self.rules, "decoder_dir": self.decoders}
        replaced = {
            member: tuple(RulesetPath(path=str(folder.resolve())) for folder in folders)
            for member, folders in given.items()
            if folders
        }
        ruleset = config.ruleset.model_copy(update=replaced)
        return installation, config.model_copy(update={"ruleset": ruleset})

    def _under_test(self, loaded: LoadedRuleset) -> list[tuple[str, str]]:
        """The rule files that coverage and mutants are about: the home's own, or all where it has none of its own."""
        files = loaded.texts.rules
        if self.rules or self.home is None:
            return files
        return [(path, text) for path, text in files if not path.startswith(_PUBLISHED)] or files

    def folders(self) -> list[Path]:
        """Where everything lies that a change of can change a result."""
        if self.home is None:
            return [*(self.rules or (shipped("rules"),)), *(self.decoders or (shipped("decoders"),)), shipped("etc")]
        return [*self.rules, *self.decoders, self.home / "etc", self.home / "ruleset"]


@dataclass(frozen=True, slots=True)
class RulesetUnderTest:
    """A loaded engine, its lists, the rule files under test (path, byte text), and whether its format is `improved`."""

    engine: Engine
    lists: dict[str, CdbList]
    under_test: list[tuple[str, str]]
    improved: bool

    def sources(self) -> dict[str, list[RuleSource]]:
        """The loaded rules of the files under test, by path."""
        return rule_sources(self.under_test, self.engine.rules)

    def parents(self) -> frozenset[int]:
        """The ids of rules with rules below them."""
        rules = self.engine.rules
        return frozenset(id for id in rules.rules_by_id if rules.describe(id).children)
