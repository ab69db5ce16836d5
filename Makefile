# The commands of the repository. Nothing has to be installed by hand beside Rust, make and, for the dashboard, Node
# (20.19 or newer); what tests need beyond that is fetched by scripts/test-needs.

SEEDS ?= 1000
CARGO ?= cargo
# nextest runs tests side by side and shows the slow ones; without it cargo's own runner does the same work.
NEXTEST := $(shell command -v cargo-nextest 2>/dev/null)

UI_SOURCES := $(shell find ui/src ui/public ui/index.html ui/package.json ui/vite.config.ts -type f 2>/dev/null)
# The binary that the dashboard's tests drive.
export ORCHESTRATOR_BIN ?= $(or $(CARGO_TARGET_DIR),$(CURDIR)/target)/debug/orchestrator

.PHONY: run ui test test-ui build-tests test-needs check lint lint-ui lint-deploy ui-shots ui-bench sim chaos mixed bench soak instructions bench-needs

## The product with its examples and the playground, on http://127.0.0.1:8080.
run:
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory ui; \
	else echo "npm is not on the PATH: the dashboard is left out (https://nodejs.org)" >&2; fi
	$(CARGO) build --release --locked -p orchestrator
	exec target/release/orchestrator dev

## The dashboard, built where the server's build finds it.
ui: ui/dist/index.html

ui/dist/index.html: $(UI_SOURCES) ui/node_modules/.package-lock.json
	cd ui && npm run --silent build -- --logLevel warn

ui/node_modules/.package-lock.json: ui/package-lock.json
	cd ui && npm ci --silent
	touch $@

## All tests. The runner's summary is the last thing printed.
test: build-tests test-ui
	$(CARGO) test --workspace --locked --doc --quiet
ifdef NEXTEST
	$(CARGO) nextest run --workspace --locked
else
	$(CARGO) test --workspace --locked --all-targets
endif

## The dashboard's tests: its model, then all of it in a real browser against the real server.
test-ui: build-tests
	cd ui && npm run --silent test
	cd ui && npm run --silent e2e

build-tests: test-needs ui
ifdef NEXTEST
	$(CARGO) nextest run --workspace --locked --no-run
else
	$(CARGO) test --workspace --locked --all-targets --no-run
endif

test-needs:
	scripts/test-needs

## What one runs before a commit: format, lints, unit tests.
check: lint
ifdef NEXTEST
	$(CARGO) nextest run --workspace --locked --lib --bins
else
	$(CARGO) test --workspace --locked --lib --bins
endif

lint: lint-ui
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --locked --all-targets -- -D warnings

lint-ui: ui/node_modules/.package-lock.json
	cd ui && npm run --silent lint

## Three nodes and two databases under random faults for so many seconds, then a check of all that clients were told.
CHAOS_SECONDS ?= 600
chaos: test-needs
	CHAOS_SECONDS=$(CHAOS_SECONDS) $(CARGO) test --workspace --locked --test e2e -- --nocapture chaos

## A cluster of an earlier commit's binary, replaced by this one's node by node under load.
PREVIOUS ?= HEAD~1
mixed: test-needs
	scripts/earlier-binary $(PREVIOUS) target/earlier
	EARLIER_BINARY=$(CURDIR)/target/earlier/debug/orchestrator \
	  $(CARGO) test --workspace --locked --test e2e -- --nocapture a_rolling_restart

## The files under deploy/.
lint-deploy:
	scripts/lint-deploy

## Screenshots of every page, light and dark, wide and on a phone, in target/ui-shots.
ui-shots: build-tests
	cd ui && SHOTS=$(CURDIR)/target/ui-shots npm run --silent e2e -- pages

## What the dashboard costs a browser while much goes on: 10,000 active workflows, 2,000 records/s, a long history.
ui-bench: ui
	$(CARGO) build --release --locked -p orchestrator
	cd ui && ORCHESTRATOR_BIN=$(or $(CARGO_TARGET_DIR),$(CURDIR)/target)/release/orchestrator npm run --silent bench

## So many simulated runs; a failing seed is printed with the command that replays it.
sim:
	$(CARGO) run --release --locked -p simulator -- --seeds $(SEEDS)

## Figures of this machine, each beside a limit or a peer in the same run, written into docs/performance.md. It takes
## hours and wants an idle machine; BENCH="--quick --only a,h" tries it out.
bench: bench-needs
	$(CARGO) build --release --locked -p orchestrator -p benches
	target/release/benches $(BENCH)

## Short workflows without a pause under 20 s of retention, first on the embedded store, then on PostgreSQL: disk and memory
## must stay flat. At the rates of docs/performance.md 20 million take 25 minutes and then an hour, beside the build.
SOAK ?= 20000000
soak: bench-needs
	$(CARGO) build --release --locked -p orchestrator -p benches
	target/release/benches --only purging,purging-postgres --soak $(SOAK)

## Instructions of fixed workloads beside the numbers checked in; fails when one takes more than 5 % more.
instructions: bench-needs
	$(CARGO) build --release --locked -p benches
	target/release/benches instructions

bench-needs:
	scripts/bench-needs
