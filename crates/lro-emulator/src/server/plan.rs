use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::cursor::Cursor;
use crate::reply::{Break, Point};

/// Where and how a connection breaks.
#[derive(Clone, Debug, Default)]
pub(super) struct Plan(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    cursor: Cursor,
    how: Option<Break>,
}

impl Plan {
    /// Plans a break at a point of the next reply.
    pub(super) fn set(&self, at: Point, how: Break) {
        let mut state = self.lock();
        state.cursor.aim(at);
        state.how = Some(how);
    }

    /// Returns the number of these bytes, which are next, before the break.
    pub(super) fn room(&self, bytes: &[u8]) -> usize {
        self.lock().cursor.before_point(bytes)
    }

    /// Records that these bytes are written. Returns whether the connection breaks now.
    pub(super) fn written(&self, bytes: &[u8]) -> bool {
        let mut state = self.lock();
        state.cursor.follow(bytes);
        state.cursor.is_there()
    }

    /// How the connection breaks now. After a [`Break::Trickle`] there is no other break.
    pub(super) fn due(&self) -> Option<Break> {
        let mut state = self.lock();
        if let Some(Break::Trickle(_)) = state.how {
            state.cursor.aim_at_nothing();
        }
        state.how
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
