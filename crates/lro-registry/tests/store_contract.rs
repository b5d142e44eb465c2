//! The store in memory passes the contract.

#![cfg(feature = "contract")]

use async_trait::async_trait;
use lro_registry::{
    MemoryStore,
    contract::{Fresh, Subject, SubjectError},
};

lro_registry::store_contract!(InMemory, #[tokio::test(start_paused = true)]);

#[derive(Debug)]
struct InMemory;

#[async_trait]
impl Subject for InMemory {
    async fn fresh(&self) -> Result<Box<dyn Fresh>, SubjectError> {
        Ok(Box::new(MemoryStore::new()))
    }
}
