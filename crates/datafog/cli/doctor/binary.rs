//! Whether the installed binary is what the hot path and the trust rules count on.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use datafog_config::FileIdentity;

use super::super::session::Session;
use super::Finding;

/// Program header type of the name of a dynamic loader (System V ABI, "Program Header").
const PT_INTERP: u32 = 3;

// Offsets in an ELF64 header: where the program headers are, how long one is, how many there are.
const E_PHOFF: usize = 32;
const E_PHENTSIZE: usize = 54;
const E_PHNUM: usize = 56;

pub(super) fn examine(session: &Session) -> Finding {
    let about = "binary";
    let path = session.layout.binary();
    let shown = path.display().to_string();
    let Ok(metadata) = path.metadata() else {
        return Finding::problem(about, format!("`{shown}` is missing"), "datafog init");
    };
    if let Err(error) = FileIdentity::of(&metadata).require_trusted(&path, session.user) {
        return Finding::problem(about, error.to_string(), "datafog doctor --fix");
    }
    let version = env!("CARGO_PKG_VERSION");
    if cfg!(target_os = "linux") && needs_loader(&path).unwrap_or(true) {
        return Finding::warning(
            about,
            format!("datafog {version}, linked dynamically: slower, and a loader runs before it"),
            "install with ./install.sh where a static C library is at hand",
        );
    }
    Finding::ok(about, format!("datafog {version}  {shown}"))
}

/// Whether a 64-bit ELF file names a dynamic loader.
fn needs_loader(path: &Path) -> io::Result<bool> {
    let file = File::open(path)?;
    let mut head = [0_u8; 64];
    file.read_exact_at(&mut head, 0)?;
    let field = |at: usize, length: usize| -> u64 {
        let bytes = head.iter().skip(at).take(length).rev();
        bytes.fold(0, |value, byte| (value << 8) | u64::from(*byte))
    };
    let (offset, size, count) = (field(E_PHOFF, 8), field(E_PHENTSIZE, 2), field(E_PHNUM, 2));
    for index in 0..count {
        let mut kind = [0_u8; 4];
        file.read_exact_at(&mut kind, offset.saturating_add(index.saturating_mul(size)))?;
        if u32::from_le_bytes(kind) == PT_INTERP {
            return Ok(true);
        }
    }
    Ok(false)
}
