//! The OAuth scopes of the service, and which calls take which.
//!
//! A call needs one of the scopes in its list, and the data that a subscription is about needs its own. An app that
//! starts an operation by one of the `CHAT_APP_*` scopes polls it by another credential: polling does not list them.

/// As an app: see the members of every Chat space of the organization.
pub const CHAT_APP_ALL_MEMBERSHIPS_READONLY: &str =
    "https://www.googleapis.com/auth/chat.app.all.memberships.readonly";
/// As an app: see the messages and reactions of every Chat space of the organization.
pub const CHAT_APP_ALL_MESSAGES_READONLY: &str =
    "https://www.googleapis.com/auth/chat.app.all.messages.readonly";
/// As an app: see every Chat space of the organization.
pub const CHAT_APP_ALL_SPACES_READONLY: &str = "https://www.googleapis.com/auth/chat.app.all.spaces.readonly";
/// As an app: see what every user of the organization has read in Chat.
pub const CHAT_APP_ALL_USERS_READSTATE_READONLY: &str =
    "https://www.googleapis.com/auth/chat.app.all.users.readstate.readonly";
/// As an app: see, add, change and remove members of the Chat spaces it is in.
pub const CHAT_APP_MEMBERSHIPS: &str = "https://www.googleapis.com/auth/chat.app.memberships";
/// As an app: see the members of the Chat spaces it is in.
pub const CHAT_APP_MEMBERSHIPS_READONLY: &str =
    "https://www.googleapis.com/auth/chat.app.memberships.readonly";
/// As an app: see the messages and reactions of the Chat spaces it is in.
pub const CHAT_APP_MESSAGES_READONLY: &str = "https://www.googleapis.com/auth/chat.app.messages.readonly";
/// As an app: see, make and change Chat spaces.
pub const CHAT_APP_SPACES: &str = "https://www.googleapis.com/auth/chat.app.spaces";
/// As an app: see the Chat spaces it is in.
pub const CHAT_APP_SPACES_READONLY: &str = "https://www.googleapis.com/auth/chat.app.spaces.readonly";
/// As a Chat app: see and send messages in the spaces it is in.
pub const CHAT_BOT: &str = "https://www.googleapis.com/auth/chat.bot";
/// See, add, change and remove members of Chat spaces.
pub const CHAT_MEMBERSHIPS: &str = "https://www.googleapis.com/auth/chat.memberships";
/// See the members of Chat spaces.
pub const CHAT_MEMBERSHIPS_READONLY: &str = "https://www.googleapis.com/auth/chat.memberships.readonly";
/// See, send, change and delete messages, and their reactions.
pub const CHAT_MESSAGES: &str = "https://www.googleapis.com/auth/chat.messages";
/// See, add and remove reactions to messages.
pub const CHAT_MESSAGES_REACTIONS: &str = "https://www.googleapis.com/auth/chat.messages.reactions";
/// See reactions to messages.
pub const CHAT_MESSAGES_REACTIONS_READONLY: &str =
    "https://www.googleapis.com/auth/chat.messages.reactions.readonly";
/// See messages and reactions.
pub const CHAT_MESSAGES_READONLY: &str = "https://www.googleapis.com/auth/chat.messages.readonly";
/// Make Chat spaces, and see and change what describes them.
pub const CHAT_SPACES: &str = "https://www.googleapis.com/auth/chat.spaces";
/// See Chat spaces.
pub const CHAT_SPACES_READONLY: &str = "https://www.googleapis.com/auth/chat.spaces.readonly";
/// See and set the user's availability in Chat.
pub const CHAT_USERS_AVAILABILITY: &str = "https://www.googleapis.com/auth/chat.users.availability";
/// See the user's availability in Chat.
pub const CHAT_USERS_AVAILABILITY_READONLY: &str =
    "https://www.googleapis.com/auth/chat.users.availability.readonly";
/// See and change what the user has read in Chat.
pub const CHAT_USERS_READSTATE: &str = "https://www.googleapis.com/auth/chat.users.readstate";
/// See what the user has read in Chat.
pub const CHAT_USERS_READSTATE_READONLY: &str =
    "https://www.googleapis.com/auth/chat.users.readstate.readonly";
/// See, change, make and delete all files of the user's Drive.
pub const DRIVE: &str = "https://www.googleapis.com/auth/drive";
/// See, change, make and delete the Drive files that the app made or was given.
pub const DRIVE_FILE: &str = "https://www.googleapis.com/auth/drive.file";
/// See and change what describes the files of the user's Drive.
pub const DRIVE_METADATA: &str = "https://www.googleapis.com/auth/drive.metadata";
/// See what describes the files of the user's Drive.
pub const DRIVE_METADATA_READONLY: &str = "https://www.googleapis.com/auth/drive.metadata.readonly";
/// See and download all files of the user's Drive.
pub const DRIVE_READONLY: &str = "https://www.googleapis.com/auth/drive.readonly";
/// Make Meet spaces, and see and change those that the app made.
pub const MEETINGS_SPACE_CREATED: &str = "https://www.googleapis.com/auth/meetings.space.created";
/// See every Meet space that the user can reach.
pub const MEETINGS_SPACE_READONLY: &str = "https://www.googleapis.com/auth/meetings.space.readonly";
/// The older name of [`MEETINGS_SPACE_CREATED`], which only `v1beta` lists, and only for polling.
pub const MEET_SPACE_CREATED: &str = "https://www.googleapis.com/auth/meet.space.created";

/// Any of these changes subscriptions: create, update and reactivate.
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

/// Any of these polls an operation, and gets, lists or deletes subscriptions.
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
