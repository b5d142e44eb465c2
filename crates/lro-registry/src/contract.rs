//! The rules for every [`Store`](crate::Store), as checks of a store that runs.
//!
//! A [`Subject`] creates an empty store for each rule. [`check`] runs all rules and reports each. [`all`] panics if one is
//! broken. [`store_contract!`](crate::store_contract) makes a test of each rule.
//!
//! ```
//! use async_trait::async_trait;
//! use lro_registry::{MemoryStore, contract::{self, Fresh, Subject, SubjectError}};
//!
//! #[derive(Debug)]
//! struct InMemory;
//!
//! #[async_trait]
//! impl Subject for InMemory {
//!     async fn fresh(&self) -> Result<Box<dyn Fresh>, SubjectError> {
//!         Ok(Box::new(MemoryStore::new()))
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! contract::records_come_back_as_registered(&InMemory).await;
//! # }
//! ```
//!
//! Times are the times of tokio. A store whose clock follows it may be checked while it is paused.

/// Returns from a rule that is broken, with the reason.
macro_rules! ensure {
    ($condition:expr, $($why:tt)+) => {
        if !$condition {
            return Err($crate::contract::Fault::Broken(format!($($why)+)));
        }
    };
}

/// Returns from a rule that is broken, with the reason and both values, unless they are equal.
macro_rules! ensure_eq {
    ($is:expr, $expected:expr, $($why:tt)+) => {
        match (&$is, &$expected) {
            (is, expected) => ensure!(is == expected, "{}: {is:?}, not {expected:?}", format_args!($($why)+)),
        }
    };
}

mod cancelling;
mod claiming;
mod counting;
mod deliveries;
mod drawing;
mod fences;
mod fixture;
mod handles;
mod health;
mod hints;
mod history;
mod intents;
mod lists;
mod payloads;
mod rates;
mod registering;
mod report;
mod retention;
mod setting_aside;
mod subject;

use std::time::Duration;

use futures::{StreamExt, future::BoxFuture, stream};
use tokio::time::timeout;

use self::fixture::Fixture;
pub use self::{
    report::{Broken, NotRun, Report},
    subject::{Fresh, Subject, SubjectError},
};

/// Defines the function of each rule, the list of the rules and the macro of their tests.
macro_rules! rules {
    ($dollar:tt $($(#[$doc:meta])* $room:ident::$rule:ident;)*) => {
        const RULES: &[Rule] = &[
            $(Rule { name: stringify!($rule), check: |fixture| Box::pin($room::$rule(fixture)) },)*
        ];

        $(
            $(#[$doc])*
            ///
            /// # Panics
            ///
            /// If the store breaks this rule.
            pub async fn $rule(subject: &dyn Subject) {
                let rule = Rule { name: stringify!($rule), check: |fixture| Box::pin($room::$rule(fixture)) };
                run(&[rule], subject).await.assert_holds();
            }
        )*

        /// Defines a test for each rule of the [contract](crate::contract).
        ///
        /// Its arguments are an expression for the [`Subject`](crate::contract::Subject) and the attributes of each test:
        ///
        /// ```ignore
        /// lro_registry::store_contract!(MySubject::new(), #[tokio::test]);
        /// ```
        #[macro_export]
        macro_rules! store_contract {
            ($dollar subject:expr, $dollar(#[$dollar attribute:meta])+) => {
                $(
                    $dollar(#[$dollar attribute])+
                    async fn $rule() {
                        $dollar crate::contract::$rule(&$dollar subject).await;
                    }
                )*
            };
        }
    };
}

rules! {
    $
    /// A record comes back as it was registered.
    registering::records_come_back_as_registered;
    /// A record that exists stays as it is. Another fingerprint is a conflict that shows the record.
    registering::existing_records_stay;
    /// The first of two entries with the same key is stored. The results have the order of the batch.
    registering::batches_may_repeat_a_key;
    /// Batches with the same keys in different orders, at the same time, store each record once.
    registering::simultaneous_batches_agree;
    /// Every entry has its result while the same records are completed and forgotten.
    registering::registrations_survive_removals;
    /// Thousands of registrations of a key leave one record.
    registering::repeated_registrations_leave_one_record;
    /// Texts up to the limits are stored. Keys that differ in the last byte are different keys.
    registering::longest_texts_are_stored;
    /// The longest durations are accepted and are as good as never.
    registering::longest_durations_are_accepted;
    /// An empty batch does nothing.
    registering::empty_batches_do_nothing;
    /// A key that does not exist is no error.
    registering::unknown_keys_are_no_errors;

    /// A claimed record has what was registered, and then what was rescheduled.
    claiming::claims_have_the_record;
    /// A record is not claimed before it is due, nor after it has ended.
    claiming::only_due_records_are_claimed;
    /// The records that have been due for the longest time are claimed first.
    claiming::oldest_due_first;
    /// A rescheduled record goes behind all that were due before.
    claiming::rescheduled_records_go_behind;
    /// A claim has no more records than it asks for, whatever runs at the same time, and no record has two claims.
    claiming::simultaneous_claims_share_the_records;
    /// A lease has its full length. The record is then claimed again, with a higher epoch.
    claiming::leases_end_on_time;
    /// A claim has records of its service and version only.
    claiming::services_and_versions_are_apart;
    /// A claim reports when the next record of its service is due, leases included.
    claiming::next_due_is_reported;
    /// A claim that is given back does not count, unless it says so. Its delay and its error are stored.
    claiming::claims_are_given_back;
    /// A claim at random reaches the records that have been due for the longest time, and those that became due last.
    drawing::random_claims_reach_both_ends;
    /// A claim at random keeps the rules of every claim: due records of its service, as many as it asks for, each once.
    drawing::random_claims_are_claims;
    /// A claim at random has those with the fewest failures among the records it draws from.
    drawing::random_claims_prefer_few_failures;
    /// A claim at random takes tokens, and sets aside what was claimed too often.
    drawing::random_claims_take_tokens;

    /// The claim itself counts the claims without a result. A result sets the number to zero.
    setting_aside::claims_count_themselves;
    /// A record that was claimed too often is set aside with a reason, and is not claimed, finished or delivered.
    setting_aside::records_are_set_aside;
    /// A record is set aside with its last error, if it has one.
    setting_aside::the_last_error_is_the_reason;
    /// A record that is taken back is due at once, without claims that count.
    setting_aside::records_are_taken_back;
    /// An outcome is taken back: the record begins again, and its deliveries are fenced.
    setting_aside::outcomes_are_taken_back;
    /// Healthy records are claimed beside those that are set aside.
    setting_aside::healthy_records_go_on;

    /// A claim that has been replaced changes nothing, whatever it writes.
    fences::replaced_claims_change_nothing;
    /// A write ends its claim. The same fence does not work twice, not even in one batch.
    fences::fences_work_once;
    /// A lease that has ended is no obstacle, as long as nobody else has claimed the record.
    fences::late_writes_without_a_rival_are_stored;
    /// Epoch and claim id must both be those of the last claim.
    fences::epoch_and_claim_id_both_count;
    /// A claim on a record that was put back to an older epoch fences the claim with the same epoch.
    fences::repeated_epochs_are_fenced;
    /// A record that was forgotten and registered again is not changed by an earlier claim.
    fences::forgotten_records_are_fenced;
    /// A claim and a delivery are fenced against each other.
    fences::claims_and_deliveries_are_apart;
    /// The results of a batch have the order of its writes, and a fenced write does not stop the others.
    fences::batches_keep_their_order;
    /// Epochs have 64 bits.
    fences::epochs_have_64_bits;

    /// A request to cancel makes an unclaimed record due at once. The claim reports it until it is sent.
    cancelling::unclaimed_records_are_due_at_once;
    /// A request to cancel leaves the lease of a claimed record. It is due at once after a reschedule that has not seen it.
    cancelling::claimed_records_keep_their_lease;
    /// A request that could not be sent is reported by the next claim, after the delay.
    cancelling::failed_requests_stay;
    /// A request that was sent is not reported again.
    cancelling::sent_requests_are_not_repeated;
    /// A record that is given back is due at once if its cancellation is requested, unless the claim counts.
    cancelling::given_back_records_are_due_at_once;
    /// The outcome of an operation that ends in spite of the request is stored. Later requests report the end.
    cancelling::ended_operations_are_reported;
    /// A request for an intent or for a record that is set aside is kept until a worker can send it.
    cancelling::requests_wait_for_a_worker;
    /// No request is lost that comes at the same time as a reschedule or a completion.
    cancelling::simultaneous_requests_are_kept;

    /// An intent has a claim of its starting call, and no worker claims it.
    intents::intents_are_claimed_by_the_start;
    /// A reschedule makes an intent a pending record, with the name and with an age of zero.
    intents::reschedules_resolve_intents;
    /// A completion makes an intent a finished record, with or without a name.
    intents::completions_resolve_intents;
    /// A registration with a name makes an intent with the same fingerprint a pending record.
    intents::registrations_resolve_intents;
    /// An intent that its start gives back is unresolved after the delay.
    intents::intents_are_given_back;
    /// An intent whose lease has ended is unresolved, is reported and stays an intent.
    intents::unresolved_intents_are_reported;
    /// A starting call whose intent was forgotten is fenced.
    intents::forgotten_intents_are_fenced;
    /// A starting call withdraws its own intent, which leaves nothing. Another claim or epoch does not.
    intents::intents_are_withdrawn_by_the_start;
    /// A record that is no intent is not withdrawn, nor one that was announced again.
    intents::only_intents_are_withdrawn;

    /// An outcome is delivered with its record.
    deliveries::outcomes_are_delivered;
    /// Each outcome goes to one of several consumers.
    deliveries::simultaneous_consumers_share_the_outcomes;
    /// An outcome that is not acknowledged is delivered again after its lease, and is counted.
    deliveries::outcomes_are_delivered_again;
    /// The pauses between deliveries double up to the longest.
    deliveries::pauses_double;
    /// An outcome that is given back is delivered again after the delay, with the error.
    deliveries::outcomes_are_given_back;
    /// Only an acknowledgement of the last delivery ends the deliveries.
    deliveries::only_the_last_delivery_is_acknowledged;
    /// Outcomes of which the handler fails do not hold up the others.
    deliveries::failing_outcomes_hold_up_nothing;

    /// The retention counts from the acknowledgement.
    retention::retention_counts_from_the_acknowledgement;
    /// The retention removes no more than it may, and nothing that is not acknowledged.
    retention::retention_removes_only_acknowledged_records;
    /// A record is forgotten in any state.
    retention::records_are_forgotten_in_any_state;

    /// A new bucket holds one token, or as much as fits.
    rates::new_buckets_hold_one_token;
    /// A claim takes as many tokens as it picks records, those that it sets aside included.
    rates::tokens_are_taken_for_picks;
    /// Simultaneous claims never have more records than the bucket has tokens.
    rates::simultaneous_claims_share_a_bucket;
    /// A bucket is owed nothing beyond its capacity, for however long it was not used.
    rates::idle_buckets_are_not_owed_more;
    /// The tokens over a time are those of the refill, and the next token comes when the claim reports it.
    rates::refills_are_exact;
    /// Buckets of different quota keys are apart. A bucket is shared by the services of its key.
    rates::quota_keys_are_apart;
    /// A bucket without a refill has no next token for a long time, and does no harm.
    rates::buckets_may_stand_still;
    /// The backlog of a service with a slow bucket does not hide the records of another one.
    rates::slow_services_hide_nothing;
    /// A clock that goes back adds no token, and does not stop the refill.
    rates::clocks_may_go_back;

    /// The pages of every filter have each record once, while others come and go.
    lists::pages_have_each_record_once;
    /// A list is ordered by the bytes of the keys.
    lists::lists_are_ordered_by_key;
    /// A record has its payloads if they are asked for.
    lists::payloads_are_left_out;
    /// An overdue record is one whose time has come: unclaimed, or with a lease that has ended.
    lists::overdue_records_are_listed;

    /// Every byte of a payload is kept: NUL, invalid UTF-8, none at all.
    payloads::bytes_are_kept;
    /// Payloads of 8 MB are kept.
    payloads::large_payloads_are_kept;
    /// Texts may have any character. A NUL in an error does no harm.
    payloads::texts_are_kept;

    /// How operations finished is returned in order, after a number.
    history::history_is_in_order;
    /// The last 64 operations of each kind are kept, whatever other kinds do.
    history::each_kind_is_kept;
    /// A completion that is fenced, or that says nothing, leaves no history.
    history::only_completions_make_history;
    /// The numbers of the history have 64 bits.
    history::numbers_have_64_bits;

    /// Health reports for how long the records of a service have been due.
    health::overdue_services_are_reported;
    /// Health counts what is set aside and what is not acknowledged.
    health::attention_is_counted;

    /// Records are counted by state, service and kind: pending ones, due ones, those with an error, and the age of the oldest.
    counting::records_are_counted;
    /// Counts, services and kinds are cut at the limits of the request. A count that is cut says so.
    counting::counts_are_cut;
    /// The level of each bucket is reported as the last claim left it, with its age.
    counting::bucket_levels_are_reported;

    /// A store that gives hints gives one after a registration whose first poll is due soon, and after a record was taken back.
    hints::new_records_are_hinted;
    /// It gives one when the intent of a starting call becomes a pending record.
    hints::resolved_intents_are_hinted;
    /// It gives one after a request to cancel, and when a claim ends that has not seen the request.
    hints::requests_to_cancel_are_hinted;

    /// What is written through one handle is read through another.
    handles::handles_share_the_store;
    /// A call that is dropped is done as a whole or not at all, and leaves no lock.
    handles::dropped_calls_leave_no_lock;
    /// Batches with the same records in different orders, at the same time, all work.
    handles::overlapping_batches_all_work;
}

/// Checks all rules, some of them at the same time, and reports each.
pub async fn check(subject: &dyn Subject) -> Report {
    run(RULES, subject).await
}

/// Checks the rules with these names, as [`check`] does. A name that no rule has is ignored.
pub async fn check_only(rules: &[&str], subject: &dyn Subject) -> Report {
    let rules: Vec<_> = RULES.iter().filter(|rule| rules.contains(&rule.name)).copied().collect();
    run(&rules, subject).await
}

/// The whole contract.
///
/// # Panics
///
/// If the store breaks a rule, with the names of all rules that it breaks.
pub async fn all(subject: &dyn Subject) {
    check(subject).await.assert_holds();
}

/// The names of all rules, which are the names of their functions.
pub fn rules() -> impl Iterator<Item = &'static str> {
    RULES.iter().map(|rule| rule.name)
}

#[derive(Clone, Copy, Debug)]
struct Rule {
    name: &'static str,
    check: for<'a> fn(&'a Fixture) -> BoxFuture<'a, Verdict>,
}

/// The result of a rule.
type Verdict = Result<(), Fault>;

/// Why a rule does not hold.
#[derive(Debug)]
enum Fault {
    Broken(String),
    NotRun(&'static str),
}

/// Most rules wait most of the time. More at once would wait for each other.
const AT_ONCE: usize = 4;
/// A rule takes a few seconds. A store that has not finished it after this time hangs.
const LONGEST_RULE: Duration = Duration::from_secs(120);

impl From<crate::StoreError> for Fault {
    fn from(error: crate::StoreError) -> Self {
        Self::Broken(format!("a call must work: {error} ({:?})", error.kind()))
    }
}

impl From<SubjectError> for Fault {
    fn from(error: SubjectError) -> Self {
        Self::Broken(format!("the store cannot be prepared: {error}"))
    }
}

async fn run(rules: &[Rule], subject: &dyn Subject) -> Report {
    let verdicts = rules.iter().map(|rule| verdict(*rule, subject));
    let verdicts: Vec<_> = stream::iter(verdicts).buffered(AT_ONCE).collect().await;
    let mut report = Report::default();
    for (rule, verdict) in verdicts {
        report.add(rule.name, verdict);
    }
    report
}

async fn verdict(rule: Rule, subject: &dyn Subject) -> (Rule, Verdict) {
    let verdict = timeout(LONGEST_RULE, async {
        let fixture = Fixture::new(subject).await?;
        (rule.check)(&fixture).await
    });
    let late = |_| Err(Fault::Broken(format!("it has not ended after {LONGEST_RULE:?}")));
    (rule, verdict.await.unwrap_or_else(late))
}
