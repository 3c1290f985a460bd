//! Lines that are made to wear a gate out are judged or stopped, never waved through.

use crate::support::Install;

#[path = "../../../benches/hostile_lines.rs"]
mod hostile_lines;

use hostile_lines::hostile_lines;

#[test]
fn a_line_made_to_wear_the_gate_out_is_stopped_each_time() {
    let install = Install::new(&[]);
    for hostile in hostile_lines() {
        for attempt in 1..=2 {
            let json = install.datafog(["check", "--json", "-c", &hostile.line]).run().json();
            let stopped = json["decision"] == "deny";
            assert_eq!(stopped, hostile.stopped, "{} ({attempt}): {json}", hostile.name);
        }
    }
}
