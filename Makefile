# The commands of the repository. Nothing has to be installed by hand beside Rust and make; what tests need beyond
# that is fetched by scripts/test-needs.

SEEDS ?= 1000
CARGO ?= cargo
# nextest runs tests side by side and shows the slow ones; without it cargo's own runner does the same work.
NEXTEST := $(shell command -v cargo-nextest 2>/dev/null)

.PHONY: run test build-tests test-needs check lint sim bench instructions bench-needs

## The product with its examples and the playground, on http://127.0.0.1:8080.
run:
	$(CARGO) build --release --locked -p orchestrator
	exec target/release/orchestrator dev

## All tests. The runner's summary is the last thing printed.
test: build-tests
	$(CARGO) test --workspace --locked --doc --quiet
ifdef NEXTEST
	$(CARGO) nextest run --workspace --locked
else
	$(CARGO) test --workspace --locked --all-targets
endif

build-tests: test-needs
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

lint:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --locked --all-targets -- -D warnings

## So many simulated runs; a failing seed is printed with the command that replays it.
sim:
	$(CARGO) run --release --locked -p simulator -- --seeds $(SEEDS)

## Figures of this machine, each beside a limit or a peer in the same run, written into docs/performance.md. It takes
## hours and wants an idle machine; BENCH="--quick --only a,h" tries it out.
bench: bench-needs
	$(CARGO) build --release --locked -p orchestrator -p benches
	target/release/benches $(BENCH)

## Instructions of fixed workloads beside the numbers checked in; fails when one takes more than 5 % more.
instructions: bench-needs
	$(CARGO) build --release --locked -p benches
	target/release/benches instructions

bench-needs:
	scripts/bench-needs
