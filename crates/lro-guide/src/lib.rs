//! The guide to [`lro`]: how to wait for long-running operations, from the first await to a registry on several machines.
//!
//! The crate has no code. Its chapters are the modules, and their examples are doc tests, which run against the
//! [emulator](lro_emulator). Each chapter ends with what can go wrong, with the text of the error.
//!
//! | question | chapter |
//! |---|---|
//! | How is an operation awaited? Which crates and which types does that need? | [`first_await`] |
//! | Where do the credentials come from, and what if there are none? | [`credentials`] |
//! | How far is the operation? | [`progress`] |
//! | How are a hundred operations awaited at once, in tasks or together? | [`many`] |
//! | How does a program go on after a restart? | [`resume`] |
//! | How is a wait ended by a deadline, and an operation cancelled? | [`cancel`] |
//! | What does this error mean, and what is retried? | [`failures`] |
//! | When are the polls made, and how are there fewer of them? | [`pacing`] |
//! | How are a million operations awaited under one quota? | [`fleets`] |
//! | How do operations outlive the process? How do several machines share them? | [`registry`] |
//! | How does a web service answer 202, show the work, and survive its restart? | [`web_service`] |
//! | How is a service reached that has no crate of its own? And over gRPC? | [`any_service`] |
//! | How is a service reached that is not Google's: Azure, AWS, a job API? | [`your_service`] |
//! | How is code that awaits operations tested? | [`testing`] |
//! | What is logged and counted? | [`telemetry`] |
//! | What replaces the poller of google-cloud-rust, of Azure, of AWS, or a loop? | [`coming_from`] |
//!
//! Each chapter begins with the dependencies of its snippets. Until the first release a line for each of these crates leads to a clone
//! of the repository: `[patch.crates-io]`, and `lro = { path = "../lro/crates/lro" }`.
//!
//! Hidden lines set up what a snippet needs to run without an account. In the Markdown they begin with `#`.
//!
//! A first reading takes [`first_await`], [`credentials`] and [`failures`]. The pages of the crates have the whole reference.

pub mod first_await {
    #![doc = include_str!("first_await.md")]
}

pub mod credentials {
    #![doc = include_str!("credentials.md")]
    #![cfg_attr(
        feature = "google-cloud-auth",
        doc = "[`GoogleCloudCredentials`]: lro_auth::GoogleCloudCredentials"
    )]
    #![cfg_attr(
        not(feature = "google-cloud-auth"),
        doc = "[`GoogleCloudCredentials`]: https://docs.rs/lro-auth/latest/lro_auth/struct.GoogleCloudCredentials.html"
    )]
}

pub mod progress {
    #![doc = include_str!("progress.md")]
}

pub mod many {
    #![doc = include_str!("many.md")]
}

pub mod resume {
    #![doc = include_str!("resume.md")]
}

pub mod cancel {
    #![doc = include_str!("cancel.md")]
}

pub mod failures {
    #![doc = include_str!("failures.md")]
}

pub mod pacing {
    #![doc = include_str!("pacing.md")]
}

pub mod fleets {
    #![doc = include_str!("fleets.md")]
}

pub mod registry {
    #![doc = include_str!("registry.md")]
}

pub mod web_service {
    #![doc = include_str!("web_service.md")]
}

pub mod any_service {
    #![doc = include_str!("any_service.md")]
}

pub mod your_service {
    #![doc = include_str!("your_service.md")]
}

pub mod testing {
    #![doc = include_str!("testing.md")]
}

pub mod telemetry {
    #![doc = include_str!("telemetry.md")]
}

pub mod coming_from {
    #![doc = include_str!("coming_from.md")]
}

#[cfg(test)]
mod blocks;
