//! Frames: one message as the body of a unary request or reply.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use lro::{Code, OperationPage, Origin, Status};
use lro_grpc_wire::{
    frame::{Decoder, Encoding, FrameError, GRPC_ENCODING, encode, encode_gzip, of_encoded},
    messages::{self, GetOperationRequest, ListOperationsResponse, Operation},
};
use proptest::{collection::vec, prelude::any, prelude::prop_assert_eq, proptest};
use prost::Message;

#[test]
fn a_frame_is_a_flag_a_length_and_the_message() {
    let frame = encode(&request("a/b")).unwrap();
    assert_eq!(frame, &b"\0\0\0\0\x05\x0a\x03a/b"[..]);
    assert_eq!(decode(Encoding::Identity, [frame]), Ok(request("a/b")));
    assert_eq!(encode(&()).unwrap(), &b"\0\0\0\0\0"[..]);
}

#[test]
fn a_body_may_arrive_in_any_pieces() {
    let frames = [encode(&request("operations/1")).unwrap(), encode_gzip(&request("operations/1")).unwrap()];
    for frame in frames {
        for size in 1..=frame.len() {
            let pieces = frame.chunks(size).map(Bytes::copy_from_slice);
            assert_eq!(decode(Encoding::Gzip, pieces), Ok(request("operations/1")), "{size}");
        }
    }
}

// SPEC 19
#[test]
fn each_fault_of_a_body_is_named() {
    let plain = |bytes: &'static [u8]| decode(Encoding::Identity, [Bytes::from_static(bytes)]);
    assert_eq!(plain(b""), Err(FrameError::Missing));
    assert_eq!(plain(b"\0\0\0"), Err(FrameError::CutShort));
    assert_eq!(plain(b"\0\0\0\0\x05\x0a\x03a"), Err(FrameError::CutShort));
    assert_eq!(plain(b"\0\0\0\0\0\0"), Err(FrameError::Trailing));
    assert_eq!(plain(b"\0\0\0\0\0\0\0\0\0\0"), Err(FrameError::Trailing));
    assert_eq!(plain(b"<html>"), Err(FrameError::UnknownFlag(b'<')));
    assert_eq!(plain(b"\0\0\x10\0\x01"), Err(FrameError::TooLarge(LIMIT)));
    assert_eq!(plain(b"\x01\0\0\0\x01\0"), Err(FrameError::NoEncoding));
    assert!(matches!(plain(b"\0\0\0\0\x05\x0a\x04abc"), Err(FrameError::Undecodable(_))));
    let gzip = |bytes: &'static [u8]| decode(Encoding::Gzip, [Bytes::from_static(bytes)]);
    assert!(matches!(gzip(b"\x01\0\0\0\x02\x1f\x8b"), Err(FrameError::InvalidGzip(_))));
    assert!(matches!(gzip(b"\x01\0\0\0\x03abc"), Err(FrameError::InvalidGzip(_))));
    let other = decode(Encoding::Unknown("br".into()), [Bytes::from_static(b"\x01\0\0\0\x01\0")]);
    assert_eq!(other, Err(FrameError::UnknownEncoding("br".into())));
}

// SPEC 19, 45
#[test]
fn the_limit_counts_before_and_after_decompression() {
    let bomb = encode_gzip(&request(&"x".repeat(LIMIT * 8))).unwrap();
    assert!(bomb.len() < LIMIT);
    assert_eq!(decode(Encoding::Gzip, [bomb]), Err(FrameError::TooLarge(LIMIT)));
    // The message has a tag and a length of three bytes.
    let fits = request(&"x".repeat(LIMIT - 4));
    assert_eq!(decode(Encoding::Gzip, [encode_gzip(&fits).unwrap()]), Ok(fits.clone()));
    assert_eq!(decode(Encoding::Identity, [encode(&fits).unwrap()]), Ok(fits));
    let exceeds = request(&"x".repeat(LIMIT - 3));
    let exceeded = Err(FrameError::TooLarge(LIMIT));
    assert_eq!(decode(Encoding::Gzip, [encode_gzip(&exceeds).unwrap()]), exceeded);
    assert_eq!(decode(Encoding::Identity, [encode(&exceeds).unwrap()]), exceeded);
}

// SPEC 19
#[test]
fn a_message_of_too_many_parts_is_not_decoded() {
    let failed = |details: usize| {
        let error = messages::Status { details: vec![Vec::new(); details], ..messages::Status::default() };
        Operation { done: true, error: Some(error), ..Operation::default() }
    };
    let page = |operations: usize, places: usize| ListOperationsResponse {
        operations: vec![failed(2); operations],
        unreachable: vec![String::new(); places],
        next_page_token: "next".into(),
    };
    let read = |frame: Bytes| {
        let mut decoder = Decoder::new(Encoding::Gzip, LIMIT);
        decoder.push(frame).unwrap();
        decoder
    };
    let too_many = FrameError::TooManyParts(OperationPage::MOST_PARTS);
    let (fits, exceeds) = (page(30_000, 10_000), page(30_000, 10_001));
    for encode in [|page: &_| encode(page), |page: &_| encode_gzip(page)] {
        assert_eq!(read(encode(&fits).unwrap()).finish(), Ok(fits.clone()));
        assert_eq!(read(encode(&exceeds).unwrap()).finish::<ListOperationsResponse>(), Err(too_many.clone()));
    }
    let fits = failed(OperationPage::MOST_PARTS);
    assert_eq!(read(encode(&fits).unwrap()).finish(), Ok(fits));
    // Fields of one message may come apart, and are merged.
    let message = failed(OperationPage::MOST_PARTS / 2 + 1).encode_to_vec().repeat(2);
    let frame = of_encoded(&message).unwrap();
    assert_eq!(read(frame).finish::<Operation>(), Err(too_many));
}

#[test]
fn a_message_that_is_too_large_is_refused_at_its_header() {
    let mut decoder = Decoder::new(Encoding::Identity, LIMIT);
    decoder.push(Bytes::from_static(b"\0\xff\xff\xff")).unwrap();
    assert_eq!(decoder.push(Bytes::from_static(b"\xff")), Err(FrameError::TooLarge(LIMIT)));
}

#[test]
fn an_uncompressed_message_needs_no_known_encoding() {
    let frame = encode(&request("a")).unwrap();
    assert_eq!(decode(Encoding::Unknown("br".into()), [frame]), Ok(request("a")));
    // Some servers compress an empty message to nothing.
    assert_eq!(decode(Encoding::Gzip, [Bytes::from_static(b"\x01\0\0\0\0")]), Ok(request("")));
}

#[test]
fn the_encoding_of_a_peer_is_read() {
    let unknown = |name: &str| Encoding::Unknown(name.into());
    let long = "x".repeat(33);
    let table = [
        (&[][..], Encoding::Identity),
        (&["identity"], Encoding::Identity),
        (&["gzip"], Encoding::Gzip),
        (&["GZIP "], Encoding::Gzip),
        (&["br"], unknown("br")),
        (&["gzip, br"], unknown("gzip, br")),
        (&[&*long], unknown("…")),
        (&["gzip", "gzip"], unknown("…")),
    ];
    for (values, encoding) in table {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(GRPC_ENCODING, HeaderValue::try_from(*value).unwrap());
        }
        assert_eq!(Encoding::of(&headers), encoding, "{values:?}");
    }
}

// SPEC 49
#[test]
fn a_fault_is_a_failed_call_that_may_be_repeated_unless_it_stays() {
    let stays = [
        FrameError::TooLarge(1),
        FrameError::TooManyParts(1),
        FrameError::NoEncoding,
        FrameError::UnknownEncoding("br".into()),
    ];
    assert!(!stays.iter().any(FrameError::is_transient));
    let passes =
        [FrameError::Missing, FrameError::CutShort, FrameError::Trailing, FrameError::UnknownFlag(2)];
    assert!(passes.iter().all(FrameError::is_transient));
    let status = Status::from(FrameError::TooLarge(8));
    assert_eq!((status.code(), status.origin()), (Code::Internal, Origin::CallFailed));
    assert_eq!(status.message(), "the message is larger than the limit of 8 bytes");
    let status = Status::from(FrameError::TooManyParts(8));
    assert_eq!((status.code(), status.origin()), (Code::Internal, Origin::MalformedReply));
    assert_eq!(status.message(), "the message has more than 8 operations, places and details of errors");
}

proptest! {
    #[test]
    fn no_body_panics(pieces in vec(vec(any::<u8>(), 0..40), 0..4), first in 0..3_u8, gzip: bool) {
        let encoding = if gzip { Encoding::Gzip } else { Encoding::Identity };
        let header = Bytes::copy_from_slice(&[first, 0, 0, 0]);
        let pieces = std::iter::once(header).chain(pieces.into_iter().map(Bytes::from));
        let mut decoder = Decoder::new(encoding, LIMIT);
        if pieces.into_iter().all(|piece| decoder.push(piece).is_ok()) {
            let _ = decoder.finish::<ListOperationsResponse>();
        }
    }

    #[test]
    fn a_message_survives_its_frame(name: String, done: bool, metadata: Option<Vec<u8>>, gzip: bool, size in 1..50_usize) {
        let operation = Operation { name, done, metadata, ..Operation::default() };
        let frame = if gzip { encode_gzip(&operation) } else { encode(&operation) }.unwrap();
        let mut decoder = Decoder::new(Encoding::Gzip, 1 << 20);
        frame.chunks(size).for_each(|piece| decoder.push(Bytes::copy_from_slice(piece)).unwrap());
        prop_assert_eq!(decoder.finish::<Operation>(), Ok(operation));
    }
}

fn request(name: &str) -> GetOperationRequest {
    GetOperationRequest { name: name.to_owned() }
}

fn decode(
    encoding: Encoding,
    pieces: impl IntoIterator<Item = Bytes>,
) -> Result<GetOperationRequest, FrameError> {
    let mut decoder = Decoder::new(encoding, LIMIT);
    pieces.into_iter().try_for_each(|piece| decoder.push(piece))?;
    decoder.finish()
}

/// The limit in bytes: above two bytes of length in protobuf.
const LIMIT: usize = 1 << 20;
