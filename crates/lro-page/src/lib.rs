//! A page that shows what a registry or a fleet waits for: HTML and JSON, read-only.
//!
//! ```no_run
//! use lro_page::Page;
//! use lro_registry::{MemoryStore, Registry};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
//! let registry = Registry::new(MemoryStore::new());
//! let served = Page::registry(&registry).serve(7070).await?;
//! println!("http://{}/", served.address());
//! # Ok(()) }
//! ```
//!
//! [`Page::router`] is an [`axum::Router`] for a server that exists, at any path: `Router::new().nest("/operations", page.router())`.
//!
//! | path | shows |
//! |---|---|
//! | `/`, `/overview` | pending operations by service and kind, what is overdue, quota keys, workers, what needs attention |
//! | `/list` | operations by `state`, `service` and `version`, and `overdue=1`, up to `most`, in pages of 50 [`after`](lro_registry::ListRequest::after) a key |
//! | `/operation?key=` | one operation: times, counts, the last failure, the sizes of its payloads |
//! | `/api`, `/api/list`, `/api/operation` | the same as JSON, which the paths above also return for `Accept: application/json` |
//!
//! A long table of the overview has parts of 100 rows. `has_more_services` says that there are more, and `next_services` is the position
//! of the next part: `/api?services=100`. The same holds for `buckets`, and for `kinds` and `quota_keys` of a fleet (`has_more_keys`,
//! `next_keys`). The operations of a service that is beyond the counts are on its list.
//!
//! A page needs no script, and nothing from elsewhere. With a script it is brought up to date in place every five seconds, while it
//! is visible. A row keeps its focus and its selection when others come or go. A page that cannot be refreshed stays as it is, with
//! the reason.
//!
//! # What it costs
//!
//! The counts are made once for all open pages, and again no sooner than five seconds later and never for more than a twentieth of
//! the time. They are [cut](lro_registry::store::CountRequest) beyond 100,000 records of a state, and the page says how old
//! they are. At most 1,000 services and quota keys of a store are counted. A list reads 50 records after a key, and no transaction
//! stays open between two pages. The payloads of an operation are read when its page is opened, and again only after a change: an
//! outcome may have 16 MiB. The counts are given up after 30 seconds. Beside them, one call of the store is made at a time, and none
//! is waited for longer than five seconds.
//!
//! # Who may see it
//!
//! Anyone who reaches the address. The page changes nothing, and shows neither payloads nor tags of a registry nor credentials,
//! but it shows names, kinds and messages. [`Page::serve`] listens on the loopback address, and refuses requests whose `Host`
//! is not local, so that no web site reads it by a name of its own that leads to the loopback address. Elsewhere, put it behind the
//! authentication of the program.
//!
//! Names and messages are data of others: they are escaped, characters that control the text are shown by their numbers, and the
//! `Content-Security-Policy` allows nothing but the script and the style of the page.

mod fresh;
mod html;
mod page;
mod request;
mod router;
mod serve;
mod source;
mod view;

pub use crate::{page::Page, serve::Served};
