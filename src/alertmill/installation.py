"""The home folder: the only module that knows where files lie. Reads them into texts, and builds an engine from them.

A home is laid out as a Wazuh manager's, and a manager's own home works as it is. Nothing is written here but the cache
of what was read. What the texts mean is decided below the purity line; what is wrong with the files themselves becomes
a located problem, whose paths are relative to the home.
"""

from __future__ import annotations

import errno
import gc
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from pathlib import Path

from alertmill import codes, monitoring
from alertmill.alerts import AlertFacts
from alertmill.config.internal_options import read_internal_options
from alertmill.config.models import Config, Global, RulesetPath
from alertmill.config.models import Ruleset as RulesetSection
from alertmill.config.options import shown
from alertmill.config.ossec_conf import read_config
from alertmill.config.ruleset_files import Kind, ruleset_files
from alertmill.decoders import DecoderOptions, DecoderTree, build_decoders, read_decoders
from alertmill.engine import Engine, EngineOptions
from alertmill.errors import AlertmillError, Origin, Problem, Problems, did_you_mean
from alertmill.event import to_byte_text
from alertmill.ruleset import CdbList, LinkedRules, RuleOptions, Ruleset, link_rules, load_lists
from alertmill.ruleset_cache import RulesetCache, RulesetInput, RulesetParts

#: Where the home is when neither an argument nor $ALERTMILL_HOME names it.
DEFAULT_HOME = Path("/var/lib/alertmill")
HOME_VARIABLE = "ALERTMILL_HOME"
#: Environment variable that chooses how siblings are decided: `fast` (default) or `plain` (contract: Switches).
ENGINE_VARIABLE = "ALERTMILL_ENGINE"

#: Fields of a JSON event in the `improved` format: no real one has as many, and a hostile one ends somewhere.
IMPROVED_FIELDS = 65_536

_INTERNAL_OPTIONS = ("etc/internal_options.conf", "etc/local_internal_options.conf")


def find_home(named: str | Path | None = None) -> Path:
    """The home folder: the one named, else $ALERTMILL_HOME, else /var/lib/alertmill."""
    return Path(named or os.environ.get(HOME_VARIABLE) or DEFAULT_HOME)


def home_is_named(named: str | Path | None = None) -> bool:
    """Whether an argument or $ALERTMILL_HOME names the home."""
    return bool(named or os.environ.get(HOME_VARIABLE))


def shipped(name: str) -> Path:
    """A folder that Alertmill ships (`rules`, `decoders`, `etc`): inside the package, or at the top of a checkout.

    Raises AlertmillError when it is in neither place.
    """
    package = Path(__file__).resolve().parent
    for folder in (package / "shipped" / name, package.parent.parent / name):
        if folder.is_dir():
            return folder
    raise AlertmillError(f"this installation of Alertmill is not complete: {name}/ is missing; install it again")


@dataclass(slots=True)
class RulesetTexts:
    """Everything that decoders, rules and lists are made of, as byte text.

    Decoders and rules are (path, text) in load order. Lists go by the name that rules use; a list without a readable
    file has the text None and a warning.
    """

    decoders: list[tuple[str, str]] = field(default_factory=list)
    rules: list[tuple[str, str]] = field(default_factory=list)
    lists: dict[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LoadedRuleset:
    """Decoders and rules as loaded, and what they were made of. Good for nothing but counting when there are errors."""

    decoders: DecoderTree
    rules: Ruleset
    decoder_files: int
    rule_files: int
    list_files: int
    #: Everything that decoders and rules depend on.
    made_of: RulesetInput
    texts: RulesetTexts
    lists: dict[str, CdbList]

    @property
    def rule_count(self) -> int:
        return len(self.rules.rules_by_id)


#: Decoders, the rules' tree, and what was told about both.
_Read = tuple[DecoderTree, LinkedRules, list[Problem]]


class Installation:
    """One home folder."""

    def __init__(self, home: str | Path | None = None) -> None:
        """`home` as `find_home` takes it. Nothing is read yet."""
        self.home = find_home(home)
        self._cache = RulesetCache(self.var / "ruleset.cache")

    @property
    def ossec_conf(self) -> Path:
        return self.home / "etc" / "ossec.conf"

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    @property
    def alerts_json(self) -> Path:
        return self.logs / "alerts" / "alerts.json"

    @property
    def alerts_log(self) -> Path:
        return self.logs / "alerts" / "alerts.log"

    @property
    def ossec_log(self) -> Path:
        return self.logs / "ossec.log"

    @property
    def var(self) -> Path:
        """Checkpoints and other state."""
        return self.home / "var"

    @property
    def wazuh_aws(self) -> Path:
        """Where a Wazuh manager's AWS module keeps what it remembers."""
        return self.home / "wodles" / "aws"

    @property
    def queue_socket(self) -> Path:
        return self.home / "queue" / "sockets" / "queue"

    @property
    def logtest_socket(self) -> Path:
        return self.home / "queue" / "sockets" / "logtest"

    @property
    def analysis_socket(self) -> Path:
        return self.home / "queue" / "sockets" / "analysis"

    @property
    def hostname(self) -> str:
        """The manager's name, as alerts show it."""
        return socket.gethostname()

    def alert_facts(self, config: Config) -> AlertFacts:
        """What every alert of this home says of its manager, whichever program makes it."""
        cluster = config.cluster
        return AlertFacts(
            manager_name=self.hostname,
            cluster=(cluster.name, cluster.node_name) if cluster is not None and cluster.shown else None,
            labels=tuple((label.key, label.value, label.hidden) for label in config.labels),
            show_hidden_labels=bool(config.internal.analysisd.show_hidden_labels),
            improved=config.global_.event_format == "improved",
        )

    def load_config(self, problems: Problems) -> Config:
        """etc/ossec.conf and the internal options. Without a readable file the result has nothing but defaults."""
        internal = read_internal_options(self._internal_options(problems), problems)
        try:
            text = read_text(self.ossec_conf)
        except (OSError, ValueError) as error:
            self._no_configuration(error, problems)
            return Config(internal=internal)
        return read_config(text, "etc/ossec.conf", problems, internal)

    def ruleset_texts(self, config: Config, problems: Problems) -> RulesetTexts:
        """The files that `<ruleset>` names, read. What cannot be read is left out, with a warning."""
        texts = RulesetTexts()
        missing = _MissingRuleset(self.home, problems)
        texts.decoders = self._ruleset_files("decoder", config, missing, problems)
        texts.rules = self._ruleset_files("rule", config, missing, problems)
        for declared in config.ruleset.lists:
            name = to_byte_text(declared.path)
            if name not in texts.lists:
                texts.lists[name] = self._ruleset_text("list", declared.path, declared.origin, problems)
        return texts

    def load_ruleset(self, config: Config, problems: Problems, *, zone: tzinfo | None = None) -> LoadedRuleset:
        """Decoders, lists and rules, with every problem of theirs. Their times are of `zone`, None: the local one."""
        return self._load_texts(self.ruleset_texts(config, problems), config, problems, zone, self._cache)

    def load_texts(self, texts: RulesetTexts, config: Config, problems: Problems) -> LoadedRuleset:
        """Decoders, lists and rules of texts that were read already; nothing of them is kept for the next start."""
        return self._load_texts(texts, config, problems, None, None)

    def _load_texts(
        self,
        texts: RulesetTexts,
        config: Config,
        problems: Problems,
        zone: tzinfo | None,
        cache: RulesetCache | None,
    ) -> LoadedRuleset:
        with _uncollected():
            lists = load_lists({name: text for name, text in texts.lists.items() if text is not None}, problems)
            options = _ruleset_options(config, problems)
            told_of_own = Problems()
            rule_files = _with_own_rules(texts.rules, config, told_of_own)
            made_of = RulesetInput(texts.decoders, rule_files, lists, (options.decoders, options.rules))
            decoders, linked, found = _from_cache(made_of, options, cache) or _from_files(made_of, options, cache)
            rules = Ruleset(linked, replace(options.rules, zone=zone))
            told_of_own.extend(found)
            problems.extend(monitoring.told(told_of_own, needed=any(not wodle.disabled for wodle in config.aws_s3)))
        counts = (len(texts.decoders), len(texts.rules), len(lists))
        return LoadedRuleset(decoders, rules, *counts, made_of, texts, lists)

    def load_engine(self, config: Config, problems: Problems) -> Engine:
        """An engine from the files on disk.

        Raises LoadError with all problems found so far, those of the configuration too, if any of them is an error.
        """
        loaded = self.load_ruleset(config, problems)
        problems.raise_if_fatal("configuration, decoders or rules cannot be used")
        log_fw = bool(config.internal.analysisd.log_fw)
        hostname = to_byte_text(self.hostname)
        options = EngineOptions(hostname, log_fw=log_fw, made_of=loaded.made_of.name(hostname, log_fw))
        return Engine(loaded.decoders, loaded.rules, options)

    def load(self, problems: Problems) -> Engine:
        """Configuration and engine afresh, for whoever wants nothing else of the home. Raises LoadError."""
        return self.load_engine(self.load_config(problems), problems)

    def _internal_options(self, problems: Problems) -> list[tuple[str, str]]:
        found = []
        for path in _INTERNAL_OPTIONS:
            try:
                found.append((path, read_text(self.home / path)))
            except FileNotFoundError:
                continue
            except (OSError, ValueError) as error:
                message = f"{path} cannot be read: {_reason(error)}; the defaults hold"
                problems.warn(codes.X_UNREADABLE, message, Origin(path), wazuh=_could_not_open(path, error))
        return found

    def _no_configuration(self, error: Exception, problems: Problems) -> None:
        place = Origin("etc/ossec.conf")
        hint = "`alertmill init` makes a home; --home or $ALERTMILL_HOME names an existing one"
        if not _is_folder(self.home):
            problems.error(codes.X_UNREADABLE, f"there is no home folder {self.home}", place, hint=hint)
            return
        message = f"the configuration of {self.home} cannot be read: {_reason(error)}"
        hint = hint if isinstance(error, FileNotFoundError) else ""
        problems.error(codes.X_UNREADABLE, message, place, hint=hint, wazuh=_could_not_open("etc/ossec.conf", error))

    def learned_by_wazuh(self) -> list[tuple[str, str, str | None]]:
        """What a Wazuh manager's engine has learned in this home, as facts of the engine's memory: keys seen
        (`queue/fts/fts-queue`), ignored lines (`ig-queue`), and last logs of `check_diff` rules (`queue/diff`).

        Files that cannot be read are passed over: they are no condition for a start.
        """
        facts: list[tuple[str, str, str | None]] = []
        for kind, name in (("fts", "fts-queue"), ("ignored", "ig-queue")):
            facts += [(kind, line, None) for line in self._lines(self.home / "queue" / "fts" / name) if line]
        for path in sorted((self.home / "queue" / "diff").glob("*/*/last-entry")):
            rule = path.parent.name
            if rule.isdigit():
                entry = "\n".join(self._lines(path)).partition("\0")[0]
                facts.append(("diff", f"{to_byte_text(path.parents[1].name)}/{int(rule)}", entry))
        return facts

    def _lines(self, path: Path) -> list[str]:
        try:
            return read_text(path).split("\n")
        except (OSError, ValueError):
            return []

    def _ruleset_files(
        self, kind: Kind, config: Config, missing: _MissingRuleset, problems: Problems
    ) -> list[tuple[str, str]]:
        def list_folder(folder: RulesetPath) -> list[str] | None:
            try:
                return [entry.name for entry in (self.home / folder.path).iterdir()]
            except (OSError, ValueError) as error:
                if not missing.explains(folder.path):
                    message = f"the {kind} folder {folder.path} cannot be listed: {_reason(error)}"
                    problems.warn(codes.C_FOLDER, message, folder.origin or Origin(folder.path))
                return None

        found = []
        for file in ruleset_files(config.ruleset, kind, list_folder):
            included = file.source.path == file.path
            text = self._ruleset_text(kind, file.path, file.source.origin if included else None, problems)
            if text is not None:
                found.append((_printable(file.path), text))
        return found

    def _ruleset_text(self, kind: str, path: str, origin: Origin | None, problems: Problems) -> str | None:
        try:
            return read_text(self.home / path)
        except (OSError, ValueError) as error:
            shown = _printable(path)
            problems.warn(
                codes.X_UNREADABLE,
                f"the {kind} file {shown} cannot be read: {_reason(error)}",
                origin or Origin(shown),
                hint=self._near(path),
                wazuh=_could_not_open(shown, error),
            )
            return None

    def _near(self, path: str) -> str:
        """A hint at a file in the same folder whose name is nearly that of a missing one."""
        folder, _, name = path.rpartition("/")
        try:
            names = [entry.name for entry in (self.home / folder).iterdir()]
        except (OSError, ValueError):
            return ""
        return "" if name in names else _printable(did_you_mean(name, names))


class _MissingRuleset:
    """Says once that the home has no ruleset/ at all, in place of a complaint for each folder in it."""

    def __init__(self, home: Path, problems: Problems) -> None:
        self._missing = not _is_folder(home / "ruleset")
        self._problems = problems
        self._told = False

    def explains(self, path: str) -> bool:
        """Whether the folder cannot be listed because ruleset/ is missing; the first time, that is told."""
        if not self._missing or not path.startswith("ruleset/"):
            return False
        if not self._told:
            message = "the home has no ruleset/: no shipped decoders and rules are loaded"
            hint = "`alertmill init --upgrade` puts them there"
            self._problems.warn(codes.C_FOLDER, message, Origin("ruleset"), hint=hint)
            self._told = True
        return True


@dataclass(frozen=True, slots=True)
class _RulesetOptions:
    """What the configuration says about decoders and rules."""

    decoders: DecoderOptions
    rules: RuleOptions


def _ruleset_options(config: Config, problems: Problems) -> _RulesetOptions:
    improved = config.global_.event_format == "improved"
    decoders = DecoderOptions(config.internal.analysisd.decoder_order_size, IMPROVED_FIELDS if improved else None)
    return _RulesetOptions(decoders, _rule_options(config, problems))


def _with_own_rules(files: list[tuple[str, str]], config: Config, problems: Problems) -> list[tuple[str, str]]:
    """The home's rule files and, unless they are excluded, the rules about Alertmill itself."""
    if monitoring.RULES_NAME in config.ruleset.rule_exclude:
        return files
    own = read_text(Path(monitoring.__file__).with_name("monitoring_rules.xml"))
    return monitoring.with_own_rules(files, own, problems)


def _from_cache(made_of: RulesetInput, options: _RulesetOptions, cache: RulesetCache | None) -> _Read | None:
    parts = cache.get(made_of) if cache is not None else None
    if parts is None:
        return None
    return build_decoders(parts.decoders, options.decoders), parts.rules, parts.problems


def _from_files(made_of: RulesetInput, options: _RulesetOptions, cache: RulesetCache | None) -> _Read:
    problems = Problems()
    decoders, specs = read_decoders(made_of.decoders, problems, options.decoders)
    rules = link_rules(made_of.rules, made_of.lists, decoders.identities, options.rules, problems)
    if cache is not None and not problems.errors:
        cache.put(made_of, RulesetParts(specs, rules, problems.items))
    return decoders, rules, problems.items


@contextmanager
def _uncollected() -> Iterator[None]:
    """No garbage collection: loading makes a million objects that stay, and looking through them again and again costs
    a third of its time. At the end they count as old at once, where they are looked at least often.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.unfreeze()
        if was_on:
            gc.enable()


def _rule_options(config: Config, problems: Problems) -> RuleOptions:
    engine = os.environ.get(ENGINE_VARIABLE) or "fast"
    if engine not in ("fast", "plain"):
        problems.warn(codes.C_VALUE, f"${ENGINE_VARIABLE} is {shown(engine)}, expected fast or plain; fast is used")
    internal = config.internal.analysisd
    return RuleOptions(
        log_alert_level=config.alerts.log_alert_level,
        email_alert_level=config.alerts.email_alert_level,
        default_timeframe=internal.default_timeframe,
        decoder_order_size=internal.decoder_order_size,
        memory_size=config.global_.memory_size,
        fts_list_size=internal.fts_list_size,
        fts_min_size_for_str=internal.fts_min_size_for_str,
        engine="plain" if engine == "plain" else "fast",
    )


def read_text(path: Path) -> str:
    """A regular file as byte text. Raises OSError, also for a pipe or device (never waited for), or ValueError."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file")
        with open(handle, "rb", closefd=False) as file:
            return file.read().decode("latin-1")
    finally:
        os.close(handle)


def shipped_installation() -> tuple[Installation, Config]:
    """The shipped ruleset in the improved event format as if it were a home, for commands that need none."""
    lists = sorted(entry.name for entry in (shipped("etc") / "lists").iterdir())
    ruleset = RulesetSection(
        decoder_dir=(RulesetPath(path="decoders"),),
        rule_dir=(RulesetPath(path="rules"),),
        lists=tuple(RulesetPath(path=f"etc/lists/{name}") for name in lists),
    )
    return Installation(shipped("rules").parent), Config(global_=Global(event_format="improved"), ruleset=ruleset)


def _is_folder(path: Path) -> bool:
    try:
        return stat.S_ISDIR(path.stat().st_mode)
    except (OSError, ValueError):
        return False


def _printable(path: str) -> str:
    """A path as messages show it: names of files may hold anything."""
    return "".join(c if c.isprintable() else "?" for c in path)


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)


def _could_not_open(path: str, error: Exception) -> str:
    number = getattr(error, "errno", None) or errno.EINVAL
    return f"(1103): Could not open file '{path}' due to [({number})-({_reason(error)})]."
