//! Content that only another program can tell: the commits that a push sends, the lines that a
//! commit takes in, the image that a push sends.
//!
//! Each gatherer is one file and one line in [`GATHERERS`]. It starts nothing itself: programs are
//! asked through the [`Surroundings`], in a way that no setting of a repository can turn into
//! something else, and what they write is handed on piece by piece. Nothing is held in memory but a
//! line or a small object.

use datafog_core::{Channel, Invocation, Surroundings};

mod added;
mod git;
pub(crate) mod image;
mod objects;
mod outgoing;
mod staged;

/// A piece of gathered content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gathered<'b> {
    /// A content begins: where it comes from, and whether it says who made something. A name and an
    /// address there are no secret that was put in; a token is.
    Begin(Channel, Says),
    /// Bytes of the content that began last.
    Bytes(&'b [u8]),
}

/// What a gathered content is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    /// Anything.
    Anything,
    /// Who wrote or signed something.
    Author,
    /// What the layers of an image hold: the bytes are a tape archive with the layers in it.
    Layers,
}

/// Takes gathered content.
pub(crate) type Take<'t> = &'t mut dyn FnMut(Gathered<'_>);

/// One gatherer.
struct Gatherer {
    /// The name in [`Invocation::gathers`].
    name: &'static str,
    gather: fn(&Invocation, &dyn Surroundings, Take<'_>) -> Result<(), String>,
}

/// Every gatherer, sorted by name.
static GATHERERS: &[Gatherer] = &[
    Gatherer { name: outgoing::NAME, gather: outgoing::gather },
    Gatherer { name: staged::NAME, gather: staged::gather },
];

/// Hands the content that [`Invocation::gathers`] names to `take`; nothing where it names none. The
/// call is one of `program`, which may be another name of the invocation's own.
///
/// # Errors
/// Why not all of it could be told, in words for a person. What was told until then stands.
pub fn gather(
    invocation: &Invocation,
    program: &str,
    surroundings: &dyn Surroundings,
    take: Take<'_>,
) -> Result<(), String> {
    let Some(name) = invocation.gathers else { return Ok(()) };
    if name == image::NAME {
        return image::gather(program, invocation, surroundings, take);
    }
    let gatherer = GATHERERS.iter().find(|one| one.name == name);
    let gatherer = gatherer.ok_or_else(|| format!("nobody knows how to gather `{name}`"))?;
    (gatherer.gather)(invocation, surroundings, take)
}

/// Whether what is gathered is an image, which holds archives.
#[must_use]
pub fn gathers_layers(invocation: &Invocation) -> bool {
    invocation.gathers == Some(image::NAME)
}

/// Who gathers the content of a subcommand of git.
pub(crate) fn of_git(subcommand: &[String]) -> Option<&'static str> {
    match subcommand.first()?.as_str() {
        "commit" => Some(staged::NAME),
        "push" | "send-pack" => Some(outgoing::NAME),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gatherers_are_sorted_and_unique() {
        assert!(GATHERERS.windows(2).all(|pair| pair[0].name < pair[1].name));
    }

    #[test]
    fn what_nobody_gathers_is_an_error_and_nothing_is_nothing() {
        let world = crate::world::World::default();
        let mut none = |piece: Gathered<'_>| assert_eq!(piece, Gathered::Bytes(b"nothing"));
        let mut call = Invocation::default();
        assert_eq!(gather(&call, "x", &world, &mut none), Ok(()));
        call.gathers = Some("x");
        assert!(gather(&call, "x", &world, &mut none).is_err());
    }
}
