//! Each rule of the contract can fail: for each there is a store that breaks it, and the rule reports it.

#![cfg(feature = "contract")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod faulty;
mod store;

use std::collections::BTreeSet;

use async_trait::async_trait;
use lro_registry::contract::{self, Fresh, Subject, SubjectError};

use crate::faulty::{Fault, Faulty};

/// Stores with a fault, and the rules that report it.
const FAULTS: &[(Fault, &[&str])] = {
    use Fault::*;
    &[
        (ForgetsDeadlines, &["records_come_back_as_registered"]),
        (
            Overwrites,
            &[
                "existing_records_stay",
                "simultaneous_batches_agree",
                "repeated_registrations_leave_one_record",
            ],
        ),
        (HidesConflicts, &["existing_records_stay", "batches_may_repeat_a_key"]),
        (ReversesResults, &["batches_may_repeat_a_key"]),
        (SkipsExisting, &["registrations_survive_removals", "simultaneous_batches_agree"]),
        (CutsKeys, &["longest_texts_are_stored"]),
        (Overflows, &["longest_durations_are_accepted"]),
        (RejectsEmptyBatches, &["empty_batches_do_nothing"]),
        (RejectsUnknownKeys, &["unknown_keys_are_no_errors"]),
        (ForgetsCursors, &["claims_have_the_record", "bytes_are_kept"]),
        (ClaimsEarly, &["only_due_records_are_claimed", "oldest_due_first", "random_claims_are_claims"]),
        (ClaimsByKey, &["oldest_due_first", "rescheduled_records_go_behind"]),
        (ClaimsOneTooMany, &["simultaneous_claims_share_the_records", "oldest_due_first"]),
        (ClaimsInOrder, &["random_claims_reach_both_ends"]),
        (ForgetsRandomClaims, &["random_claims_are_claims"]),
        (ForgetsFailures, &["random_claims_prefer_few_failures"]),
        (IgnoresBucketsAtRandom, &["random_claims_take_tokens"]),
        (HalvesLeases, &["leases_end_on_time", "claims_have_the_record"]),
        (IgnoresVersions, &["services_and_versions_are_apart"]),
        (HidesLeases, &["next_due_is_reported"]),
        (CountsGiveBacks, &["claims_are_given_back", "given_back_records_are_due_at_once"]),
        (CountsNoClaims, &["claims_count_themselves", "records_are_set_aside"]),
        (NeverSetsAside, &["records_are_set_aside", "healthy_records_go_on"]),
        (
            ForgetsErrors,
            &["the_last_error_is_the_reason", "outcomes_are_given_back", "intents_are_given_back"],
        ),
        (TakesNothingBack, &["records_are_taken_back", "outcomes_are_taken_back"]),
        (IgnoresFences, &["replaced_claims_change_nothing", "only_the_last_delivery_is_acknowledged"]),
        (IgnoresClaimIds, &["epoch_and_claim_id_both_count", "repeated_epochs_are_fenced"]),
        (IgnoresEpochs, &["epoch_and_claim_id_both_count"]),
        (
            HidesFences,
            &[
                "fences_work_once",
                "forgotten_records_are_fenced",
                "forgotten_intents_are_fenced",
                "claims_and_deliveries_are_apart",
            ],
        ),
        (FencesLateWrites, &["late_writes_without_a_rival_are_stored"]),
        (StopsAtFences, &["batches_keep_their_order"]),
        (ShortensEpochs, &["epochs_have_64_bits"]),
        (IgnoresCancels, &["unclaimed_records_are_due_at_once", "requests_wait_for_a_worker"]),
        (OverwritesCancels, &["claimed_records_keep_their_lease", "simultaneous_requests_are_kept"]),
        (DropsFailedCancels, &["failed_requests_stay"]),
        (RepeatsCancels, &["sent_requests_are_not_repeated"]),
        (CancelsEnded, &["ended_operations_are_reported"]),
        (PollsIntents, &["intents_are_claimed_by_the_start", "unresolved_intents_are_reported"]),
        (ForgetsNames, &["reschedules_resolve_intents", "completions_resolve_intents"]),
        (KeepsIntents, &["registrations_resolve_intents"]),
        (HidesIntents, &["unresolved_intents_are_reported"]),
        (WithdrawsNothing, &["intents_are_withdrawn_by_the_start"]),
        (WithdrawsByKey, &["intents_are_withdrawn_by_the_start", "only_intents_are_withdrawn"]),
        (WithdrawsAnyState, &["only_intents_are_withdrawn"]),
        (ForgetsTags, &["outcomes_are_delivered", "completions_resolve_intents"]),
        (DeliversOneTooMany, &["simultaneous_consumers_share_the_outcomes"]),
        (DeliversOnce, &["outcomes_are_delivered_again", "pauses_double"]),
        (DeliversWithoutPause, &["pauses_double"]),
        (DeliversByKey, &["failing_outcomes_hold_up_nothing"]),
        (RetainsNothing, &["retention_counts_from_the_acknowledgement"]),
        (RemovesFinished, &["retention_removes_only_acknowledged_records"]),
        (RemovesAllAtOnce, &["retention_removes_only_acknowledged_records"]),
        (ForgetsPendingOnly, &["records_are_forgotten_in_any_state"]),
        (FillsNewBuckets, &["new_buckets_hold_one_token"]),
        (IgnoresBuckets, &["tokens_are_taken_for_picks", "simultaneous_claims_share_a_bucket"]),
        (EnlargesBuckets, &["idle_buckets_are_not_owed_more"]),
        (RefillsFast, &["refills_are_exact"]),
        (RefillsSlowly, &["refills_are_exact"]),
        (HasOneBucket, &["quota_keys_are_apart", "slow_services_hide_nothing"]),
        (HasBucketsByService, &["quota_keys_are_apart"]),
        (DividesByRefill, &["buckets_may_stand_still"]),
        (FreezesBuckets, &["clocks_may_go_back"]),
        (RepeatsPageEnds, &["pages_have_each_record_once", "lists_are_ordered_by_key"]),
        (IgnoresCase, &["lists_are_ordered_by_key"]),
        (ListsPayloads, &["payloads_are_left_out"]),
        (ListsAll, &["overdue_records_are_listed"]),
        (CutsAtNul, &["bytes_are_kept"]),
        (StoresText, &["bytes_are_kept", "large_payloads_are_kept"]),
        (CutsPayloads, &["large_payloads_are_kept"]),
        (RejectsNul, &["texts_are_kept"]),
        (RoundsTimes, &["history_is_in_order"]),
        (ShortensHistory, &["each_kind_is_kept"]),
        (InventsHistory, &["only_completions_make_history"]),
        (ShortensNumbers, &["numbers_have_64_bits"]),
        (IsAlwaysHealthy, &["overdue_services_are_reported", "attention_is_counted"]),
        (CountsStatesOnly, &["records_are_counted"]),
        (CountsAll, &["counts_are_cut", "bucket_levels_are_reported"]),
        (HidesBuckets, &["bucket_levels_are_reported"]),
        (HintsWhatIsDueOnly, &["new_records_are_hinted"]),
        (HintsNoStarts, &["resolved_intents_are_hinted"]),
        (HintsNoCancels, &["requests_to_cancel_are_hinted"]),
        (SeparatesHandles, &["handles_share_the_store"]),
        (SplitsBatches, &["dropped_calls_leave_no_lock"]),
        (Deadlocks, &["overlapping_batches_all_work"]),
    ]
};

#[tokio::test(start_paused = true)]
async fn each_fault_is_reported() {
    let mut unnoticed = Vec::new();
    for (fault, rules) in FAULTS {
        let report = contract::check_only(rules, &HasFault(*fault)).await;
        if report.broken().len() < rules.len() {
            unnoticed.push((fault, report));
        }
    }
    assert!(unnoticed.is_empty(), "{unnoticed:#?}");
}

#[test]
fn each_rule_reports_a_fault() {
    let reporting: BTreeSet<_> = FAULTS.iter().flat_map(|(_, rules)| *rules).copied().collect();
    assert_eq!(reporting, contract::rules().collect());
}

/// The wrapper itself breaks nothing.
#[tokio::test(start_paused = true)]
async fn without_a_fault_the_rules_hold() {
    let report = contract::check(&HasFault(Fault::None)).await;
    assert_eq!((report.broken(), report.not_run()), (&[][..], &[][..]), "{report}");
}

#[derive(Debug)]
struct HasFault(Fault);

#[async_trait]
impl Subject for HasFault {
    async fn fresh(&self) -> Result<Box<dyn Fresh>, SubjectError> {
        Ok(Box::new(Faulty::new(self.0)))
    }
}
