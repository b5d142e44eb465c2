//! One insert for the jobs of several handlers. A program could write this, because neither queue has it for calls from handlers.

use tokio::sync::{mpsc, oneshot};

use crate::Fault;

/// Sends jobs to a task, which inserts all that have arrived at once.
#[derive(Debug)]
pub(super) struct Batcher<T>(mpsc::UnboundedSender<(T, oneshot::Sender<()>)>);

impl<T: Send + 'static> Batcher<T> {
    pub(super) fn new<F>(mut insert: impl FnMut(Vec<T>) -> F + Send + 'static) -> Self
    where
        F: Future<Output = Result<(), Fault>> + Send,
    {
        let (sender, mut receiver) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            let mut inserted = Vec::new();
            while receiver.recv_many(&mut inserted, MOST).await > 0 {
                let (jobs, handlers): (Vec<T>, Vec<oneshot::Sender<()>>) = inserted.drain(..).unzip();
                match insert(jobs).await {
                    Ok(()) => handlers.into_iter().for_each(|handler| _ = handler.send(())),
                    Err(fault) => eprintln!("insert: {fault}"),
                }
            }
        });
        Self(sender)
    }

    /// Returns once the job is stored, so that the job before it ends later.
    pub(super) async fn insert(&self, job: T) -> Result<(), Fault> {
        let (sender, receiver) = oneshot::channel();
        self.0.send((job, sender)).map_err(|_| "the batcher has ended")?;
        receiver.await?;
        Ok(())
    }
}

impl<T> Clone for Batcher<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

const MOST: usize = 512;
