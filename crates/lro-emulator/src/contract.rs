//! ```no_run
//! # async fn example(transport: &dyn lro::LroTransport, emulator: &lro_emulator::Emulator) {
//! use lro_emulator::contract::{self, Subject};
//!
//! contract::all(&Subject::new(emulator, transport, "operations")).await;
//! # }
//! ```
//!
//! What every transport must do, for any service: assertions over a transport that calls an [`Emulator`].
//!
//! Each function starts its operations, and panics with the reason if the contract is broken. Other operations do no harm;
//! other [calls] and page sizes at the same time do. The calls among the
//! [capabilities](lro::LroTransport::capabilities) of the transport must work. The others must be refused without a request.
//!
//! [`Emulator`]: crate::Emulator
//! [calls]: crate::Emulator::call_count

mod failures;
mod outcomes;
mod subject;
mod verbs;

pub use self::{
    failures::{
        broken_bodies_are_failed_calls, dropped_calls_lose_nothing, errors_keep_code_message_and_details,
        errors_that_are_no_json_go_by_the_http_status, lost_connections_are_failed_calls,
        retry_after_of_an_error_is_kept, unknown_names_are_failed_calls,
    },
    outcomes::{
        errors_of_operations_are_no_failed_calls, names_arrive_verbatim, neither_is_an_outcome,
        pending_then_done, retry_after_of_a_pending_operation_is_kept,
    },
    subject::Subject,
    verbs::{cancel, delete, list, missing_verbs_are_refused_without_a_call, wait},
};
/// The whole contract.
///
/// # Panics
///
/// If the transport breaks it.
pub async fn all(subject: &Subject<'_>) {
    pending_then_done(subject).await;
    errors_of_operations_are_no_failed_calls(subject).await;
    neither_is_an_outcome(subject).await;
    names_arrive_verbatim(subject).await;
    retry_after_of_a_pending_operation_is_kept(subject).await;

    unknown_names_are_failed_calls(subject).await;
    errors_keep_code_message_and_details(subject).await;
    errors_that_are_no_json_go_by_the_http_status(subject).await;
    retry_after_of_an_error_is_kept(subject).await;
    broken_bodies_are_failed_calls(subject).await;
    lost_connections_are_failed_calls(subject).await;
    dropped_calls_lose_nothing(subject).await;

    missing_verbs_are_refused_without_a_call(subject).await;
    cancel(subject).await;
    delete(subject).await;
    list(subject).await;
    wait(subject).await;
}
