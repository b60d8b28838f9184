# Everything a checkout can do. `make demo` and `make test` need only Python 3.11 or newer and make.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& { command -v $$p; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# A file stays on one core: many have a server of their own. In the order of their names, so that the short ones of
# tests/unit come last and no core waits for the other in the end.
TESTS := $(BIN)/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

.PHONY: help demo test check format lint types floors bench detections install clean

help:
	@echo "make demo     the whole job on this machine: S3 objects in, alerts out (no account, no network needed)"
	@echo "make test     the whole test suite"
	@echo "make check    format, lint, types, import floors, tests: what CI runs"
	@echo "make bench    the benchmarks, compared with the baseline; some of them: make bench BENCH='cloudtrail flow'"
	@echo "make detections  what the shipped rules find in recorded attacks, and docs/detections.md"
	@echo "make install  as root: program in /opt/alertmill, user, home folder, systemd unit"

$(VENV)/pyvenv.cfg:
	@test -n "$(PYTHON)" || { echo "alertmill: no Python 3.11 or newer was found; install one, or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "alertmill: $(PYTHON) cannot make a virtual environment; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }

$(VENV)/.demo: $(VENV)/pyvenv.cfg pyproject.toml
	@echo "Installing Alertmill into $(VENV) ..."
	@$(PIP) install --editable '.[dashboard,demo]'
	@touch $@

$(VENV)/.dev: $(VENV)/pyvenv.cfg pyproject.toml
	@echo "Installing Alertmill and its development tools into $(VENV) ..."
	@$(PIP) install --editable '.[dev]'
	@sh scripts/install_browser.sh $(BIN)/playwright
	@touch $@ $(VENV)/.demo

demo: $(VENV)/.demo
	@$(BIN)/alertmill demo

test: $(VENV)/.dev
	$(TESTS)

check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(TESTS)

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: $(VENV)/.dev
	$(BIN)/ruff check .

types: $(VENV)/.dev
	$(BIN)/mypy

floors: $(VENV)/.dev
	$(BIN)/lint-imports

# The program, its user, its home and its unit, for a machine with systemd. Run it as root; run it again to upgrade.
PREFIX ?= /opt/alertmill
HOME_DIR ?= /var/lib/alertmill
UNIT_DIR ?= /etc/systemd/system

install:
	@test "$$(id -u)" = 0 || { echo "alertmill: make install must be run as root: sudo make install" >&2; exit 1; }
	@test -n "$(PYTHON)" || { echo "alertmill: no Python 3.11 or newer was found" >&2; exit 1; }
	$(PYTHON) -m venv $(PREFIX)
	$(PREFIX)/bin/python -m pip --disable-pip-version-check --quiet install .
	id alertmill >/dev/null 2>&1 || useradd --system --home-dir $(HOME_DIR) --shell /usr/sbin/nologin alertmill
	if [ -e $(HOME_DIR)/etc/ossec.conf ]; then $(PREFIX)/bin/alertmill init --upgrade $(HOME_DIR) || echo "The ruleset of $(HOME_DIR) stays as it is." >&2; \
	else $(PREFIX)/bin/alertmill init $(HOME_DIR); fi
	chown -R alertmill:alertmill $(HOME_DIR)
	install -d $(UNIT_DIR)
	sed 's|/opt/alertmill|$(PREFIX)|g; s|/var/lib/alertmill|$(HOME_DIR)|g' etc/alertmill.service > $(UNIT_DIR)/alertmill.service
	if [ -d /run/systemd/system ]; then systemctl daemon-reload; fi
	@echo "Next: name your bucket in $(HOME_DIR)/etc/ossec.conf, then: systemctl enable --now alertmill"

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks $(BENCH)

detections: $(VENV)/.dev
	$(BIN)/python -m benchmarks.detections

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis benchmarks/out
