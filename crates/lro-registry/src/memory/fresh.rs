use std::{sync::Arc, time::Duration};

use async_trait::async_trait;

use super::{MemoryStore, after};
use crate::{
    Store,
    contract::{Fresh, SubjectError},
};

#[async_trait]
impl Fresh for MemoryStore {
    async fn open(&self) -> Result<Arc<dyn Store>, SubjectError> {
        Ok(Arc::new(self.clone()))
    }

    async fn set_epoch(&self, key: &str, epoch: i64) -> Result<bool, SubjectError> {
        Ok(self.call(|state, _| state.table.change(key, |row| row.record.epoch = epoch)).is_some())
    }

    async fn set_last_finished(&self, number: i64) -> Result<bool, SubjectError> {
        self.call(|state, _| state.history.go_on_from(number));
        Ok(true)
    }

    async fn set_bucket_ahead(&self, quota: &str, ahead: Duration) -> Result<bool, SubjectError> {
        Ok(self.call(|state, now| state.buckets.set_time(quota, after(now, ahead))))
    }
}
