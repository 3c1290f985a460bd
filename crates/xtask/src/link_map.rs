//! What the linker put where, from lld's map, and how a script names it.
//!
//! The map's columns are address, load address, size, alignment; then `file:(section)` for a piece
//! of an input file, further to the right the symbols in it.

use std::collections::{BTreeMap, HashMap};

/// A section of an input file. Small ones come first: of a large one a call mostly touches only the
/// beginning, so what follows it would lie far from the rest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Piece {
    /// In bytes; 0 where the map was not asked.
    size: u64,
    /// Of a piece of the C library: `libc.a:malloc.o` or `crt1.o`. None of our own.
    pub(crate) object: Option<String>,
    /// The section's name in its file, `.rodata.NAME`.
    section: String,
}

/// All pieces by address, and the pieces in which functions of the C library lie.
#[derive(Debug, Default)]
pub(crate) struct LinkMap {
    pieces: BTreeMap<u64, Piece>,
    functions: HashMap<String, Piece>,
}

impl LinkMap {
    pub(crate) fn read(text: &str) -> Self {
        let mut map = Self::default();
        let mut last: Option<Piece> = None;
        for line in text.lines() {
            let Some((start, size, rest)) = columns(line) else { continue };
            if let Some(piece) = Piece::read(rest, size) {
                if size > 0 {
                    map.pieces.insert(start, piece.clone());
                }
                last = Some(piece);
            } else if let Some(piece) = last.as_ref().filter(|piece| piece.object.is_some()) {
                map.functions.insert(rest.to_owned(), piece.clone());
            }
        }
        map
    }

    /// The piece that holds the byte at `address`.
    pub(crate) fn at(&self, address: u64) -> Option<&Piece> {
        let (start, piece) = self.pieces.range(..=address).next_back()?;
        (address < start.saturating_add(piece.size)).then_some(piece)
    }

    /// The piece that holds a function, by its linker symbol: the C library's as the map has it,
    /// ours each in a section of its own.
    pub(crate) fn code(&self, name: &str) -> Option<Piece> {
        let ours = || Piece { size: 0, object: None, section: format!(".text.{name}") };
        let known = self.functions.get(name).cloned();
        known.or_else(|| (is_rust(name) || name == "main").then(ours))
    }
}

fn columns(line: &str) -> Option<(u64, u64, &str)> {
    let hex = |text: Option<&str>| u64::from_str_radix(text?, 16).ok();
    let mut columns = line.split_ascii_whitespace();
    let (start, size) = (hex(columns.next())?, hex(columns.nth(1))?);
    let alignment = columns.next()?;
    let (_, rest) = line.split_once(&format!(" {alignment} "))?;
    Some((start, size, rest.trim()))
}

impl Piece {
    /// `…/libc.a(malloc.o):(.data)`, `…/crt1.o:(.text)`, or an object of our own.
    fn read(text: &str, size: u64) -> Option<Self> {
        let (file, section) = text.rsplit_once(":(")?;
        let section = section.strip_suffix(')')?.to_owned();
        let name = file.rsplit('/').next()?;
        let object = match name.strip_suffix(')').and_then(|name| name.split_once('(')) {
            Some((archive, object)) => Some(format!("{archive}:{object}")),
            None => name.starts_with("crt").then(|| name.to_owned()),
        };
        // Of an archive of Rust's own, the objects' names change with each compiler.
        let object = object.filter(|name| !name.contains(".rlib:"));
        Some(Self { size, object, section })
    }

    /// The line of a linker script that names this piece.
    pub(crate) fn pattern(&self) -> String {
        match (&self.object, self.section.strip_prefix(".text.")) {
            (Some(object), _) => format!("*{object}({})", self.section),
            (None, Some(name)) => format!("*(.text.{name} .text.unlikely.{name})"),
            (None, None) => format!("*({})", self.section),
        }
    }

    /// The line that names all constants of this piece's object, if it is the C library's.
    pub(crate) fn constants_beside(&self) -> Option<String> {
        Some(format!("*{}(.rodata .rodata.*)", self.object.as_ref()?))
    }

    /// A constant with a name of its own; those that the linker merges have none.
    pub(crate) fn is_constant(&self) -> bool {
        let merged = [".rodata.cst", ".rodata.str"].iter().any(|it| self.section.starts_with(it));
        self.section.starts_with(".rodata.") && !merged
    }

    pub(crate) fn is_data(&self) -> bool {
        self.section.starts_with(".data") && !self.section.starts_with(".data.rel.ro")
    }

    pub(crate) fn is_zeroed(&self) -> bool {
        self.section.starts_with(".bss")
    }
}

/// The sections in which a function of ours may lie after a change.
///
/// The hash at a symbol's end changes with every change of a type, and the number that the linker
/// puts behind it to part copies with every change at all; so both are left open.
pub(crate) fn sections_like(name: &str) -> Option<String> {
    if !is_rust(name) {
        return None;
    }
    let bare = name.rsplit_once('.').filter(|(_, copy)| copy.bytes().all(|it| it.is_ascii_digit()));
    let bare = bare.map_or(name, |(bare, _)| bare);
    Some(match bare.rsplit_once("17h") {
        Some((path, _)) if bare.starts_with("_ZN") => {
            format!("*(.text.{path}17h* .text.unlikely.{path}17h*)")
        }
        Some(_) | None => {
            format!("*(.text.{bare} .text.{bare}.* .text.unlikely.{bare} .text.unlikely.{bare}.*)")
        }
    })
}

/// Whether a linker symbol is that of a Rust function, in either of its spellings.
fn is_rust(name: &str) -> bool {
    name.starts_with("_ZN") || name.starts_with("_R")
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAP: &str = "\
             VMA              LMA     Size Align Out     In      Symbol
          20b180           20b180   259c94    64 .rodata
          20b1c0           20b1c0       30     8         /t/a-1.a.2-cgu.0.rcgu.o:(.rodata._ZN1a1B17h0E)
          20b1c0           20b1c0       30     1                 a::B::h0
          dfc980           dfc980      898    32         /usr/../lib/libc.a(malloc.o):(.data.rel.local)
          dfc980           dfc980      898     1                 main_arena
          dfe000           dfe000       10    16         /usr/lib/crt1.o:(.text)
          dfe000           dfe000       10     1                 _start
";

    #[test]
    fn what_lies_at_an_address_is_named_as_a_script_does() {
        let map = LinkMap::read(MAP);
        let pattern = |address| map.at(address).map(Piece::pattern);
        assert_eq!(pattern(0x20b1c8).unwrap(), "*(.rodata._ZN1a1B17h0E)");
        assert_eq!(pattern(0xdfd217).unwrap(), "*libc.a:malloc.o(.data.rel.local)");
        assert_eq!(pattern(0xdfd218), None);
        assert!(map.at(0xdfc980).unwrap().is_data());
        assert_eq!(map.code("_start").unwrap().pattern(), "*crt1.o(.text)");
        assert_eq!(map.code("_ZN1f").unwrap().pattern(), "*(.text._ZN1f .text.unlikely._ZN1f)");
        assert_eq!(map.code("unheard"), None);
    }

    #[test]
    fn a_section_is_found_again_after_a_change() {
        let names = [
            (
                "_ZN1a4read17h0a64ccfae62c7d29E",
                "*(.text._ZN1a4read17h* .text.unlikely._ZN1a4read17h*)",
            ),
            (
                "_ZN1a4read17h0a64ccfae62c7d29E.3664",
                "*(.text._ZN1a4read17h* .text.unlikely._ZN1a4read17h*)",
            ),
            ("_R1a.30", "*(.text._R1a .text._R1a.* .text.unlikely._R1a .text.unlikely._R1a.*)"),
        ];
        for (name, expected) in names {
            assert_eq!(sections_like(name).as_deref(), Some(expected));
        }
        assert_eq!(sections_like("malloc"), None);
    }
}
