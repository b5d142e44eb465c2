use std::task::Waker;

use super::Book;

/// What the first watch of an operation waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum FirstSeat {
    #[default]
    Free,
    /// The end.
    Awaits,
    /// Each reply.
    Streams,
}

/// A watch that is not the first.
#[derive(Debug, Default)]
pub(super) struct Seat {
    waker: Option<Waker>,
    streams: bool,
}

impl Book {
    /// Adds a watch. Returns its seat.
    pub(crate) fn sit(&mut self, id: u32) -> u32 {
        let Some(entry) = self.get_mut(id) else {
            return 0;
        };
        entry.watches += 1;
        if entry.first_seat == FirstSeat::Free {
            entry.first_seat = FirstSeat::Awaits;
            return 0;
        }
        entry.cold_mut().seats.insert(Seat::default()) as u32 + 1
    }

    /// Removes a watch. Returns the number of those left, and the waker of the one removed.
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
        let seats = entry.cold.as_mut().map(|cold| &mut cold.seats);
        let seat = seats.and_then(|seats| seats.try_remove(seat as usize - 1));
        (left, seat.and_then(|seat| seat.waker))
    }

    /// Stores a waker for the end, and with `streams` for each reply. Returns the waker that it replaces.
    pub(crate) fn keep_waker(&mut self, id: u32, seat: u32, waker: Waker, streams: bool) -> Option<Waker> {
        let keep = |kept: &mut Option<Waker>, waker: Waker| match kept {
            Some(kept) if kept.will_wake(&waker) => Some(waker),
            kept => kept.replace(waker),
        };
        let Some(entry) = self.get_mut(id) else {
            return Some(waker);
        };
        if seat == 0 {
            entry.first_seat = if streams { FirstSeat::Streams } else { FirstSeat::Awaits };
            return keep(&mut entry.waker, waker);
        }
        let seats = entry.cold.as_mut().map(|cold| &mut cold.seats);
        let Some(seat) = seats.and_then(|seats| seats.get_mut(seat as usize - 1)) else {
            return Some(waker);
        };
        seat.streams = streams;
        keep(&mut seat.waker, waker)
    }

    /// Takes the wakers of the watches to wake: of all at the end, otherwise of those that stream.
    pub(crate) fn take_wakers(&mut self, id: u32, at_end: bool, woken: &mut Vec<Waker>) {
        let Some(entry) = self.get_mut(id) else {
            return;
        };
        if at_end || entry.first_seat == FirstSeat::Streams {
            woken.extend(entry.waker.take());
        }
        if let Some(cold) = &mut entry.cold {
            let seats = cold.seats.iter_mut().filter(|(_, seat)| at_end || seat.streams);
            woken.extend(seats.filter_map(|(_, seat)| seat.waker.take()));
        }
    }
}
