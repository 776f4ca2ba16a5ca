#!/usr/bin/env bash
# Gives everything that parses what comes from outside to libFuzzer, DESK_FUZZ_SECONDS (60) each; with names, only those.
# It needs a nightly toolchain: where there is none nothing is fuzzed, and it says so. The same functions are tested over bytes
# by every `cargo test` (tests/it/fuzz_targets.rs), which needs nothing.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds="${DESK_FUZZ_SECONDS:-60}"
target="${CARGO_TARGET_DIR:-$PWD/target}/fuzz"

if ! rustup run nightly rustc --version >/dev/null 2>&1; then
    echo "there is no nightly toolchain (rustup toolchain install nightly): nothing was fuzzed"
    exit 0
fi
if ! cargo fuzz --version >/dev/null 2>&1; then
    echo "installing cargo-fuzz"
    cargo install cargo-fuzz --locked --quiet
fi

fuzz() { env -u CARGO_TARGET_DIR cargo +nightly fuzz "$@"; }

echo "building with the sanitizer: minutes, the first time"
said=$(mktemp)
trap 'rm -f "$said"' EXIT
if ! fuzz build --fuzz-dir fuzz --target-dir "$target" >"$said" 2>&1; then
    tail -n 60 "$said" >&2
    exit 1
fi

names=("$@")
[ "$#" -gt 0 ] || mapfile -t names < <(cargo fuzz list --fuzz-dir fuzz)
failed=0
for name in "${names[@]}"; do
    if fuzz run --fuzz-dir fuzz --target-dir "$target" "$name" -- \
        -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=16384 -print_final_stats=1 >"$said" 2>&1; then
        echo "$name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$said") inputs, nothing found"
    else
        failed=$((failed + 1))
        echo "not ok $name"
        tail -n 60 "$said"
    fi
done
printf '# pass %s\n# fail %s\n' "$((${#names[@]} - failed))" "$failed"
[ "$failed" = 0 ]
