use std::{convert::Infallible, future, time::Duration};

use tokio::sync::{mpsc, oneshot};

use super::{plan::Plan, refusal::Refusal};
use crate::reply::{Break, Point};

/// A handle to the connection of a request.
#[derive(Clone, Debug)]
pub(super) struct ConnectionHandle {
    pub(super) plan: Plan,
    commands: mpsc::UnboundedSender<Command>,
    refusals: mpsc::UnboundedSender<Refusal>,
}

/// A command to the task of the connection.
#[derive(Debug)]
pub(super) enum Command {
    Break(Break),
    /// Accept no more requests, and notify the sender once that has begun.
    GoAway(oneshot::Sender<()>),
}

impl ConnectionHandle {
    /// A handle, and the receiver of its commands.
    pub(super) fn new(refusals: mpsc::UnboundedSender<Refusal>) -> (Self, mpsc::UnboundedReceiver<Command>) {
        let (commands, received) = mpsc::unbounded_channel();
        (Self { plan: Plan::default(), commands, refusals }, received)
    }

    /// Plans a break at a point of the next reply.
    pub(super) fn breaks(&self, at: Point, how: Break) {
        self.plan.set(at, how);
    }

    /// Sends GOAWAY with the next reply.
    pub(super) async fn go_away(&self) {
        let (begun, begins) = oneshot::channel();
        let _ = self.commands.send(Command::GoAway(begun));
        // If the sender is gone, the connection is closed already.
        let _ = begins.await;
    }

    /// Closes the connection, which drops the future of the caller.
    pub(super) async fn close(&self) -> Infallible {
        self.break_now(Break::Close);
        future::pending().await
    }

    /// Closes every connection, which drops the future of the caller, and refuses new ones for a time.
    pub(super) async fn refuse_for(&self, time: Duration) -> Infallible {
        // If the receiver is gone, the server has stopped.
        let _ = self.refusals.send(Refusal::of(time).0);
        future::pending().await
    }

    pub(super) fn break_now(&self, how: Break) {
        // If the receiver is gone, the connection is closed already.
        let _ = self.commands.send(Command::Break(how));
    }
}
