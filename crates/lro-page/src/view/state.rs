//! The names of states in addresses and in JSON.

use lro_registry::{RecordState, store::CancelState};

/// The states, with what people call them.
pub(crate) const STATES: [(RecordState, &str, &str); 5] = [
    (RecordState::Pending, "pending", "pending"),
    (RecordState::Finished, "finished", "not acknowledged"),
    (RecordState::SetAside, "set_aside", "set aside"),
    (RecordState::Intent, "intent", "intent"),
    (RecordState::Acknowledged, "acknowledged", "acknowledged"),
];

pub(crate) fn named(name: &str) -> Option<RecordState> {
    STATES.iter().find(|(_, of, _)| *of == name).map(|(state, ..)| *state)
}

pub(crate) fn name(state: RecordState) -> &'static str {
    STATES.iter().find(|(of, ..)| *of == state).map_or("unknown", |(_, name, _)| name)
}

pub(crate) fn words(name: &str) -> &'static str {
    STATES.iter().find(|(_, of, _)| *of == name).map_or("unknown", |(.., words)| words)
}

pub(crate) fn cancel(state: CancelState) -> Option<&'static str> {
    match state {
        CancelState::Requested => Some("requested"),
        CancelState::Sent => Some("sent"),
        _ => None,
    }
}
