#!/bin/sh
# Runs every test of the workspace. Arguments go to the test runner, for example:
#   ./test.sh hooks          only tests whose name holds "hooks"

set -eu

main() {
    CDPATH="" cd -- "$(dirname "$0")"
    # The end-to-end tests start the binary that cargo builds for them, so nothing else is needed.
    if cargo nextest --version >/dev/null 2>&1; then
        cargo nextest run --workspace --features datafog-api/server --locked "$@"
    else
        cargo test --workspace --features datafog-api/server --locked "$@"
    fi
}

main "$@"
