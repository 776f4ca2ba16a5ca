# Two commands: `make run` starts Fiido Desk, `make test` is what CI runs. `make demo` has something to look at.
.POSIX:
.SUFFIXES:
.PHONY: help run web demo test test-long test-kurrentdb fuzz fmt lint doc build unit page deny settings

help: ## Say what there is
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed 's/:[^#]*## /\t/' | expand -t 16

# Where there is no Node, desk is built without its pages, and says so in their place.
web: ## Build the workbench and the widget
	@command -v npm >/dev/null 2>&1 || { echo "there is no npm: desk is built without the workbench and the widget" >&2; exit 0; }; \
	cd web && { test node_modules/.package-lock.json -nt package-lock.json || npm ci --no-audit --no-fund --loglevel=error; } && npm run --silent build

run: web ## Build and start it with SQLite in ./data
	cargo build --release -p api -p replay-tool
	./target/release/desk --data-dir data --faq-dir integrations/faq --dev

demo: web ## The same on a generated log of some days, in ./demo
	cargo build --release -p api -p replay-tool -p tests --bins
	test -e demo/events.db || ./target/release/desk-load generate --events 20000 --dir demo
	@cat tests/load/demo.txt
	DESK_ADMIN_PASSWORD='only for this demo' ./target/release/desk --data-dir demo --faq-dir integrations/faq --dev

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
