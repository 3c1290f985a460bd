/*!
Reads a line for a shell as the commands that it would start.

[`read()`] parses the text and walks it as a shell would run it: words are expanded with what is
known of variables, substitutions and files; every command that could run is told with its words,
its input and the files that it redirects to. What only shows when the line runs stays unknown, and
an unknown program name, or text that is made at run time and then run, is told as *not understood*
([`Script::opaque`]). Nothing is run.

It is no judge, and it does not know what a program means by its words: a wrapper such as `sudo` is
one more command here. The parser is a crate behind one function; its limits stand in `limits`.
*/

mod arrays;
mod brace;
mod builtin;
mod calculation;
mod expand;
mod folders;
mod found;
mod glob;
mod heads;
mod invented;
mod later;
mod limits;
mod lists;
mod output;
mod outside;
mod parameter;
mod parse;
mod positional;
mod read;
mod reading;
mod redirect;
mod script;
mod simple;
mod ticks;
mod variables;
mod walk;
mod writing;
mod zsh;

pub use read::{Line, Place, read};
pub use script::{Command, Field, Input, Redirection, Script, Source, Way};
pub use simple::{Piece, Simple, simple_commands};
