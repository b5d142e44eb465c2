//! The types of events that can be subscribed to, as the guides of the service list them.

/// Returns the applications whose events a target has, by its host. `None` if a host has no targets.
pub(super) fn applications(target_resource: &str) -> Option<&'static [&'static str]> {
    let host = target_resource.strip_prefix("//")?.split('/').next()?;
    match host.strip_suffix(".googleapis.com")? {
        "admin" | "chat" => Some(&["chat"]),
        "cloudidentity" => Some(&["chat", "meet"]),
        "drive" => Some(&["drive"]),
        "meet" => Some(&["meet"]),
        _ => None,
    }
}

/// Returns whether one of these applications has the type of event.
pub(super) fn exists(event_type: &str, applications: &[&str]) -> bool {
    let Some((resource, action)) =
        event_type.strip_prefix("google.workspace.").and_then(|path| path.rsplit_once('.'))
    else {
        return false;
    };
    let application = resource.split('.').next().unwrap_or_default();
    let has_action = |(of, actions): &(&str, &[&str])| *of == resource && actions.contains(&action);
    applications.contains(&application) && TYPES.iter().any(has_action)
}

const CHANGES: &[&str] = &["created", "updated", "deleted", "batchCreated", "batchUpdated", "batchDeleted"];
const FILES: &[&str] = &["started", "ended", "fileGenerated"];
const TEXTS: &[&str] = &["created", "edited", "deleted"];

const TYPES: &[(&str, &[&str])] = &[
    ("chat.membership.v1", CHANGES),
    ("chat.message.v1", CHANGES),
    ("chat.reaction.v1", &["created", "deleted", "batchCreated", "batchDeleted"]),
    ("chat.space.v1", &["updated", "deleted", "batchUpdated"]),
    // The guides write both.
    ("drive.accessProposal.v3", &["created", "resolved"]),
    ("drive.accessproposal.v3", &["created", "resolved"]),
    (
        "drive.approval.v3",
        &["created", "cancelled", "reset", "completed", "reviewersChanged", "responded", "reviewerResponded"],
    ),
    ("drive.comment.v3", &["created", "edited", "resolved", "reopened", "deleted"]),
    (
        "drive.file.v3",
        &["created", "added", "moved", "contentChanged", "deleted", "renamed", "trashed", "untrashed"],
    ),
    ("drive.permission.v3", TEXTS),
    ("drive.reply.v3", TEXTS),
    ("meet.conference.v2", &["started", "ended"]),
    ("meet.participant.v2", &["joined", "left"]),
    ("meet.recording.v2", FILES),
    ("meet.smartNote.v2", FILES),
    ("meet.transcript.v2", FILES),
];
