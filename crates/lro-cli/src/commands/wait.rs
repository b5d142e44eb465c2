use std::{collections::HashMap, sync::Arc};

use futures::StreamExt;
use lro::{Handle, Operation, OperationName, Outcome, Status};

use crate::{
    args::{Resume, Show, WaitFor},
    exit::{Exit, Failure},
    explain::given_up,
    handles,
    history::Memory,
    output::{Output, complain, note},
    pacing::AtOnce,
    progress::Progress,
    service::Target,
    signal::interrupted,
    waits::{self, Event, Events, kind_of},
};

/// Waits for operations by their names, and writes their responses, or with `is_watch` each change.
pub(crate) async fn wait(show: Show, args: &WaitFor, is_watch: bool) -> Result<Exit, Failure> {
    let WaitFor { named, waiting } = args;
    let target = Target::of(&named.connection)?;
    let names = handles::names(&named.names)?;
    let service = target.service();
    let handle = |name: OperationName| {
        let handle = Handle::new(&service, name);
        match &waiting.kind {
            Some(kind) => handle.with_kind(kind),
            None => handle,
        }
    };
    let handles: Vec<Handle> = names.into_iter().map(handle).collect();
    let mut memory = Memory::load();
    let events = waits::by_name(&target, &handles, waiting, &AtOnce(memory.learned().clone()))?;
    handles.iter().for_each(|handle| memory.uses(kind_of(handle)));
    // It depends on the command line alone, so that a script knows what it reads.
    let layout = match &named.names[..] {
        _ if is_watch => Layout::Changes,
        [name] if name != "-" => Layout::Response,
        _ => Layout::Lines,
    };
    Waits::new(show, layout, handles).run(events, &memory).await
}

/// Waits for the operations of saved handles. Nothing is learned from them: their ages are not known.
pub(crate) async fn resume(show: Show, args: &Resume) -> Result<Exit, Failure> {
    let Resume { file, template, access, waiting } = args;
    let mut handles = handles::read(file)?;
    if let Some(kind) = &waiting.kind {
        handles = handles.into_iter().map(|handle| handle.with_kind(kind)).collect();
    }
    let memory = Memory::load();
    let pacing = AtOnce(memory.learned().clone());
    let mut all = Vec::new();
    let mut services: Vec<_> = handles.iter().map(|handle| handle.service().clone()).collect();
    handles::without_repeats(&mut services);
    for service in services {
        let target = Target::of_handle(&service, template, access)?;
        let own: Vec<Handle> =
            handles.iter().filter(|handle| *handle.service() == service).cloned().collect();
        all.push(waits::by_name(&target, &own, waiting, &pacing)?);
    }
    let events = futures::stream::select_all(all).boxed();
    let layout = if handles.len() == 1 { Layout::Response } else { Layout::Lines };
    Waits::new(show, layout, handles).run(events, &memory).await
}

/// What is written of operations as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// The response of the only one.
    Response,
    /// A line for each that has ended.
    Lines,
    /// A line for each change.
    Changes,
}

/// Operations that are waited for.
pub(crate) struct Waits {
    output: Output,
    layout: Layout,
    progress: Progress,
    /// What is pending, by the order of the arguments.
    pending: HashMap<Handle, usize>,
    /// What `watch` has written last.
    written: HashMap<Arc<Handle>, Operation>,
    exit: Exit,
}

impl Waits {
    pub(crate) fn new(show: Show, layout: Layout, handles: Vec<Handle>) -> Self {
        let output = Output { format: show.format };
        // The lines of `watch` on stdout say what the lines of the progress would.
        let progress = Progress::new(show.quiet || layout == Layout::Changes, handles.len());
        let pending = handles.into_iter().zip(0..).collect();
        Self { output, layout, progress, pending, written: HashMap::new(), exit: Exit::Done }
    }

    /// Writes what happens, until all have ended, or until Ctrl-C.
    pub(crate) async fn run(mut self, mut events: Events, memory: &Memory) -> Result<Exit, Failure> {
        let interrupted = interrupted();
        tokio::pin!(interrupted);
        let result = loop {
            let event = tokio::select! {
                biased;
                signal = &mut interrupted => break self.interrupted(signal),
                event = events.next() => event,
            };
            let Some(event) = event else { break Ok(self.exit) };
            if let Err(failure) = self.take(event, memory) {
                break Err(failure);
            }
        };
        self.progress.end();
        memory.save();
        result
    }

    fn take(&mut self, event: Event, memory: &Memory) -> Result<(), Failure> {
        match event {
            Event::Running(handle, view) => {
                let name = handle.name_for(handle.service())?;
                let left = memory.learned().time_left(kind_of(&handle), view.elapsed);
                self.progress.running(&name, &view, left);
                if self.layout != Layout::Changes {
                    return Ok(());
                }
                let operation = Operation { metadata: view.metadata, ..Operation::running(name.as_str()) };
                if self.written.get(&handle) != Some(&operation) {
                    self.output.operation(&operation)?;
                    self.written.insert(handle, operation);
                }
                Ok(())
            }
            Event::Ended(handle, result, view) => {
                self.progress.ended(&handle.name_for(handle.service())?, &result, &view);
                self.pending.remove(&*handle);
                self.written.remove(&handle);
                match result {
                    Ok(operation) => self.ended(&operation),
                    Err(status) => self.given_up(&handle, &status),
                }
            }
        }
    }

    fn ended(&mut self, operation: &Operation) -> Result<(), Failure> {
        let (output, is_single) = (self.output, self.layout == Layout::Response);
        if let Some(Outcome::Error(status)) = &operation.outcome {
            self.exit = self.exit.max(Exit::of(status));
            if is_single {
                self.complain(&format!("{}: the operation failed: {status}", operation.name))?;
            }
        }
        self.progress.beside(|| match is_single {
            true => output.response(operation),
            false => output.operation(operation),
        })
    }

    fn given_up(&mut self, handle: &Handle, status: &Status) -> Result<(), Failure> {
        self.exit = self.exit.max(Exit::of(status));
        self.complain(&given_up(status))?;
        let output = self.output;
        self.progress.beside(|| output.unfinished(handle, status))
    }

    fn complain(&self, message: &str) -> Result<(), Failure> {
        self.progress.beside(|| {
            complain("error", &crate::text::Shown(message).to_string());
            Ok(())
        })
    }

    /// Writes the handles of what is pending.
    fn interrupted(&self, signal: std::io::Result<()>) -> Result<Exit, Failure> {
        signal.map_err(|error| Failure::call(format!("cannot wait for Ctrl-C: {error}")))?;
        self.progress.end();
        let mut pending: Vec<(&Handle, &usize)> = self.pending.iter().collect();
        pending.sort_unstable_by_key(|(_, order)| **order);
        for (handle, _) in pending {
            self.output.json(handle)?;
        }
        note(
            "interrupted; the operations go on. Save the handles on stdout to a file, and continue with: lro resume FILE",
        );
        Ok(Exit::Interrupted)
    }
}
