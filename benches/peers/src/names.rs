//! The names of the operations: of 60 bytes, and such as every peer takes.

use lro::{OperationName, Status};

/// The name of an operation by its number.
pub fn name(number: usize) -> String {
    format!("operations/4c6c0000-1111-4222-8333-444455556666-{number:012}")
}

/// The same, parsed.
///
/// # Errors
///
/// None: it is a name.
pub fn parsed(number: usize) -> Result<OperationName, Status> {
    OperationName::parse(&name(number))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_name_has_60_bytes() {
        assert_eq!(super::name(999_999).len(), 60);
    }
}
