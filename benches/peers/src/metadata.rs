//! The metadata in each reply: 200 bytes, of a type that every peer knows.

use lro::{Any, Status};

/// The metadata as JSON.
pub const METADATA: &str = concat!(
    r#"{"@type":"type.googleapis.com/google.protobuf.Struct","value":{"createTime":"2026-11-23T10:00:00.123456Z","#,
    r#""target":"projects/p/locations/l/jobs/nightly","verb":"update","stage":"RUNNING","step":1742}}"#,
);

/// Returns the metadata, parsed.
///
/// # Errors
///
/// None: it is an object.
pub fn parsed() -> Result<Any, Status> {
    Any::from_json(METADATA)
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_has_200_bytes() {
        assert_eq!(super::METADATA.len(), 200);
    }
}
