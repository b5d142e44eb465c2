use super::format::{Format, Kind};
use crate::reply::Point;

/// The position within the reply that a connection writes. It finds the byte at which a point of the reply is reached.
#[derive(Clone, Debug, Default)]
pub(super) struct Cursor {
    format: Option<Format>,
    target: Option<Point>,
    head: usize,
    head_is_over: bool,
    body: usize,
}

impl Cursor {
    /// Sets the point of the next reply to stop at.
    pub(super) fn aim(&mut self, point: Point) {
        let format = self.format.take().filter(|format| matches!(format, Format::Http2(_)));
        *self = Self { format, target: Some(point), ..Self::default() };
    }

    /// Removes the point to stop at.
    pub(super) fn aim_at_nothing(&mut self) {
        self.target = None;
    }

    /// Returns the number of these bytes, which are next, before the point.
    pub(super) fn before_point(&self, bytes: &[u8]) -> usize {
        if self.target.is_none() { bytes.len() } else { self.clone().follow(bytes) }
    }

    /// Advances over bytes that are written, up to the point. Returns their number.
    pub(super) fn follow(&mut self, bytes: &[u8]) -> usize {
        let mut followed = 0;
        while followed < bytes.len() {
            match self.step(&bytes[followed..]) {
                0 => break,
                step => followed += step,
            }
        }
        followed
    }

    /// Returns whether the point is reached.
    pub(super) fn is_there(&self) -> bool {
        match self.target {
            None | Some(Point::BeforeHead) => false,
            Some(Point::InHead) => self.head >= HALF_A_HEAD,
            Some(Point::AfterHead) => self.head_is_over,
            Some(Point::InBody(bytes)) => self.head_is_over && self.body >= bytes,
        }
    }

    /// Advances over bytes of one kind.
    fn step(&mut self, bytes: &[u8]) -> usize {
        if self.is_there() {
            return 0;
        }
        let format = self.format.get_or_insert_with(|| Format::of(bytes));
        let (kind, span) = format.span(bytes, self.head_is_over);
        let room = match (self.target, kind) {
            (Some(Point::BeforeHead), Kind::Head) => 0,
            (Some(Point::InHead), Kind::Head) => HALF_A_HEAD - self.head,
            (Some(Point::InBody(bytes)), Kind::Body) => bytes - self.body,
            _ => usize::MAX,
        };
        let step = span.min(room);
        let ends_head = format.advance(&bytes[..step]);
        match kind {
            Kind::Head => self.head += step,
            Kind::Body => self.body += step,
            Kind::Other => {}
        }
        self.head_is_over |= ends_head;
        step
    }
}

/// A position within the status line. With HTTP/2 it is the header of the frame and one byte.
const HALF_A_HEAD: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    const HTTP1: &[u8] = b"HTTP/1.1 200 OK\r\na: b\r\n\r\n{\"a\":\r\n\r\n1}";

    /// SETTINGS without a payload, HEADERS of three bytes, CONTINUATION of one, DATA of two.
    const HTTP2: &[u8] =
        b"\0\0\0\x04\0\0\0\0\0\0\0\x03\x01\0\0\0\0\x01abc\0\0\x01\x09\x04\0\0\0\x01d\0\0\x02\0\x01\0\0\0\x01{}";

    #[test]
    fn points_are_found_however_the_bytes_come() {
        for (wire, point, before) in [
            (HTTP1, Point::BeforeHead, 0),
            (HTTP1, Point::InHead, 10),
            (HTTP1, Point::AfterHead, 25),
            (HTTP1, Point::InBody(0), 25),
            (HTTP1, Point::InBody(11), 36),
            (HTTP2, Point::BeforeHead, 9),
            (HTTP2, Point::InHead, 19),
            (HTTP2, Point::AfterHead, 31),
            (HTTP2, Point::InBody(1), 41),
            (HTTP2, Point::InBody(2), 42),
        ] {
            let mut at_once = Cursor::default();
            at_once.aim(point);
            assert_eq!(at_once.before_point(wire), before, "{point:?}");
            let mut in_pieces = at_once.clone();
            assert_eq!(at_once.follow(wire), before, "{point:?}");
            let pieces = [&wire[..4], &wire[4..13], &wire[13..14], &wire[14..22], &wire[22..]];
            let followed: usize = pieces.iter().map(|piece| in_pieces.follow(piece)).sum();
            // In pieces the type of a frame may come too late.
            assert!(followed == before || point == Point::BeforeHead, "{point:?}: {followed}");
        }
    }

    #[test]
    fn frames_are_followed_before_there_is_a_point() {
        let mut cursor = Cursor::default();
        cursor.follow(HTTP2);
        cursor.follow(&HTTP2[..5]);
        cursor.aim(Point::AfterHead);
        assert_eq!(cursor.before_point(&HTTP2[5..]), 26);
        cursor.aim_at_nothing();
        assert_eq!(cursor.before_point(&HTTP2[5..]), HTTP2.len() - 5);
    }
}
