//! Keywords that betray a layer of disguise; what they mean is in `src/layer`.

use crate::grams::Grams;
use crate::keyword::Keyword;

/// Escapes, in the syntax of keywords.
const ESCAPES: [&str; 15] = [
    r"\\x2\h",
    r"\\x3\h",
    r"\\x4\h",
    r"\\x5\h",
    r"\\x6\h",
    r"\\x7\h",
    r"\\u00",
    r"\\u20",
    r"\\u{\h",
    r"\\1\d\d",
    r"\\0\d\d",
    r"&#\d\d",
    r"&#x\h",
    "&quot;",
    "_\u{ad}\\w",
];

/// Characters that take no room, three bytes each.
const NO_ROOM: [&str; 5] = ["\u{200b}", "\u{200c}", "\u{200d}", "\u{2060}", "\u{feff}"];

/// What may stand between two literals after the first quote; `q` is a quote, `w` a letter or digit.
const JOINTS: [&str; 20] = [
    " + ", " +\n", "+\n ", "+qw", " . ", ".qw", " & ", "&qw", " ..", "..q", " ++", " <>", " ||",
    " ~ ", " qw", " \\\n", "\n  ", "\n\tq", "\r\n ", "\r\n\t",
];

/// Flags of compressed data that are met.
const FLAGS: [u8; 4] = [0, 8, 0x10, 0x18];

/// Soft line ends and the escapes that no text in quoted-printable is without.
const QUOTED: [&str; 4] = ["=\r\n\\w", "\\w=3D", "\\w=5F", "\\h\\h=\n"];

/// All keywords with the names of their layers.
pub(crate) fn keywords(grams: &Grams) -> Result<Vec<(Keyword, &'static str)>, String> {
    let mut all = Vec::new();
    for text in ESCAPES {
        all.push((Keyword::new(text, grams)?, "Escapes"));
    }
    for text in NO_ROOM {
        all.push((Keyword::new(&format!("\\w{text}"), grams)?, "Escapes"));
        all.push((Keyword::new(&format!("{text}\\w"), grams)?, "Escapes"));
    }
    for (quote, joint) in "\"'".chars().flat_map(|quote| JOINTS.map(|joint| (quote, joint))) {
        let text = joint.replace('\\', "\\\\").replace('q', &quote.to_string()).replace('w', "\\w");
        all.push((Keyword::new(&format!("{quote}{text}"), grams)?, "Escapes"));
    }
    for flags in FLAGS {
        all.push((Keyword::of(&[0x1f, 0x8b, 8, flags], grams)?, "Gzip"));
    }
    for text in QUOTED {
        all.push((Keyword::new(text, grams)?, "QuotedPrintable"));
    }
    Ok(all)
}
