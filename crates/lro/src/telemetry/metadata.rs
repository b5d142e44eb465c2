use std::{
    any::type_name,
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use serde::de::DeserializeOwned;
use tracing::warn;

use crate::{Any, rules::guard};

/// Decodes metadata as `M`. `None` if it does not fit: the first such failure per type in the process is a WARN.
///
/// For authors of [drivers](crate::rules); code that awaits operations has [`Snapshot::metadata`](crate::Snapshot::metadata).
pub fn metadata<M: DeserializeOwned>(metadata: &Any) -> Option<M> {
    let misfit = match metadata.decode() {
        Ok(metadata) => return Some(metadata),
        Err(misfit) => misfit,
    };
    let name = type_name::<M>();
    if is_first(name) {
        let _ = guard(super::events::SUBSCRIBER, || {
            warn!(target: "lro", metadata = name, %misfit, "the metadata of an operation cannot be read");
        });
    }
    None
}

fn is_first(metadata: &'static str) -> bool {
    static SEEN: Mutex<Option<HashSet<&'static str>>> = Mutex::new(None);
    let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    seen.get_or_insert_default().insert(metadata)
}
