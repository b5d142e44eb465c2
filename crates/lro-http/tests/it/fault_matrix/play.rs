use std::{
    future::Future,
    sync::{Arc, Mutex},
    time::Duration,
};

use lro::{Pacing, Status, Tolerance, poll_until_done, transport_fn};
use serde_json::Value;
use tokio::{runtime::Builder, time::Instant};

use crate::{
    common::name,
    fault_matrix::model::{PACE, Reply, Windows},
};

/// The actual course of a wait.
pub(crate) struct Played {
    /// The delays between the calls.
    pub(crate) pauses: Vec<Duration>,
    pub(crate) end: Result<Value, Status>,
}

/// Plays the replies to a wait. The last one repeats.
pub(crate) async fn play(
    replies: Vec<Reply>,
    deadline: Option<Duration>,
    windows: Windows,
    seed: u64,
) -> Played {
    let calls: Arc<Mutex<Vec<Instant>>> = Arc::default();
    let seen = Arc::clone(&calls);
    let script = transport_fn(move |_| {
        let mut seen = seen.lock().unwrap();
        let reply = replies[seen.len().min(replies.len() - 1)].clone();
        seen.push(Instant::now());
        async { reply }
    });
    let wait = poll_until_done::<Value>(script, name());
    let tolerance = Tolerance::default()
        .not_found_for(windows.not_found)
        .permission_denied_for(windows.permission_denied);
    let wait = wait.pacing(Pacing::fixed(PACE)).tolerance(tolerance);
    let end = wait.deadline(deadline).seed(seed).await;
    let pauses = calls.lock().unwrap().windows(2).map(|pair| pair[1] - pair[0]).collect();
    Played { pauses, end }
}

pub(crate) fn on_the_network<T>(future: impl Future<Output = T>) -> T {
    Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

pub(crate) fn on_a_paused_clock<T>(future: impl Future<Output = T>) -> T {
    Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(future)
}
