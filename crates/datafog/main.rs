//! x
#![no_main]
datafog_start::entry!(run);
fn run(p: datafog_start::Process) -> u8 { p.arguments.len() as u8 }
