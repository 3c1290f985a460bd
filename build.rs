//! Hands the linker the order of functions and constants when `install.sh` found that it takes one,
//! and links the binary anew when that order changes.

/// Set by `install.sh` for a linker that takes an order.
const ORDERED: &str = "DATAFOG_LAYOUT";

/// Set by `cargo xtask layout`: where the linker writes what it put where.
const MAP: &str = "DATAFOG_LINK_MAP";

#[expect(clippy::disallowed_methods, reason = "cargo speaks with build scripts in this way")]
fn main() {
    let root = env!("CARGO_MANIFEST_DIR");
    println!("cargo::rerun-if-changed=benches/layout.ld");
    println!("cargo::rerun-if-env-changed={ORDERED}");
    println!("cargo::rerun-if-env-changed={MAP}");
    if std::env::var_os(ORDERED).is_some() {
        println!("cargo::rustc-link-arg-bins=-Wl,-T,{root}/benches/layout.ld");
    }
    if let Some(map) = std::env::var_os(MAP) {
        println!("cargo::rustc-link-arg-bins=-Wl,-Map={}", map.display());
    }
}
