#!/bin/sh
# Builds every fuzz target and runs each for some seconds, 30 unless told otherwise:
#   fuzz/run.sh [SECONDS]
#
# Needs `cargo install cargo-fuzz --locked` and a C++ compiler; without cargo-fuzz nothing is done,
# and that is said. A crash ends the script, its input is kept in fuzz/artifacts/<target>/.

set -eu

main() {
    seconds=${1:-30}
    cd "$(dirname "$0")"
    if ! cargo fuzz --version >/dev/null 2>&1; then
        echo "cargo-fuzz is not installed here: skipped"
        return 0
    fi
    # The fuzzer's instrumentation is still behind a switch of the compiler; the code is stable Rust.
    export RUSTC_BOOTSTRAP=1
    # No sanitizer: there is no unsafe code of ours to watch, and runs are twice as fast.
    cargo fuzz build --sanitizer none
    for target in $(cargo fuzz list); do
        printf '\n== %s\n' "$target"
        mkdir -p "corpus/$target"
        cargo fuzz run --sanitizer none "$target" "corpus/$target" "seeds/$target" -- \
            -max_total_time="$seconds" -max_len=4096 -timeout=10 -print_final_stats=1 -verbosity=0
    done
}

main "$@"
