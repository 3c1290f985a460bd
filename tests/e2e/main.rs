/*!
The binary as it is installed and used, end to end.

Every test makes an installation of its own in a temporary folder and starts processes with an
environment that it names in full: no test sees the machine's home, PATH or settings, and none
changes them.
*/

mod cli;
mod hooks;
mod path_setup;
mod support;
