//! Every Google service that answers with long-running operations, by its name.
//!
//! ```
//! use lro::{OperationName, poll_until_done};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), lro::Status> {
//! # let emulator = lro_emulator::Emulator::start().await.map_err(|error| lro::Status::unavailable(error.to_string()))?;
//! # let job = lro::Any::from_json(r#"{"@type": "t/google.cloud.run.v2.Service", "uri": "https://hello.run.app"}"#)?;
//! # emulator.operation("projects/p/locations/l/operations/1", lro_emulator::Script::new().responds(job));
//! # let endpoint = emulator.endpoint();
//! let run = lro_services::find("run", "v2")?.connect()?.endpoint(endpoint).build()?;
//! let name = OperationName::parse("projects/p/locations/l/operations/1")?;
//! let service: serde_json::Value = poll_until_done(&run, name).await?;
//! assert_eq!(service["uri"], "https://hello.run.app");
//! # Ok(()) }
//! ```
//!
//! [`find`] returns an [`Entry`], and [`Entry::connect`] the builder of a transport, with credentials and all other
//! settings of `lro-http`. The name of an operation does not determine its service: more than two hundred rows have
//! operations `projects/*/locations/*/operations/*`. The service and its version are those of the call that started the operation.
//!
//! # The table
//!
//! `services.tsv` in the sources of this crate has a row for each host, version and form. `sources.tsv` has the published
//! files of each row, with their dates: discovery documents (D), service configurations (Y), protos (P) and documentation
//! (W). No live service was asked. `aliases.tsv` has the other names of services.
//!
//! | column | content |
//! |---|---|
//! | `host` | the host, in the domain `googleapis.com` |
//! | `version` | the version of the API |
//! | `form` | `longrunning`, or the name of another form of operations |
//! | `get` | the paths that get an operation, in the notation of `google.api.http`; empty if none is published |
//! | `names` | the forms of names that the paths cut into several variables |
//! | `list`, `cancel`, `delete`, `wait` | the paths of the other calls; `=` means those of `get` with `/operations`, `:cancel`, nothing or `:wait` at the end, without those after `-` and with those after it |
//! | `calls` | `cancel=GET` or `wait=GET`: the method; `timeout=query` or `timeout=absent`: where wait has its timeout; `grpc`: the published interface of gRPC has a get; `old`: not revised since 2024 or longer; `fetch=PATH`: the path of a POST that gets the operations of publisher models |
//! | `progress` | the fields of the metadata with the share of the work that is done, in the notation of [`ProgressFields`](lro_http::ProgressFields) |
//! | `scopes` | the OAuth scopes to poll, without `https://www.googleapis.com/auth/` |
//! | `regions` | the hosts of locations, the usual one first; `{location=us\|eu}` lists the only locations |
//!
//! A row that is wrong or missing is corrected in a pull request, or replaced by a [`Binding`](lro_http::Binding) of the
//! program, which may come from a configuration.
//!
//! # Other forms
//!
//! Compute Engine, Cloud SQL Admin, Kubernetes Engine, Cloud DNS and Deployment Manager answer with operations of other forms.
//! `forms.json` has a [`Form`](lro_http::Form) for each, and a transport of such an entry returns their operations in the form of
//! `google.longrunning`. The names are those of the resources, such as `projects/p/zones/z/operations/o`, the end of
//! `selfLink`. The metadata is the whole reply, with its `warnings`.
//!
//! None of them carries the resulting resource. The response is the whole reply, whose `targetLink` is the resource. A transport
//! that [reads targets](lro_http::HttpTransport::reading_targets) reads it when the operation is done and returns it as the
//! response, except for Cloud DNS, which has no such link:
//!
//! ```
//! # fn example(token: lro_http::Token) -> Result<(), lro::Status> {
//! let compute = lro_services::find("compute", "v1")?.connect()?.credentials(token).build()?.reading_targets();
//! # Ok(()) }
//! ```
//!
//! Compute Engine holds a call that waits for up to two minutes. An [`attempt_timeout`](lro::Wait::attempt_timeout) of more than
//! that lets it; with a shorter one, the wait continues with get after two calls without a reply.
//!
//! # Progress
//!
//! The progress is read from metadata in JSON. Over gRPC a closure of [`pace_by_progress`](lro::Wait::pace_by_progress) passes it on.
//!
//! For the services whose metadata has the share of the work that is done, [`Snapshot::progress`](lro::Snapshot::progress)
//! returns it, and the pacing uses it, without a closure. [`Entry::has_progress`] says whether an entry is one of them.
//!
//! # Features
//!
//! | feature | effect |
//! |---|---|
//! | `grpc` | `find_grpc` and `Entry::connect_grpc`, and the crate `lro-grpc` |
//! | `ring` (default) | TLS by `ring` |
//! | `aws-lc` | TLS by `aws-lc-rs` |
//! | `google-cloud-auth` | `GoogleCloudCredentials`, and the crate `google-cloud-auth` with the types that it takes |
//!
//! # Services
//!
//! The short names, in the domain `googleapis.com`, with the calls that reach the operations of each version:
//!
#![doc = include_str!("../SERVICES.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod entry;
mod find;
#[cfg(feature = "grpc")]
mod grpc;
mod paths;
mod region;
mod table;
mod version;

pub use lro_http::{Credentials, NoCredentials, Token, TokenFn, token_file, token_fn};
#[cfg(feature = "google-cloud-auth")]
pub use lro_http::{GoogleCloudCredentials, google_cloud_auth};

#[cfg(feature = "grpc")]
pub use crate::grpc::find_grpc;
pub use crate::{
    entry::{Entry, entries},
    find::find,
};

/// The snippets of the README, as doc tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
