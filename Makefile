# The words everybody shares: people, hooks and CI. Nothing but Python 3.11 or newer has to be there.
#
#   make run [PORT=8000] [PRICES=a.csv.gz,b.csv SPEED=60 LEAD_TRADES=trades.csv]    start everything
#   make run BRAND=path/to/brand.toml PORT=8001    another brand beside it, with a database and secrets of its own
#   make test [TESTS="tests/engine -k weights"]                                  check, then all tests
#   make check    format, lint, layers, types, migrations, deployment
#   make worlds   two hundred random worlds, every invariant after every step, and what-ifs and pages beside them
#   make kill [KILLS=100 DIALECT=binance]    kill −9 on real processes against a fake venue (or okx, bybit, bitget), then
#                                            books and venue compared
#   make kill-notices [KILLS=100 NOTICES=1000]    kill −9 on whoever sends e-mail and push, each notice once on each channel
#   make kill-transfers [KILLS=200 TRANSFERS=10000]    kill −9 on whoever brings, books and compares money, while transfers
#                                            of every kind come and go at a fake venue; nothing lost, doubled or halted
#   make restores [TRIALS=100]    back up, let the venue go on, destroy, restore: nothing is sent before both agree, and
#                                            no client order id comes twice
#   make outages [PARTS=worker,Redis] [WAYS=frozen,killed] [RESTARTS=6]    each part of a server is stopped until the alarm is
#                                            heard outside, and web units are restarted under load: seconds, wrong pages, lost orders
#   make day [COPIES=5000] [LEADS=50] [STREAMS=200] [MINUTES=30]    a day of a platform in half an hour, on real processes:
#                                            memory, pages, tables
#   make kill-webhooks [KILLS=50 EVENTS=1000]    kill −9 on whoever calls webhooks, while a receiver fails half the time
#   make own [COPIES=1000]                   copies on their followers' own accounts at a venue over HTTP: whose order
#                                            is whose, and how near they keep
#   make simulate [SEEDS=200] [FROM=1] [JOBS=2]     worlds that a seed decides, with faults, crashes and planted bugs
#   make alike [TRIES=200] [PATHS=copies]    whether known and unknown addresses, and what is somebody else's and what
#                                            is not there, are answered in the same time
#   make mutants [MUTANTS=100] [SEED=1] [FROM=0] [MINUTES=60]    sources of the money paths with one thing wrong: does a
#                                            test notice? Then those that people once found by hand; MUTANTS=all: every one
#   make presses [KEYS=50 AT_ONCE=200]    each write of the API sent by many at once under one key: one effect
#   make clients    the Python and TypeScript clients, generated, compiled, and sent a follower's whole way
#   make fuzz [EXAMPLES=200] [ROLE=lead] [PATHS=wallet]    the API against its own description, in three roles or one
#   make mcp      what `manage.py mcp` needs, the platform as tools of an assistant
#   make server DOMAIN=copy.example.org OPERATOR=me@example.org [BRAND=path/to/brand.toml]     from a bare Debian to a
#                                            first operator (as root)
#   make journeys [READERS="de-phone-dark en-desk-light"]    every journey of the browser, in English, in German and in
#                                            longer words, on a phone and on a desk, by day and by night
#   make screenshots [SHOTS=build/screenshots]    the same, and a picture of each page they come by
#   make vitals [PAGES=discover,lead]    how fast each page stands, on a fast line and on a slow one, within what is promised
#   make bench    how fast one lead's trade reaches 10,000 copies
#   make words    catalogues of all languages anew from the sources, and compiled (takes GNU gettext)
#   make format   put the code into its form

PYTHON ?= python3
PORT ?= 8000
HOST ?= 127.0.0.1
COPIES ?= 10000
KILLS ?= 100
NOTICES ?= 1000
EVENTS ?= 1000
TRANSFERS ?= 10000
TRIALS ?= 100
PARTS ?= worker,beat,feed,web,Redis,PostgreSQL
WAYS ?= frozen,killed
RESTARTS ?= 6
LEADS ?= 50
STREAMS ?= 200
DIALECT ?= binance
SEED ?= 1
SEEDS ?= 200
MUTANTS ?= 100
MINUTES ?= 60
CI_SEEDS ?= 30
EXAMPLES ?= 200
KEYS ?= 50
AT_ONCE ?= 200
FROM ?= 1
JOBS ?= 2
TRIES ?= 200
READERS ?= all
SHOTS ?= build/screenshots
UV_VERSION := 0.13.9

BIN := .venv/bin
INSTALLED := .venv/.installed
INSTALLED_DEV := .venv/.installed-dev
UV := $(BIN)/uv pip install --quiet --python $(BIN)/python

# Tests and the platform start many processes: what they import is kept compiled, whatever the surroundings say.
export PYTHONDONTWRITEBYTECODE =

# What is not given here may stand in .env.
MARKET := $(if $(PRICES),SMARTSYNC_PRICES='$(PRICES)') $(if $(SPEED),SMARTSYNC_SPEED='$(SPEED)') \
	$(if $(LEAD_TRADES),SMARTSYNC_LEAD_TRADES='$(LEAD_TRADES)') $(if $(BRAND),SMARTSYNC_BRAND='$(abspath $(BRAND))')

.PHONY: server setup run test check clients mcp fuzz presses worlds alike kill kill-notices kill-webhooks kill-transfers restores outages day own simulate mutants bench words format lock browser journeys screenshots vitals
.DEFAULT_GOAL := run

setup: $(INSTALLED)

run: $(INSTALLED)
	@exec env $(MARKET) $(BIN)/python manage.py up --host $(HOST) --port $(PORT)

# PostgreSQL, Redis, nginx, the platform under systemd, and an operator; see deploy/server.sh.
server:
	@DOMAIN='$(DOMAIN)' OPERATOR='$(OPERATOR)' BRAND='$(if $(BRAND),$(abspath $(BRAND)))' deploy/server.sh

# Three processes, as many tests wait for others; the browser after them, what measures time last and alone.
test: check browser
ifdef TESTS
	@$(BIN)/python -m pytest -q $(TESTS)
else
	@$(BIN)/python -m pytest -q -n 3 -m "not browser and not alone" --durations=40 --durations-min=4
	@$(BIN)/python -m pytest -q -n 2 -m browser
	@$(BIN)/python -m pytest -q -m alone
	@$(BIN)/python manage.py simulate --seeds $(CI_SEEDS) --json
endif

check: $(INSTALLED_DEV)
	@echo "check: format, lint, layers, types, migrations, deployment"
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/lint-imports --no-logo > .venv/layers.txt 2>&1 || { cat .venv/layers.txt; exit 1; }
	@DEVELOPMENT=1 $(BIN)/mypy --no-error-summary
	@DEVELOPMENT=1 $(BIN)/python -W "ignore:Got an error checking:RuntimeWarning" manage.py makemigrations --check --dry-run > /dev/null \
		|| { echo "A migration is missing: make one by name (manage.py makemigrations --name ...)."; exit 1; }
	@DEVELOPMENT=0 SECRET_KEY="$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(60))')" \
		ALLOWED_HOSTS=copy.example.org DATABASE_URL=postgresql://localhost/smartsync REDIS_URL=redis://localhost:6379/0 \
		$(BIN)/python manage.py check --deploy --fail-level WARNING > /dev/null

# Two hundred random worlds through the whole stack, as many for the tracking gaps and beside their what-ifs, a thousand
# copies and what their pages say, and 500 wicks beside 500 breaches; `make test` looks at a tenth of them.
worlds: $(INSTALLED_DEV)
	@WORLDS=200 $(BIN)/python -m pytest -q -s $(addprefix tests/simulation/test_,random_worlds.py gaps.py \
		whatif_worlds.py a_crowd_of_copies.py wicks.py)

# Clients are made from the description that the API gives of itself; what a generator cannot read is mended there. They
# stand in build/clients and are not kept here: whoever needs one makes it, of the platform that it is for.
clients: $(INSTALLED_DEV)
	@echo "Generating the clients, into build/clients ..."
	@$(UV) -r requirements.txt --group dev --group clients || { echo "Installing failed, see above."; exit 2; }
	@mkdir -p build/clients/typescript
	@DEVELOPMENT=1 $(BIN)/python manage.py spectacular --format openapi-json --validate --fail-on-warn \
		--custom-settings smartsync_site.settings.SPECTACULAR_FOR_CLIENTS --file build/clients/openapi.json
	@PATH="$(CURDIR)/$(BIN):$$PATH" openapi-python-client generate --path build/clients/openapi.json --overwrite --fail-on-warning \
		--config docs/clients/python/generator.yml --output-path build/clients/python
	@MYPYPATH=build/clients/python $(BIN)/mypy --config-file= --strict --no-error-summary build/clients/python/smart_sync_client docs/clients/python/journey.py
	@cp docs/clients/typescript/*.json docs/clients/typescript/*.ts build/clients/typescript/
	@cd build/clients/typescript && PATH="$(CURDIR)/$(BIN):$$PATH" \
		&& { npm ci --silent --no-audit --no-fund --ignore-scripts || { echo "The packages of package-lock.json could not be fetched: is there a network?"; exit 2; }; } \
		&& npm run --silent generate && npm run --silent compile
	@$(BIN)/python -m pytest -q tests/clients

fuzz: $(INSTALLED_DEV)
	@EXAMPLES=$(EXAMPLES) $(BIN)/python -m pytest -q --show-capture=no --tb=short tests/api/test_schema.py \
		-k "is_what_happens$(if $(ROLE), and $(ROLE)])$(if $(PATHS), and $(PATHS))"

presses: $(INSTALLED_DEV)
	@KEYS=$(KEYS) AT_ONCE=$(AT_ONCE) $(BIN)/python -m pytest -q tests/api/test_idempotency.py -k "one_effect_for_each_key"

mcp: $(INSTALLED)
	@$(UV) -r pyproject.toml --extra mcp -c requirements.txt || { echo "Installing failed, see above."; exit 2; }
	@echo "Make a key for a program and start it: SMARTSYNC_KEY=sk_... $(BIN)/python manage.py mcp"

kill: $(INSTALLED_DEV)
	@$(BIN)/python -m tests.campaign --kills $(KILLS) --seed $(SEED) --dialect $(DIALECT)

alike: $(INSTALLED_DEV)
	@ALIKE_TRIES=$(TRIES) ALIKE_PATHS='$(PATHS)' $(BIN)/python -m pytest -q -s tests/accounts/test_identity.py tests/site/test_who_may.py -k same_time

# FROM counts from 0 here; a run that was ended goes on from the number of its last line.
mutants: FROM = 0
mutants: $(INSTALLED_DEV)
	@$(BIN)/python -m tests.mutants --mutants $(MUTANTS) --seed $(SEED) --from $(FROM) --minutes $(MINUTES) \
		--map .venv/mutants.map

kill-notices: $(INSTALLED_DEV)
	@$(BIN)/python -m tests.kill_notices --kills $(KILLS) --notices $(NOTICES) --seed $(SEED)

own: COPIES = 1000
own: $(INSTALLED_DEV)
	@$(BIN)/python -m tests.own_accounts --copies $(COPIES) --seed $(SEED)

kill-webhooks: KILLS = 50
kill-webhooks: $(INSTALLED_DEV)
	@$(BIN)/python -m tests.kill_webhooks --kills $(KILLS) --events $(EVENTS) --seed $(SEED)

kill-transfers: KILLS = 200
kill-transfers: $(INSTALLED_DEV)
	@$(BIN)/python -m tests.kill_transfers --kills $(KILLS) --transfers $(TRANSFERS) --seed $(SEED)

restores: $(INSTALLED_DEV)
	@$(BIN)/python -m tests.restores --trials $(TRIALS) --seed $(SEED)

outages: $(INSTALLED_DEV)
	@$(BIN)/python -m tests.outages --parts '$(PARTS)' --ways '$(WAYS)' --restarts $(RESTARTS)

# As fast as the day is wanted: MINUTES for it, beside a tenth more until everything is warm.
day: COPIES = 5000
day: MINUTES = 30
day: $(INSTALLED_DEV)
	@$(BIN)/python -m tests.day --copies $(COPIES) --leads $(LEADS) --streams $(STREAMS) --minutes $(MINUTES) --seed $(SEED)

bench: $(INSTALLED)
	@$(BIN)/python manage.py bench sync --copies $(COPIES) --json

# Written once, walked in every language, on every screen and in every light; `make test` takes some of each.
journeys: $(INSTALLED_DEV) browser
	@READERS='$(READERS)' $(BIN)/python -m pytest -q tests/browser/journeys

screenshots: $(INSTALLED_DEV) browser
	@mkdir -p $(SHOTS)
	@READERS='$(READERS)' SHOTS='$(abspath $(SHOTS))' $(BIN)/python -m pytest -q tests/browser/journeys
	@echo "The pictures are in $(SHOTS)."

# The demo, built and behind nginx as on a server: a JSON line for each page. Alone on a machine, or it measures the others.
vitals: $(INSTALLED_DEV) browser
	@$(BIN)/python -m tests.vitals --pages '$(PAGES)'

simulate: $(INSTALLED_DEV)
	@$(BIN)/python manage.py simulate --seeds $(SEEDS) --from $(FROM) --jobs $(JOBS) --planted-bugs tests.simulation.planted_bugs

words: $(INSTALLED_DEV)
	@$(BIN)/python manage.py makemessages --all --no-wrap --no-location --no-obsolete -e html,txt,py,webmanifest \
		--ignore='.venv*' --ignore='templates/admin/*' --ignore='tests/*' --ignore='docs/*' --ignore='build/*' --ignore='staticfiles/*'
	@$(BIN)/python manage.py compilemessages --ignore='.venv*'

format: $(INSTALLED_DEV)
	@$(BIN)/ruff check --quiet --fix . ; $(BIN)/ruff format --quiet .

# After a change of `dependencies` in pyproject.toml.
lock: $(INSTALLED_DEV)
	@$(BIN)/uv pip compile --quiet pyproject.toml --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 -o requirements.txt

# The browser tests use Debian's chromium; where it can be neither found nor installed they skip and say so.
browser:
	@command -v chromium > /dev/null || command -v google-chrome > /dev/null || test -n "$$CHROMIUM" || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; then \
			echo "Installing chromium for the browser tests ..."; \
			{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive timeout 300 apt-get install -y -qq --no-install-recommends chromium; } > /dev/null 2>&1 \
				|| echo "chromium could not be installed; the browser tests will skip."; \
		else \
			echo "There is no chromium and it may not be installed here; the browser tests will skip."; \
		fi; }

$(BIN)/uv:
	@command -v $(PYTHON) > /dev/null || { echo "Python 3.11 or newer is needed, and there is no $(PYTHON) here."; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed, and $(PYTHON) is $$($(PYTHON) -V 2>&1); name another one: make PYTHON=python3.12 ..."; exit 2; }
	@$(PYTHON) -c 'import venv, ensurepip' 2> /dev/null \
		|| { echo "Python's venv module is missing: install it first (on Debian: apt-get install python3-venv)."; exit 2; }
	@echo "Making a virtual environment ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION) \
		|| { echo "The installer could not be fetched: is there a network?"; exit 2; }

$(INSTALLED): requirements.txt | $(BIN)/uv
	@echo "Installing what the platform needs (about 90 packages) ..."
	@$(UV) -r requirements.txt \
		|| { echo "Installing failed, see above: no network, no room on the disk, or no wheel for this platform."; exit 2; }
	@touch $@

$(INSTALLED_DEV): pyproject.toml $(INSTALLED)
	@echo "Installing what tests and checks need ..."
	@$(UV) -r requirements.txt --group dev || { echo "Installing failed, see above."; exit 2; }
	@touch $@
