//! Hands the linker the order of functions when `install.sh` found that it takes one, and builds
//! the binary anew when that order changes.

/// Set by `install.sh` for a linker that takes an order.
const ORDERED: &str = "DATAFOG_SYMBOL_ORDER";

#[expect(clippy::disallowed_methods, reason = "cargo speaks with build scripts in this way")]
fn main() {
    println!("cargo::rerun-if-changed=benches/symbols.txt");
    println!("cargo::rerun-if-env-changed={ORDERED}");
    if std::env::var_os(ORDERED).is_some() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/symbols.txt");
        println!("cargo::rustc-link-arg-bins=-Wl,--symbol-ordering-file={file}");
        println!("cargo::rustc-link-arg-bins=-Wl,--no-warn-symbol-ordering");
    }
}
