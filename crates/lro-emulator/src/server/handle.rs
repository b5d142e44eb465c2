use std::{convert::Infallible, future, time::Duration};

use tokio::sync::{mpsc, oneshot};

use super::{plan::Plan, refusal::Refusal};
use crate::reply::{Break, Point};

/// What a request may ask of the connection that it came by.
#[derive(Clone, Debug)]
pub(super) struct ConnectionHandle {
    pub(super) plan: Plan,
    commands: mpsc::UnboundedSender<Command>,
    refusals: mpsc::UnboundedSender<Refusal>,
}

#[derive(Debug)]
pub(super) enum Command {
    Break(Break),
    /// Takes no more requests, and tells once that has begun.
    GoAway(oneshot::Sender<()>),
}

impl ConnectionHandle {
    /// A handle, and what is asked by it.
    pub(super) fn new(refusals: mpsc::UnboundedSender<Refusal>) -> (Self, mpsc::UnboundedReceiver<Command>) {
        let (commands, given) = mpsc::unbounded_channel();
        (Self { plan: Plan::default(), commands, refusals }, given)
    }

    /// Breaks the connection at a point of the reply that comes next.
    pub(super) fn breaks(&self, at: Point, how: Break) {
        self.plan.set(at, how);
    }

    /// Tells the client, with the reply that comes next, to take other requests elsewhere.
    pub(super) async fn go_away(&self) {
        let (begun, begins) = oneshot::channel();
        let _ = self.commands.send(Command::GoAway(begun));
        // If nobody listens, the connection is closed already.
        let _ = begins.await;
    }

    /// Closes the connection; the caller's future goes with it.
    pub(super) async fn close(&self) -> Infallible {
        self.break_now(Break::Close);
        future::pending().await
    }

    /// Closes every connection and refuses others for a time; the caller's future goes with them.
    pub(super) async fn refuse_for(&self, time: Duration) -> Infallible {
        // If nobody listens, the server has stopped.
        let _ = self.refusals.send(Refusal::of(time).0);
        future::pending().await
    }

    pub(super) fn break_now(&self, how: Break) {
        // If nobody listens, the connection is closed already.
        let _ = self.commands.send(Command::Break(how));
    }
}
