/*!
The binary as it is installed and used, end to end.

Every test makes an installation of its own in a temporary folder and starts processes with an
environment that it names in full: no test sees the machine's home, PATH or settings, and none
changes them.
*/

// Marked as tests although the whole program is one, so that the lints for tests hold in helpers.

#[cfg(test)]
mod approvals;
#[cfg(test)]
mod bypass;
#[cfg(test)]
mod cli;
#[cfg(test)]
#[path = "../shared/cluster.rs"]
mod cluster;
#[cfg(test)]
mod durability;
#[cfg(test)]
mod failing;
#[cfg(test)]
mod foreign;
#[cfg(test)]
mod gate;
#[cfg(test)]
mod hooks;
#[cfg(test)]
#[path = "../shared/loopback.rs"]
mod loopback;
#[cfg(test)]
mod path_setup;
#[cfg(test)]
mod policy_tools;
#[cfg(test)]
mod readme;
#[cfg(test)]
mod redaction;
#[cfg(test)]
mod scan;
#[cfg(test)]
mod scorer;
#[cfg(test)]
mod server;
#[cfg(test)]
mod support;
#[cfg(test)]
mod transparency;
