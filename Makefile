# Two commands: `make run` starts Fiido Desk, `make test` is what CI runs. `make demo` has something to look at.
.POSIX:
.SUFFIXES:
.PHONY: help run programs web demo dist test test-long test-kurrentdb fuzz fmt settings openapi

help: ## Say what there is
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed 's/:[^#]*## /\t/' | expand -t 16

# Where there is no Node, desk is built without its pages, and says so in their place.
web: ## Build the workbench and the widget
	@command -v npm >/dev/null 2>&1 || { echo "there is no npm: desk is built without the workbench and the widget" >&2; exit 0; }; \
	cd web && { test node_modules/.package-lock.json -nt package-lock.json || npm ci --no-audit --no-fund --loglevel=error; } && npm run --silent build

# `run`, `demo` and, in another profile, `test` build the same programs with the same features, so nothing is compiled twice.
programs:
	cargo build --release --workspace --bin desk --bin desk-replay --bin desk-load

run: web programs ## Build and start it with SQLite in ./data
	./target/release/desk --data-dir data --faq-dir integrations/faq --dev

# Open around the clock and patient, so that there is something in the queue whenever it is started.
demo: web programs ## The same on a generated log of some days, in ./demo, with customers who wait
	test -e demo/events.db || ./target/release/desk-load generate --events 20000 --dir demo
	@cat tests/load/demo.txt
	./target/release/desk-load people --password 'only for this demo' & \
	HUMAN_SHIFT_START=00:00 HUMAN_SHIFT_END=24:00 WEEKENDS_DISABLED=false DESK_NOBODY_CAME_AFTER=0 \
	DESK_ADMIN_PASSWORD='only for this demo' ./target/release/desk --data-dir demo --faq-dir integrations/faq --dev

# Each by itself: only so is desk-replay linked with nothing that could speak HTTP.
dist: web ## The programs as they are handed out, in ./dist
	cargo build --release -p api --bin desk
	mkdir -p dist
	cp target/release/desk dist/
	cargo build --release -p replay-tool --no-default-features
	cp target/release/desk-replay LICENSE-MIT LICENSE-APACHE CHANGELOG.md README.md dist/

test: ## Everything that CI checks
	./tests/run.sh

test-long: ## The same with full counts and timing bars; takes an hour and a half
	DESK_TEST_LONG=1 ./tests/run.sh

fuzz: ## Everything that parses what comes from outside, by libFuzzer; needs a nightly toolchain
	./tests/fuzz.sh

test-kurrentdb: ## Promises and crashes against a real KurrentDB: URL=kurrentdb://… (an empty one!) [ARGS='--kills 100 …']
	@test -n "$(URL)" || { echo "make test-kurrentdb URL=kurrentdb://user:password@host:2113 (an empty database)" >&2; exit 2; }
	cargo run --release -q -p event-store --features kurrentdb,conformance --bin event-store-conformance -- '$(URL)' $(ARGS)

fmt: ## Format
	cargo fmt --all

settings: ## Write docs/settings.md anew
	cargo run -q -p api -- settings > docs/settings.md

openapi: ## Write docs/openapi.json anew, for a release: a test holds every change against it
	cargo run -q -p api -- openapi > docs/openapi.json
