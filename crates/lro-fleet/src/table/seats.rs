//! Who waits for an operation.

use std::task::Waker;

use super::Table;

/// Who waits for an operation first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum FirstSeat {
    #[default]
    Free,
    /// For its end.
    Awaits,
    /// For each reply.
    Streams,
}

/// Who waits for an operation beside the first.
#[derive(Debug, Default)]
pub(super) struct Seat {
    waker: Option<Waker>,
    streams: bool,
}

impl Table {
    /// A seat for one more who waits.
    pub(crate) fn sit(&mut self, id: u32) -> u32 {
        let Some(entry) = self.get_mut(id) else {
            return 0;
        };
        entry.watches += 1;
        if entry.first_seat == FirstSeat::Free {
            entry.first_seat = FirstSeat::Awaits;
            return 0;
        }
        self.more_seats.entry(id).or_default().insert(Seat::default()) as u32 + 1
    }

    /// Gives a seat back. Returns how many are left, and the waker that was kept for it.
    pub(crate) fn rise(&mut self, id: u32, seat: u32) -> (u32, Option<Waker>) {
        let Some(entry) = self.get_mut(id) else {
            return (0, None);
        };
        entry.watches = entry.watches.saturating_sub(1);
        let left = entry.watches;
        if seat == 0 {
            entry.first_seat = FirstSeat::Free;
            return (left, entry.waker.take());
        }
        let Some(seats) = self.more_seats.get_mut(&id) else {
            return (left, None);
        };
        let seat = seats.try_remove(seat as usize - 1);
        if seats.is_empty() {
            self.more_seats.remove(&id);
        }
        (left, seat.and_then(|seat| seat.waker))
    }

    /// Keeps whom to wake at the end, and at each reply if that is wanted. Returns the waker that was kept before, if it is
    /// another one.
    pub(crate) fn keep_waker(&mut self, id: u32, seat: u32, waker: &Waker, streams: bool) -> Option<Waker> {
        let keep = |kept: &mut Option<Waker>| match kept {
            Some(kept) if kept.will_wake(waker) => None,
            kept => kept.replace(waker.clone()),
        };
        if seat > 0 {
            let seats = self.more_seats.get_mut(&id);
            if let Some(seat) = seats.and_then(|seats| seats.get_mut(seat as usize - 1)) {
                seat.streams = streams;
                return keep(&mut seat.waker);
            }
        } else if let Some(entry) = self.get_mut(id) {
            entry.first_seat = if streams { FirstSeat::Streams } else { FirstSeat::Awaits };
            return keep(&mut entry.waker);
        }
        None
    }

    /// Takes those to wake: all at the end, else those who are to be told of each reply.
    pub(crate) fn take_wakers(&mut self, id: u32, at_end: bool, woken: &mut Vec<Waker>) {
        if let Some(entry) = self.get_mut(id)
            && (at_end || entry.first_seat == FirstSeat::Streams)
        {
            woken.extend(entry.waker.take());
        }
        if let Some(seats) = self.more_seats.get_mut(&id) {
            let seats = seats.iter_mut().filter(|(_, seat)| at_end || seat.streams);
            woken.extend(seats.filter_map(|(_, seat)| seat.waker.take()));
        }
    }
}
