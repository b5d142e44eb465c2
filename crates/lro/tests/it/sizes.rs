//! A pending wait is a few hundred bytes.

use std::mem::size_of_val;

use lro::{Any, Operation, OperationName, Outcome, Status, Wait, poll_until_done};
use serde_json::Value;

use super::common::{name, never};

#[test]
fn a_status_is_a_pointer() {
    assert_eq!(size_of::<Status>(), size_of::<usize>());
    assert_eq!(size_of::<Result<(), Status>>(), size_of::<usize>());
}

#[test]
fn a_name_is_a_fat_pointer() {
    assert_eq!(size_of::<OperationName>(), 2 * size_of::<usize>());
}

#[test]
fn an_any_is_a_fat_pointer_and_its_kind() {
    assert_eq!(size_of::<Any>(), 3 * size_of::<usize>());
    assert_eq!(size_of::<Option<Any>>(), 3 * size_of::<usize>());
    assert_eq!(size_of::<Option<Outcome>>(), 3 * size_of::<usize>());
}

#[test]
fn a_wait_is_at_most_256_bytes() {
    assert!(size_of::<Wait<'_, Value>>() <= 256, "{}", size_of::<Wait<'_, Value>>());
    // Whatever it waits for.
    assert_eq!(size_of::<Wait<'_, [u8; 4_096], [u8; 4_096]>>(), size_of::<Wait<'_, Value>>());
}

#[tokio::test(start_paused = true)]
async fn a_step_is_at_most_1_kib() {
    let mut wait = poll_until_done::<Value>(never(), name());
    let size = size_of_val(&wait.next());
    assert!(size <= 1_024, "{size}");
    let size = size_of_val(&wait.outcome());
    assert!(size <= 1_024, "{size}");
}

#[test]
fn an_operation_is_small() {
    assert!(size_of::<Operation>() <= 128, "{}", size_of::<Operation>());
}
