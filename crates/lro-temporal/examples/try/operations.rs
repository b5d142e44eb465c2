use std::time::Duration;

use lro::{Any, Code, Handle, Operation, OperationName, Outcome, Service, Status, rules::Ending};
use lro_emulator::{Emulator, Script};
use lro_temporal::Registration;

use crate::Fault;

pub(crate) const SERVICE: Service = Service::new("jobs.example.com", "v1");
/// The kind that is polled each second.
pub(crate) const EACH_SECOND: &str = "each-second";
/// The kind that is polled each 20 s.
pub(crate) const SLOW: &str = "slow";
/// The kind that the cancellation of its workflow cancels.
pub(crate) const CANCELS: &str = "cancels";

/// The longest time for one call: it is also what a poll that hangs takes.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(5);

/// Defines an operation that is done at the call after `calls`, and returns its registration.
pub(crate) fn define(
    emulator: &Emulator,
    set: &str,
    n: usize,
    calls: u32,
    kind: Option<&str>,
) -> Result<Registration, Fault> {
    let name = format!("operations/{set}-{n}");
    emulator.operation(&name, script(n)?.runs_for_calls(calls));
    let mut registration = registration(&name)?;
    if let Some(kind) = kind {
        registration.handle = registration.handle.with_kind(kind);
    }
    Ok(registration)
}

pub(crate) fn registration(name: &str) -> Result<Registration, Fault> {
    Ok(Registration::new(Handle::new(&SERVICE, OperationName::parse(name)?)).attempt_timeout(TIMEOUT))
}

/// Returns the script of the n-th operation: a response, sometimes an error, sometimes neither.
pub(crate) fn script(n: usize) -> Result<Script, Fault> {
    Ok(match outcome(n)? {
        Outcome::Response(response) => Script::new().responds(response),
        Outcome::Error(error) => Script::new().fails(error),
        Outcome::Neither => Script::new().ends_with_neither(),
    })
}

/// Returns whether a wait ended with what the service gave the n-th operation, byte by byte.
pub(crate) fn is_own(n: usize, ending: &Ending) -> Result<bool, Fault> {
    Ok(serde_json::to_string(&Ending::Done(outcome(n)?))? == serde_json::to_string(ending)?)
}

fn outcome(n: usize) -> Result<Outcome, Fault> {
    // A number that a tree of JSON changes, and members that are not in order.
    let response =
        format!(r#"{{"@type":"t/example.v1.Job","z":{n},"exact":12345678901234567890.10,"a":"é"}}"#);
    Ok(match n % 10 {
        3 => Operation::failed("", Status::new(Code::FailedPrecondition, format!("no paper for {n}")))
            .outcome
            .ok_or("no outcome")?,
        7 => Outcome::Neither,
        _ => Outcome::Response(Any::from_json(response)?),
    })
}
