//! The OAuth scopes of the service, and the scopes that each call accepts.
//!
//! A call accepts any scope of its list. A subscription also needs a scope for the data of its target resource. Request
//! only the scopes that the app needs.
//!
//! Calls that poll accept none of the `CHAT_APP_*` scopes. An app that starts an operation with such a scope needs other
//! credentials to poll it.

/// App authorization: read the members of all Chat spaces of the organization.
pub const CHAT_APP_ALL_MEMBERSHIPS_READONLY: &str =
    "https://www.googleapis.com/auth/chat.app.all.memberships.readonly";
/// App authorization: read the messages and reactions of all Chat spaces of the organization.
pub const CHAT_APP_ALL_MESSAGES_READONLY: &str =
    "https://www.googleapis.com/auth/chat.app.all.messages.readonly";
/// App authorization: read all Chat spaces of the organization.
pub const CHAT_APP_ALL_SPACES_READONLY: &str = "https://www.googleapis.com/auth/chat.app.all.spaces.readonly";
/// App authorization: read the read state in Chat of all users of the organization.
pub const CHAT_APP_ALL_USERS_READSTATE_READONLY: &str =
    "https://www.googleapis.com/auth/chat.app.all.users.readstate.readonly";
/// App authorization: read, add, update and remove members of the Chat spaces of which the app is a member.
pub const CHAT_APP_MEMBERSHIPS: &str = "https://www.googleapis.com/auth/chat.app.memberships";
/// App authorization: read the members of the Chat spaces of which the app is a member.
pub const CHAT_APP_MEMBERSHIPS_READONLY: &str =
    "https://www.googleapis.com/auth/chat.app.memberships.readonly";
/// App authorization: read the messages and reactions of the Chat spaces of which the app is a member.
pub const CHAT_APP_MESSAGES_READONLY: &str = "https://www.googleapis.com/auth/chat.app.messages.readonly";
/// App authorization: read, create and update Chat spaces.
pub const CHAT_APP_SPACES: &str = "https://www.googleapis.com/auth/chat.app.spaces";
/// App authorization: read the Chat spaces of which the app is a member.
pub const CHAT_APP_SPACES_READONLY: &str = "https://www.googleapis.com/auth/chat.app.spaces.readonly";
/// Chat app: read and send messages in the spaces of which the app is a member.
pub const CHAT_BOT: &str = "https://www.googleapis.com/auth/chat.bot";
/// Read, add, update and remove members of Chat spaces.
pub const CHAT_MEMBERSHIPS: &str = "https://www.googleapis.com/auth/chat.memberships";
/// Read the members of Chat spaces.
pub const CHAT_MEMBERSHIPS_READONLY: &str = "https://www.googleapis.com/auth/chat.memberships.readonly";
/// Read, send, update and delete messages and reactions.
pub const CHAT_MESSAGES: &str = "https://www.googleapis.com/auth/chat.messages";
/// Read, add and remove reactions to messages.
pub const CHAT_MESSAGES_REACTIONS: &str = "https://www.googleapis.com/auth/chat.messages.reactions";
/// Read reactions to messages.
pub const CHAT_MESSAGES_REACTIONS_READONLY: &str =
    "https://www.googleapis.com/auth/chat.messages.reactions.readonly";
/// Read messages and reactions.
pub const CHAT_MESSAGES_READONLY: &str = "https://www.googleapis.com/auth/chat.messages.readonly";
/// Create Chat spaces, read and update their metadata.
pub const CHAT_SPACES: &str = "https://www.googleapis.com/auth/chat.spaces";
/// Read Chat spaces.
pub const CHAT_SPACES_READONLY: &str = "https://www.googleapis.com/auth/chat.spaces.readonly";
/// Read and set the user's availability in Chat.
pub const CHAT_USERS_AVAILABILITY: &str = "https://www.googleapis.com/auth/chat.users.availability";
/// Read the user's availability in Chat.
pub const CHAT_USERS_AVAILABILITY_READONLY: &str =
    "https://www.googleapis.com/auth/chat.users.availability.readonly";
/// Read and update the user's read state in Chat.
pub const CHAT_USERS_READSTATE: &str = "https://www.googleapis.com/auth/chat.users.readstate";
/// Read the user's read state in Chat.
pub const CHAT_USERS_READSTATE_READONLY: &str =
    "https://www.googleapis.com/auth/chat.users.readstate.readonly";
/// Read, create, update and delete all files of the user's Drive.
pub const DRIVE: &str = "https://www.googleapis.com/auth/drive";
/// Read, create, update and delete the Drive files that the app created or opened.
pub const DRIVE_FILE: &str = "https://www.googleapis.com/auth/drive.file";
/// Read and update the metadata of the files of the user's Drive.
pub const DRIVE_METADATA: &str = "https://www.googleapis.com/auth/drive.metadata";
/// Read the metadata of the files of the user's Drive.
pub const DRIVE_METADATA_READONLY: &str = "https://www.googleapis.com/auth/drive.metadata.readonly";
/// Read and download all files of the user's Drive.
pub const DRIVE_READONLY: &str = "https://www.googleapis.com/auth/drive.readonly";
/// Create Meet spaces, read and update those that the app created.
pub const MEETINGS_SPACE_CREATED: &str = "https://www.googleapis.com/auth/meetings.space.created";
/// Read all Meet spaces to which the user has access.
pub const MEETINGS_SPACE_READONLY: &str = "https://www.googleapis.com/auth/meetings.space.readonly";
/// The older name of [`MEETINGS_SPACE_CREATED`]. Only polls of `v1beta` accept it.
pub const MEET_SPACE_CREATED: &str = "https://www.googleapis.com/auth/meet.space.created";

/// The scopes that the calls to create, update and reactivate a subscription accept.
pub const CHANGE: &[&str] = &[
    CHAT_APP_ALL_MEMBERSHIPS_READONLY,
    CHAT_APP_ALL_MESSAGES_READONLY,
    CHAT_APP_ALL_SPACES_READONLY,
    CHAT_APP_ALL_USERS_READSTATE_READONLY,
    CHAT_APP_MEMBERSHIPS,
    CHAT_APP_MEMBERSHIPS_READONLY,
    CHAT_APP_MESSAGES_READONLY,
    CHAT_APP_SPACES,
    CHAT_APP_SPACES_READONLY,
    CHAT_MEMBERSHIPS,
    CHAT_MEMBERSHIPS_READONLY,
    CHAT_MESSAGES,
    CHAT_MESSAGES_REACTIONS,
    CHAT_MESSAGES_REACTIONS_READONLY,
    CHAT_MESSAGES_READONLY,
    CHAT_SPACES,
    CHAT_SPACES_READONLY,
    CHAT_USERS_AVAILABILITY,
    CHAT_USERS_AVAILABILITY_READONLY,
    CHAT_USERS_READSTATE,
    CHAT_USERS_READSTATE_READONLY,
    DRIVE,
    DRIVE_FILE,
    DRIVE_METADATA,
    DRIVE_METADATA_READONLY,
    DRIVE_READONLY,
    MEETINGS_SPACE_CREATED,
    MEETINGS_SPACE_READONLY,
];

/// The scopes that polls and the calls to get, list and delete subscriptions accept.
pub const READ: &[&str] = &[
    CHAT_BOT,
    CHAT_MEMBERSHIPS,
    CHAT_MEMBERSHIPS_READONLY,
    CHAT_MESSAGES,
    CHAT_MESSAGES_REACTIONS,
    CHAT_MESSAGES_REACTIONS_READONLY,
    CHAT_MESSAGES_READONLY,
    CHAT_SPACES,
    CHAT_SPACES_READONLY,
    CHAT_USERS_AVAILABILITY,
    CHAT_USERS_AVAILABILITY_READONLY,
    CHAT_USERS_READSTATE,
    CHAT_USERS_READSTATE_READONLY,
    DRIVE,
    DRIVE_FILE,
    DRIVE_METADATA,
    DRIVE_METADATA_READONLY,
    DRIVE_READONLY,
    MEETINGS_SPACE_CREATED,
    MEETINGS_SPACE_READONLY,
];
