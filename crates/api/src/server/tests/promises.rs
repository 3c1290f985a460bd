//! The behaviours that the other systems' contracts list, each by its id: the test that holds it. What no
//! test holds has a row in `docs/COMPATIBILITY.md` that says why.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// An id, and the test that holds it.
type Promise = (&'static str, &'static str);

/// For what a row of the page tells.
const SEE_PAGE: &str = "";

const AGENTGOV: &[Promise] = &[
    ("P1", "p1_every_spelling_forwards_name_and_arguments_alone"),
    ("P2", "p2_a_call_without_a_name_is_refused_and_nothing_is_done"),
    ("P3", "p3_a_denied_call_reaches_nobody_and_is_recorded_with_its_rule"),
    ("P4", "p4_p5_what_upstreams_answer_is_told_apart"),
    ("P5", "p4_p5_what_upstreams_answer_is_told_apart"),
    ("P6", "p6_what_is_not_listed_is_not_reached"),
    ("P7", "p7_what_cannot_be_recorded_is_not_forwarded"),
    ("R1", SEE_PAGE),
    ("R2", "v1_then_v0_and_any_package"),
    ("R3", "undefined_and_errors_deny"),
    ("R4", SEE_PAGE),
    ("R5", "a_changed_policy_is_in_force_within_a_second_and_a_broken_one_leaves_the_last"),
    ("R6", "endless_work_is_stopped"),
    ("R7", SEE_PAGE),
    ("R8", SEE_PAGE),
    ("A1", "a1_what_is_held_is_seen_oldest_first_without_its_values"),
    ("A2", "a2_a7_a_yes_forwards_once_and_a_no_says_why"),
    ("A3", "a3_a_call_that_nobody_answers_in_time_is_told_so_and_stays_in_the_history"),
    ("A4", "what_waits_and_what_was_said_outlive_a_kill"),
    ("A5", "a5_who_went_away_is_served_only_with_the_ticket_and_once"),
    ("A6", "a6_who_decides_is_an_approver_of_the_tenant"),
    ("A7", "a2_a7_a_yes_forwards_once_and_a_no_says_why"),
    ("A8", "a8_of_many_decisions_one_counts"),
    ("U1", "u1_u3_u4_every_transition_is_an_entry_without_raw_values"),
    ("U2", "edits_of_somebody_who_drops_the_triggers_are_found"),
    ("U3", "u1_u3_u4_every_transition_is_an_entry_without_raw_values"),
    ("U4", "u1_u3_u4_every_transition_is_an_entry_without_raw_values"),
    ("L1", "l1_a_socket_has_a_snapshot_and_one_message_for_each_answer"),
    ("L2", "l2_a_socket_needs_a_credential_in_a_header_and_no_page_gets_one"),
    ("S1", "s1_wrong_passwords_are_told_alike_and_throttled"),
    ("S2", "the_first_start_makes_a_key_and_every_route_answers"),
    ("O1", "l2_ready_is_false_when_the_policy_is_broken"),
    ("O2", "o2_who_waits_gets_a_ticket_when_the_server_goes_down"),
    ("O3", "a_bad_setting_is_an_error_that_names_it"),
];

const DATAFOG: &[Promise] = &[
    ("health", "health_and_policy_version_name_the_policy"),
    ("both headers and 401", "either_header_is_taken_and_nothing_else"),
    ("429", "the_third_call_over_a_rate_of_two_waits"),
    ("scan", "scan_tells_values_and_byte_offsets_to_who_sent_the_text"),
    ("transform", "every_mode_removes_the_value_in_its_own_form"),
    ("decision and receipt", "decide_leaves_a_receipt_without_any_value"),
    ("input hash", "the_input_hash_is_that_of_the_request_without_its_own_names"),
    ("replay", "a_repeated_request_gets_the_first_answer_and_another_one_a_conflict"),
    ("replay of texts", "a_repeated_transform_keeps_its_names_and_another_one_is_a_conflict"),
    ("405 and 404", "other_methods_and_routes_are_told_so"),
    ("400 and 413", "what_cannot_be_read_is_refused_by_code"),
    ("415", "only_json_is_read_whatever_its_letters"),
    ("bad modes", "no_mode_is_an_error_and_never_the_text_as_it_was"),
    ("metrics", "metrics_count_by_route_method_and_status"),
    ("lists", "lists_are_newest_first_and_narrowed"),
    ("request id", "a_request_keeps_its_id_or_gets_one"),
    ("settings", "the_original_services_variables_hold"),
];

const DATAGUARD: &[Promise] = &[
    ("B1", "dataguards_examples_give_what_its_readme_promises"),
    ("B2", SEE_PAGE),
    ("B3", SEE_PAGE),
    ("B4", SEE_PAGE),
    ("B5", SEE_PAGE),
    ("B6", SEE_PAGE),
    ("B7", "b7_the_same_proposal_gets_the_same_answer"),
    ("A1", "a1_a2_what_is_held_has_a_ticket_that_every_route_knows"),
    ("A2", "a1_a2_what_is_held_has_a_ticket_that_every_route_knows"),
    ("A3", "nobody_answers_and_the_time_is_over"),
    ("A4", "what_waits_and_what_was_said_outlive_a_kill"),
    ("A5", "a5_the_reviewer_is_the_credential"),
    ("A6", "a6_a_second_decision_is_a_conflict_and_an_unknown_one_is_not_found"),
    ("A7", "a7_a_yes_is_for_the_same_arguments_once"),
    ("A8", "u1_u3_u4_every_transition_is_an_entry_without_raw_values"),
    ("T1", "t1_t2_t3_a_batch_keeps_its_order_and_its_bounds_and_each_is_stored"),
    ("T2", "t1_t2_t3_a_batch_keeps_its_order_and_its_bounds_and_each_is_stored"),
    ("T3", "t1_t2_t3_a_batch_keeps_its_order_and_its_bounds_and_each_is_stored"),
    ("T4", "t4_n1_the_tenant_is_the_credentials"),
    ("O1", "o1_what_is_reported_of_an_unknown_proposal_is_not_found"),
    ("O2", "o2_the_first_report_stands_and_a_name_means_its_newest_decision"),
    ("O3", "o3_what_was_done_although_it_was_denied_raises_an_alert"),
    ("O4", "o4_how_long_and_what_went_wrong_are_kept_and_what_was_answered_is_not"),
    ("U1", "u1_rows_are_found_by_who_asked_what_when_and_how_it_was_decided"),
    ("U2", "u2_another_tenants_rows_and_sums_are_not_told"),
    ("U3", "edits_of_somebody_who_drops_the_triggers_are_found"),
    ("U4", "e1_values_of_arguments_stand_nowhere_in_the_store"),
    ("U5", "u5_what_cannot_be_stored_is_not_allowed"),
    ("N1", "t4_n1_the_tenant_is_the_credentials"),
    ("N2", SEE_PAGE),
    ("P1", "p1_what_cannot_be_taken_whole_changes_nothing_and_is_named"),
    ("P2", "p2_a_version_is_put_back_as_a_new_one"),
    ("P3", "p3_what_is_written_by_hand_gets_a_version_and_a_line"),
    ("P4", "p1_p3_p4_a_policy_is_soon_in_force_with_version_and_line"),
    ("P5", SEE_PAGE),
    ("L1", "the_third_call_over_a_rate_of_two_waits"),
    ("L2", "l2_ready_is_false_when_the_policy_is_broken"),
    ("L3", SEE_PAGE),
];

const ENFORGATE: &[Promise] = &[
    ("E1", "e1_values_of_arguments_stand_nowhere_in_the_store"),
    ("E2", "e2_how_arguments_are_written_makes_no_difference_and_what_they_are_does"),
    ("E3", "e3_whether_arguments_are_equal_is_proven_without_telling_them"),
    ("E4", "e4_e5_nothing_that_is_stored_of_a_key_lets_anybody_in"),
    ("E5", "e4_e5_nothing_that_is_stored_of_a_key_lets_anybody_in"),
    ("E6", "e6_equal_secrets_differ_and_every_changed_byte_is_seen"),
    ("E7", "e7_secrets_of_channels_go_under_another_key_and_none_is_lost_on_the_way"),
    ("E8", "e8_secrets_go_in_and_never_come_out"),
    ("E9", "the_first_match_wins_then_the_default_then_no"),
    ("E10", SEE_PAGE),
    ("E11", "e11_what_cannot_be_recorded_has_no_verdict"),
    ("E12", "nobody_answers_and_the_time_is_over"),
    ("E13", "what_fails_is_tried_again_then_kept_and_replayed"),
    ("E14", "e14_who_resolved_a_held_call_and_when_is_on_record"),
    ("E15", "a_hash_is_argon2id_and_fits_its_password_alone"),
    ("E16", SEE_PAGE),
    ("V1", "v1_a_known_rule_gives_its_decision_with_policy_row_and_latency"),
    ("V2", "v2_server_and_tool_are_needed_and_what_is_unknown_is_ignored"),
    ("V3", "both_spellings_load_and_say_the_same"),
    ("V4", "globs_are_whole_and_case_sensitive"),
    ("V5", "what_is_unknown_holds_even_when_a_later_rule_allows"),
    ("V6", "conditions_by_value_and_verdict"),
    ("V7", SEE_PAGE),
    ("V8", "policies_go_by_priority"),
    ("V9", "v9_a_key_in_shadow_or_off_is_allowed_and_its_rows_say_so"),
    ("K1", "e4_e5_nothing_that_is_stored_of_a_key_lets_anybody_in"),
    ("K2", "e4_e5_nothing_that_is_stored_of_a_key_lets_anybody_in"),
    ("K3", "e4_e5_nothing_that_is_stored_of_a_key_lets_anybody_in"),
    ("K4", "k4_a_token_of_a_key_can_do_less_and_makes_no_other"),
    ("A1", "what_was_to_be_told_outlives_a_kill"),
    ("A2", "a2_a_channel_that_hangs_keeps_no_other_one_waiting"),
    ("A3", SEE_PAGE),
    ("A4", SEE_PAGE),
    ("A5", "a5_a_grant_for_a_tool_holds_for_its_calls_until_they_are_used_up"),
    ("A6", "a5_a_grant_that_is_taken_back_holds_no_more"),
    ("A7", SEE_PAGE),
    ("M1", SEE_PAGE),
    ("M2", SEE_PAGE),
    ("M3", SEE_PAGE),
    ("M4", SEE_PAGE),
    ("M5", SEE_PAGE),
    ("X1", SEE_PAGE),
    ("D1", SEE_PAGE),
    ("W1", "w1_a_webhook_is_signed_and_tells_no_argument"),
    ("T1", SEE_PAGE),
    ("T2", SEE_PAGE),
    ("T3", SEE_PAGE),
    ("U1", "e14_who_resolved_a_held_call_and_when_is_on_record"),
    ("U2", "edits_of_somebody_who_drops_the_triggers_are_found"),
    ("U3", "no_cell_is_a_formula"),
];

const PROMISES: [(&str, &[Promise]); 4] = [
    ("AgentGov", AGENTGOV),
    ("DataFog", DATAFOG),
    ("DataGuard", DATAGUARD),
    ("Enforgate", ENFORGATE),
];

fn repository() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// The names of every test in a folder and below it. Those that are left out by themselves count for none.
fn tests(folder: &Path, names: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            tests(&path, names);
        } else if path.extension().is_some_and(|end| end == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            for part in text.split("test]\n").skip(1).chain(text.split("\")]\n").skip(1)) {
                let line = part.lines().next().unwrap_or_default().trim_start();
                let name = line.trim_start_matches("async ").strip_prefix("fn ");
                names.extend(name.and_then(|name| name.split('(').next()).map(str::to_owned));
            }
        }
    }
}

/// The ids that a row is about: `P1`, `P1 to P7`, or `R` for all of its letter.
fn ids(cell: &str, all: &[Promise]) -> Vec<&'static str> {
    let place = |id: &str| all.iter().position(|(known, _)| *known == id);
    let mut found = Vec::new();
    for part in cell.split(',').map(str::trim) {
        let (first, last) = part.split_once(" to ").unwrap_or((part, part));
        if let (Some(first), Some(last)) = (place(first), place(last)) {
            found.extend(all[first..=last].iter().map(|(id, _)| *id));
        } else if part.len() == 1 {
            let of_letter = all.iter().filter(|(id, _)| id.starts_with(part));
            found.extend(of_letter.map(|(id, _)| *id));
        }
    }
    found
}

#[test]
fn every_promise_has_a_test_or_a_row_that_says_why_not() {
    let page = fs::read_to_string(repository().join("docs/COMPATIBILITY.md")).unwrap();
    let mut known = BTreeSet::new();
    for folder in ["crates", "tests"] {
        tests(&repository().join(folder), &mut known);
    }
    for (system, promises) in PROMISES {
        let section = page.split("\n## ").find(|section| section.starts_with(system)).unwrap();
        let rows = section.lines().filter_map(|line| line.strip_prefix("| "));
        let rows: Vec<(Vec<&str>, &str)> = rows
            .map(|row| {
                let mut cells = row.split('|').map(str::trim);
                (ids(cells.next().unwrap(), promises), cells.next().unwrap_or_default())
            })
            .collect();
        let mut seen = BTreeSet::new();
        for (id, test) in promises {
            assert!(seen.insert(id), "{system} {id} stands there twice");
            let row = rows.iter().find(|(ids, _)| ids.contains(id));
            if *test == SEE_PAGE {
                let says = row.map(|(_, status)| *status).unwrap_or_default();
                assert!(!["", "held"].contains(&says), "{system} {id} has no test and no reason");
            } else {
                assert!(known.contains(*test), "{system} {id}: there is no test `{test}`");
            }
        }
    }
}
