use std::{io, net::Ipv4Addr};

use axum::Router;
use lro_fleet::Fleet;
use lro_registry::{Registry, WorkerWatch};
use tokio::net::TcpListener;

use crate::{
    router,
    serve::{self, Served},
    source::{OfFleet, OfRegistry, Source},
};

/// A page about a registry or a fleet. See the [crate](crate) for what it shows.
#[derive(Clone, Debug)]
pub struct Page {
    title: String,
    of: Of,
}

#[derive(Clone, Debug)]
enum Of {
    Registry(Registry, Vec<WorkerWatch>),
    Fleet(Fleet),
}

impl Page {
    /// Creates a page about a registry.
    pub fn registry(registry: &Registry) -> Self {
        Self { title: "Registry".to_owned(), of: Of::Registry(registry.clone(), Vec::new()) }
    }

    /// Creates a page about a fleet.
    pub fn fleet(fleet: &Fleet) -> Self {
        Self { title: "Fleet".to_owned(), of: Of::Fleet(fleet.clone()) }
    }

    /// Sets the title, for those who have several pages.
    pub fn title(self, title: impl Into<String>) -> Self {
        Self { title: title.into(), ..self }
    }

    /// Shows a worker of this process too: its calls, the rate that it uses, and the health of the services that it serves.
    ///
    /// The store does not know these, so a page shows only the workers that it is given. A page about a fleet has none.
    ///
    /// ```no_run
    /// # use lro_page::Page;
    /// # use lro_registry::{Registry, Worker};
    /// # fn example(registry: &Registry, worker: &Worker) {
    /// let page = Page::registry(registry).worker(worker.watch());
    /// # }
    /// ```
    pub fn worker(mut self, worker: WorkerWatch) -> Self {
        if let Of::Registry(_, workers) = &mut self.of {
            workers.push(worker);
        }
        self
    }

    /// Returns the page as a router. Requests must be served in a tokio runtime.
    ///
    /// It answers to any `Host`, and to anyone: authentication is that of the program.
    pub fn router(self) -> Router {
        let source = match self.of {
            Of::Registry(registry, workers) => Source::Registry(OfRegistry::new(registry, workers)),
            Of::Fleet(fleet) => Source::Fleet(OfFleet::new(fleet)),
        };
        router::router(router::State { title: self.title, source }.into())
    }

    /// Serves the page at a port of the loopback address, `127.0.0.1`. With port 0, the system chooses one.
    ///
    /// Requests whose `Host` is not local are refused. It is served until the value is dropped.
    ///
    /// # Errors
    ///
    /// That of the system, if the port is taken.
    pub async fn serve(self, port: u16) -> io::Result<Served> {
        self.serve_on(TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?)
    }

    /// As [`serve`](Self::serve), on any listener. If its address is not a loopback address, any `Host` is accepted.
    ///
    /// # Errors
    ///
    /// That of the system, if the listener has no address.
    pub fn serve_on(self, listener: TcpListener) -> io::Result<Served> {
        serve::serve(self.router(), listener)
    }
}
