#!/usr/bin/env bash
# What `make test` runs: every check of the project, on real servers that it installs or starts itself.
# Stops at the first failure and says what to do. Prints the number of tests at the end.
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '\n== %s\n' "$*"; }

# need PROGRAM DEBIAN-PACKAGE: installs the package where we may, otherwise says so and fails.
need() {
    command -v "$1" >/dev/null 2>&1 && return
    install_package "$2"
}

install_package() {
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        step "installing $1"
        apt-get install -y "$1" >/dev/null 2>&1 || { apt-get update -qq && apt-get install -y "$1" >/dev/null; }
        return
    fi
    echo "the tests need the package $1; install it (Debian: apt-get install $1) and run this again" >&2
    exit 1
}

need cc build-essential
need python3 python3
python3 -c 'import ensurepip' 2>/dev/null || install_package python3-venv
need node nodejs
need npm npm
need chromium chromium
need strace strace
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null 2>&1 || install_package postgresql
if ! cargo deny --version >/dev/null 2>&1; then
    step "installing cargo-deny"
    cargo install cargo-deny --locked --quiet
fi

step "format"
cargo fmt --all --check

step "lints"
cargo clippy --workspace --all-targets --quiet -- -D warnings

step "documents"
RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --quiet

step "dependencies: licences, bans, sources"
cargo deny --log-level error check licenses bans sources
if cargo deny --log-level error fetch db >/dev/null 2>&1; then
    cargo deny --log-level error check advisories
else
    echo "the advisory database cannot be reached from here: advisories were not checked"
fi

step "programs"
cargo build --workspace --bins --quiet

log=$(mktemp)
trap 'rm -f "$log"' EXIT

step "the chat page's modules"
node --test --test-reporter=tap api/page/test/ 2>&1 | tee -a "$log" | grep -E '^(not ok|# (pass|fail))|^ +(not ok|error:)' || true

step "tests"
cargo test --workspace --quiet 2>&1 | tee -a "$log"

if [ "${DESK_TEST_LONG:-}" = 1 ]; then
    step "what is timed, alone on the machine"
    cargo test --workspace --quiet --test it -- --ignored --test-threads=1 --nocapture timed:: 2>&1 | tee -a "$log"
    : "${DESK_FUZZ_SECONDS:=60}"
fi

step "the fuzzer, briefly, where there is a nightly toolchain"
DESK_FUZZ_SECONDS="${DESK_FUZZ_SECONDS:-2}" tests/fuzz.sh 2>&1 | tee -a "$log"

target="${CARGO_TARGET_DIR:-$PWD/target}"
step "the API's document against the server, as everybody who may call it (tests/schemathesis)"
venv="$target/schemathesis"
if ! cmp -s tests/schemathesis/requirements.txt "$venv/installed.txt"; then
    python3 -m venv --clear "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement tests/schemathesis/requirements.txt
    cp tests/schemathesis/requirements.txt "$venv/installed.txt"
fi
"$venv/bin/python" tests/schemathesis/run.py --desk "$target/debug/desk" 2>&1 | tee -a "$log"

step "journeys in a browser"
npm ci --prefix tests/browser --no-audit --no-fund --loglevel=error
export DESK_PROGRAM="$target/debug/desk"
node --test --test-reporter=tap tests/browser/ 2>&1 | tee -a "$log" | grep -E '^(not ok|ok|# (pass|fail))|error:'

count() { awk -v rust="$1" -v node="$2" '/^test result:/ { sum += $rust } $0 ~ node { sum += $3 } END { print sum + 0 }' "$log"; }
failed=$(count 6 '^# fail')
printf '\n%s passed, %s failed\n' "$(count 4 '^# pass')" "$failed"
[ "$failed" = 0 ]
