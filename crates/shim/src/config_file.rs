//! Options that stand in files: those that a program reads by itself when it starts (`~/.curlrc`,
//! `~/.wgetrc`) and those that an option names (`curl -K FILE`, `wget --config FILE`).
//!
//! They are taken in where the program takes them in: what is read at the start in front of argv,
//! what an option names right behind it. Options read here have no place in argv; their values
//! are content of their own. A file that cannot be read might hold anything, so it is told as
//! such; it is never passed over.

mod curlrc;
mod variables;
mod wgetrc;

use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::path::Path;

use datafog_core::Surroundings;

use crate::profile::{Dialect, Effect, Startup};
use crate::read::{Call, Given};
use crate::redirect::{FILE_LIMIT, paths};
use crate::text::Text;
use variables::Variables;

/// Files may name files; deeper than this they are not followed.
const DEPTH: usize = 4;

/// All files of one call, counted each time one is named. Depth alone does not bound the work: a
/// file that names itself a thousand times would be read a thousand million times.
const FILES: usize = 16;

/// Takes in the options of every file that the call names, and of those read at the start.
pub(crate) fn expand(call: &mut Call<'_>, argv: &[OsString], surroundings: &dyn Surroundings) {
    let Some(startup) = &call.profile.startup else { return };
    let mut taken = Taken {
        surroundings,
        dialect: startup.dialect,
        left: FILES,
        variables: Variables::default(),
        options: Vec::new(),
    };
    let given = std::mem::take(&mut call.given);
    if startup.is_read(&given, argv) {
        taken.startup(startup, call);
    }
    let plain = |given: &Given<'_>| !given.names_options() && !given.expanded;
    if taken.options.is_empty() && given.iter().all(plain) {
        call.given = given;
        return;
    }
    taken.take(given, call, DEPTH);
    call.given = taken.options;
}

impl Startup {
    /// Whether the program reads its files at the start. `-q` counts as curl takes it: as the first
    /// argument, the long name in full.
    fn is_read(&self, given: &[Given<'_>], argv: &[OsString]) -> bool {
        let first = argv.get(1).map(|first| first.as_encoded_bytes()).unwrap_or_default();
        let off = |given: &Given<'_>| match given.spec.effect {
            Some(Effect::Disable) => first.starts_with(b"-q") || first == b"--disable",
            Some(_) | None => self.unless.contains(&given.spec.name) && !given.negated,
        };
        !given.iter().any(off)
    }
}

impl Given<'_> {
    /// Whether it brings further options with it, or words for them.
    fn names_options(&self) -> bool {
        matches!(
            self.spec.effect,
            Some(Effect::Config | Effect::ConfigFile | Effect::Setting | Effect::Variable)
        )
    }
}

/// What has been taken in so far.
struct Taken<'a, 's> {
    surroundings: &'s dyn Surroundings,
    dialect: Dialect,
    /// Files that may still be read.
    left: usize,
    variables: Variables,
    options: Vec<Given<'a>>,
}

impl<'a> Taken<'a, '_> {
    /// Of each group of places the first file that is there.
    fn startup(&mut self, startup: &Startup, call: &mut Call<'a>) {
        for group in startup.files {
            let mut places = group.iter().flat_map(|path| paths(path, self.surroundings));
            let found = places.find_map(|path| match self.read(&path) {
                Err(error) if is_missing(&error) => None,
                read => Some((path, read)),
            });
            match found {
                Some((_, Ok(bytes))) => self.take_file(&bytes, call, DEPTH),
                Some((path, Err(_))) => untold(
                    call,
                    format!(
                        "`{}` sets options and cannot be read; make it a plain file, or move it away",
                        path.file_name().unwrap_or_default().display()
                    ),
                ),
                None => {}
            }
        }
    }

    /// The same options, those of each file behind the option that names it.
    fn take(&mut self, given: Vec<Given<'a>>, call: &mut Call<'a>, depth: usize) {
        for option in given {
            let option = self.put_together(option, call);
            let value = option.value.clone().filter(|_| !option.negated);
            let effect = option.spec.effect;
            self.options.push(option);
            match (effect, value) {
                (Some(Effect::Config | Effect::ConfigFile), Some(file)) => {
                    self.follow(&file, call, depth);
                }
                (Some(Effect::Setting), Some(line)) => {
                    let inner = wgetrc::option(&line, call).into_iter().collect();
                    self.take(inner, call, depth);
                }
                (Some(Effect::Variable), Some(text)) => self.set(&text),
                (Some(_) | None, _) => {}
            }
        }
    }

    /// The option as it is once its variables are put in. As it was written it stays beside that,
    /// because what stands in argv is content, too.
    fn put_together(&mut self, option: Given<'a>, call: &mut Call<'a>) -> Given<'a> {
        match self.variables.expanded(&option, call) {
            Some(value) => {
                let whole = Given { value: Some(value), place: None, ..option.clone() };
                self.options.push(option);
                whole
            }
            None => option,
        }
    }

    /// Sets a variable. What comes out of the environment is not in argv, and content as well.
    fn set(&mut self, text: &Text<'_>) {
        let imported = self.variables.set(text, self.surroundings);
        let option = self.options.last().cloned();
        if let (Some(text), Some(option)) = (imported, option) {
            let value = Some(Text::of_file(text));
            self.options.push(Given { value, place: None, ..option });
        }
    }

    /// Takes in the file that an option names.
    fn follow(&mut self, file: &Text<'_>, call: &mut Call<'a>, depth: usize) {
        match self.named(file, depth) {
            Ok(bytes) => self.take_file(&bytes, call, depth.saturating_sub(1)),
            // Told once in a row: a file may name a thousand that are not read.
            Err(why) if call.untold.last().is_some_and(|told| told == why) => {}
            Err(why) => untold(call, why.to_owned()),
        }
    }

    fn named(&mut self, file: &Text<'_>, depth: usize) -> Result<Vec<u8>, &'static str> {
        if file.bytes.as_ref() == b"-" {
            return Err("options are read from standard input; put them into a file");
        }
        if depth == 0 {
            return Err("files of options name each other too deeply; put the options into one");
        }
        self.left =
            self.left.checked_sub(1).ok_or("too many files of options; put them into one")?;
        let path = self.surroundings.cwd().join(file.to_path());
        self.read(&path).map_err(|_| "a file of options cannot be read; make it a small plain file")
    }

    fn take_file(&mut self, bytes: &[u8], call: &mut Call<'a>, depth: usize) {
        // A C program takes it for the end of a line, or not, as its version has it.
        if bytes.contains(&0) {
            untold(call, "a file of options holds a NUL byte; take it out".to_owned());
        }
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        for line in bytes.split(|byte| *byte == b'\n') {
            let options = match self.dialect {
                Dialect::Curlrc => curlrc::options(line, call),
                Dialect::Wgetrc => {
                    wgetrc::option(&Text::of_file(line.to_vec()), call).into_iter().collect()
                }
            };
            self.take(options, call, depth);
        }
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        if path == Path::new("/dev/null") {
            return Ok(Vec::new());
        }
        self.surroundings.read(path, FILE_LIMIT)
    }
}

fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// Notes that there are options that nobody could look at.
fn untold(call: &mut Call<'_>, why: String) {
    call.unclear.push(why.clone());
    call.untold.push(why);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interpret;
    use crate::world::World;
    use datafog_core::{Carrier, Invocation};

    fn read(argv: &[&str], files: &[(&str, &str)], variables: &[(&str, &str)]) -> Invocation {
        let mut world = World::default();
        world.files.extend(files.iter().map(|(path, text)| (path.into(), text.as_bytes().into())));
        let variables = variables.iter().map(|(name, value)| ((*name).into(), value.into()));
        world.variables.extend(variables);
        let argv: Vec<OsString> = argv.iter().map(OsString::from).collect();
        interpret(&argv, &world)
    }

    fn names(invocation: &Invocation) -> Vec<&str> {
        invocation.options.iter().map(|option| option.name.as_str()).collect()
    }

    fn untold_of(invocation: &Invocation) -> Vec<&str> {
        let mut told = Vec::new();
        for content in &invocation.contents {
            if let Carrier::Untold(why) = &content.carrier {
                told.push(why.as_str());
            }
        }
        told
    }

    /// Found while fuzzing `curl_config`: the work grew with the fourth power of the lines.
    #[test]
    fn r_fuzz_a_file_that_names_itself_often_is_read_a_few_times() {
        let text = format!("{}data = x\n", "config = c\n".repeat(2_000));
        let argv = ["curl", "-K", "c", "https://h.example/"];
        let invocation = read(&argv, &[("/home/u/work/c", &text)], &[]);
        let count = names(&invocation).iter().filter(|name| **name == "--data").count();
        assert!((1..=FILES).contains(&count), "{count}");
        let told = |text: &&String| text.starts_with("too many files of options");
        assert_eq!(invocation.unclear.iter().filter(told).count(), 1);
    }

    #[test]
    fn what_is_read_at_the_start_stands_in_front() {
        let files = [("/home/u/.curlrc", "insecure\nproxy = p.example\n")];
        let invocation = read(&["curl", "--no-insecure", "https://h.example"], &files, &[]);
        assert_eq!(names(&invocation), ["--insecure", "--proxy", "--no-insecure"]);
        assert!(names(&read(&["curl", "-q", "https://h.example"], &files, &[])).len() == 1);
        let late = read(&["curl", "-s", "-q", "https://h.example"], &files, &[]);
        assert_eq!(names(&late).len(), 4, "-q counts as the first argument only");
        let short = read(&["curl", "--disab", "https://h.example"], &files, &[]);
        assert_eq!(names(&short).len(), 3, "and in full");
    }

    #[test]
    fn of_several_places_the_first_file_counts() {
        let files = [("/c/.curlrc", "silent"), ("/home/u/.curlrc", "verbose")];
        let here = [("CURL_HOME", "/c")];
        assert_eq!(names(&read(&["curl", "https://h.example"], &files, &here)), ["--silent"]);
        assert_eq!(names(&read(&["curl", "https://h.example"], &files, &[])), ["--verbose"]);
    }

    #[test]
    fn options_that_nobody_looked_at_are_content_that_leaves() {
        let large = "#".repeat(FILE_LIMIT + 1);
        type Case<'c> = (&'c [&'c str], &'c [(&'c str, &'c str)]);
        let cases: [Case<'_>; 6] = [
            (&["curl", "-K", "-"], &[]),
            (&["curl", "-K", "/dev/fd/63"], &[]),
            (&["curl", "-K", "large"], &[("/home/u/work/large", &large)]),
            (&["curl", "-K", "c"], &[("/home/u/work/c", "config = c")]),
            (&["curl", "-s"], &[("/home/u/.curlrc", &large)]),
            (&["curl", "-K", "nul"], &[("/home/u/work/nul", "#\0\ndata = x")]),
        ];
        for (argv, files) in cases {
            let argv = [argv, &["http://localhost/"]].concat();
            let invocation = read(&argv, files, &[]);
            assert_eq!(untold_of(&invocation).len(), 1, "{argv:?}: {:?}", invocation.unclear);
            assert!(!invocation.destinations.iter().any(|it| it.is_loopback()), "{argv:?}");
        }
        let nothing = read(&["curl", "-K", "/dev/null", "http://localhost/"], &[], &[]);
        assert_eq!(untold_of(&nothing), [""; 0]);
    }

    #[test]
    fn wget_reads_the_systems_file_and_the_users() {
        let files = [("/etc/wgetrc", "tries = 3\n"), ("/home/u/.wgetrc", "header = X-A: b\n")];
        let both = read(&["wget", "https://h.example"], &files, &[]);
        assert_eq!(names(&both), ["--tries", "--header"]);
        let none = read(&["wget", "--no-config", "https://h.example"], &files, &[]);
        assert_eq!(names(&none), ["--no-config"]);
        let own = [("/home/u/work/rc", "quiet = on\n"), files[0], files[1]];
        let other = read(&["wget", "--config=rc", "https://h.example"], &own, &[]);
        assert_eq!(names(&other), ["--config", "--quiet"]);
    }
}
