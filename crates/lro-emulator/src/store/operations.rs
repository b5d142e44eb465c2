use std::collections::{BTreeMap, BTreeSet, VecDeque};

use lro::Status;
use tokio::time::Instant;

use super::{
    job::{Job, Scope},
    view::View,
};
use crate::api::{error, filter::Filter, page};

/// All operations, by name.
#[derive(Debug, Default)]
pub(crate) struct Operations {
    jobs: BTreeMap<String, Job>,
    /// The times at which operations end.
    due: BTreeSet<(Instant, String)>,
    /// The collections of the operations of tests, which can be listed.
    collections: BTreeSet<String>,
    /// The sizes of the next pages of lists.
    pages: VecDeque<usize>,
}

impl Operations {
    pub(crate) fn insert(&mut self, name: String, job: Job) {
        if let Some(end) = job.ends_at() {
            self.due.insert((end, name.clone()));
        }
        if job.scope == Scope::Every
            && let Some((collection, _)) = name.rsplit_once('/')
        {
            self.collections.insert(collection.to_owned());
        }
        self.jobs.insert(name, job);
    }

    pub(crate) fn remove(&mut self, name: &str) -> Option<Job> {
        self.jobs.remove(name)
    }

    /// Returns the operation of this name, or `NOT_FOUND` if there is none or calls do not find it yet.
    pub(crate) fn job(&mut self, name: &str) -> Result<&mut Job, Status> {
        self.hidden_job(name).filter(|job| job.has_appeared()).ok_or_else(|| error::not_found(name))
    }

    /// Returns the operation of this name, even if calls do not find it yet.
    pub(crate) fn hidden_job(&mut self, name: &str) -> Option<&mut Job> {
        self.jobs.get_mut(name)
    }

    /// Ends the operations that are due, in the order of their times.
    pub(crate) fn settle(&mut self, now: Instant) {
        while self.due.first().is_some_and(|(end, _)| *end <= now) {
            let Some((_, name)) = self.due.pop_first() else {
                return;
            };
            if let Some(job) = self.jobs.get_mut(&name) {
                job.settle(now);
            }
        }
    }

    /// Returns whether a collection of this name can be listed.
    pub(crate) fn has_collection(&self, collection: &str) -> bool {
        self.collections.contains(collection)
    }

    /// Sets the sizes of the next pages.
    pub(crate) fn set_pages(&mut self, sizes: impl IntoIterator<Item = usize>) {
        self.pages = sizes.into_iter().collect();
    }

    /// Returns one page of a collection and the token of the next.
    pub(crate) fn list(
        &mut self,
        collection: &str,
        filter: &str,
        page_size: usize,
        page_token: &str,
    ) -> Result<(Vec<View>, String), Status> {
        let filter = Filter::parse(filter)?;
        let after = page::after(page_token)?;
        let size = self.pages.pop_front().unwrap_or(if page_size == 0 { PAGE_SIZE } else { page_size });
        let prefix = format!("{collection}/");
        let mut found = Vec::new();
        for (name, job) in self.jobs.range(prefix.clone()..).take_while(|(name, _)| name.starts_with(&prefix))
        {
            let is_ours =
                job.scope == Scope::Every && job.has_appeared() && !name[prefix.len()..].contains('/');
            let done = job.is_done().to_string();
            if is_ours && *name > after && filter.matches(|field, value| field == "done" && value == done) {
                found.push((name, job));
            }
        }
        let has_more = size < found.len();
        found.truncate(size);
        let last = found.last().map_or(&after, |(name, _)| *name);
        let next = if has_more { page::token(last) } else { String::new() };
        Ok((found.iter().map(|(name, job)| job.view(name)).collect(), next))
    }
}

const PAGE_SIZE: usize = 100;
