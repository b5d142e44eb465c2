use std::collections::VecDeque;

use crate::request::call::Call;

/// The last calls, oldest first, and the number of all.
#[derive(Debug)]
pub(crate) struct Record {
    kept: VecDeque<Call>,
    most: usize,
    pub(crate) count: u64,
}

impl Record {
    pub(crate) fn keeping(most: usize) -> Self {
        Self { kept: VecDeque::new(), most, count: 0 }
    }

    pub(crate) fn add(&mut self, call: Call) {
        self.count += 1;
        self.kept.push_back(call);
        if self.kept.len() > self.most {
            self.kept.pop_front();
        }
    }

    pub(crate) fn to_vec(&self) -> Vec<Call> {
        self.kept.iter().cloned().collect()
    }
}
