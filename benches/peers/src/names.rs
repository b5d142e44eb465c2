//! The names of the operations: 60 bytes, in a form that every peer accepts.

use lro::{OperationName, Status};

/// Returns the name of an operation by its number.
pub fn name(number: usize) -> String {
    format!("operations/4c6c0000-1111-4222-8333-444455556666-{number:012}")
}

/// Returns the name of an operation by its number, parsed.
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
