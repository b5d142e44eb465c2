use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use lro::Status;

use crate::{emulator::Emulator, rng::Rng, server::Server, service::Services, store::Store};

/// The settings of an [`Emulator`] that is not started. From [`Emulator::builder`].
///
/// ```
/// use std::time::Duration;
/// use lro_emulator::Emulator;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), lro::Status> {
/// let emulator = Emulator::builder()
///     .runs_for_between(Duration::from_secs(1), Duration::from_secs(90))
///     .seed(7)
///     .require_token("let me in")
///     .start()
///     .await?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
#[must_use = "a builder starts nothing by itself"]
pub struct Builder {
    host: IpAddr,
    port: u16,
    runs_for: (Duration, Duration),
    seed: u64,
    token: Option<String>,
    keeps_calls: usize,
}

impl Builder {
    /// Sets the address to listen on. Default: 127.0.0.1.
    ///
    /// With `0.0.0.0` other containers and machines reach the emulator. Anyone who reaches the port can change its operations.
    pub fn host(self, host: impl Into<IpAddr>) -> Self {
        Self { host: host.into(), ..self }
    }

    /// Sets the port to listen on. Default: 0, for which the system chooses a free port.
    pub fn port(self, port: u16) -> Self {
        Self { port, ..self }
    }

    /// Sets how long an operation runs whose script does not set that. Default: 200 ms.
    pub fn runs_for(self, time: Duration) -> Self {
        self.runs_for_between(time, time)
    }

    /// Sets how long an operation runs whose script does not set that: a random time between these bounds, evenly distributed.
    pub fn runs_for_between(self, shortest: Duration, longest: Duration) -> Self {
        Self { runs_for: (shortest, longest), ..self }
    }

    /// Sets the seed of random times, names and ids. Default: 0.
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// Sets the bearer token that calls must have, as [`Emulator::require_token`] does. Default: none.
    pub fn require_token(self, token: impl Into<String>) -> Self {
        Self { token: Some(token.into()), ..self }
    }

    /// Sets how many calls are kept for [`Emulator::calls`]. Default: 10,000.
    pub fn keeps_calls(self, calls: usize) -> Self {
        Self { keeps_calls: calls, ..self }
    }

    /// Starts the server.
    ///
    /// # Errors
    ///
    /// `UNAVAILABLE` if the port is taken.
    pub async fn start(self) -> Result<Emulator, Status> {
        let mut rng = Rng::seeded(self.seed);
        let services_rng = Rng::seeded(rng.next_u64());
        let store = Store::new(rng, self.runs_for, self.token, self.keeps_calls);
        let services = Arc::new(Services::new(store, services_rng));
        let address = SocketAddr::new(self.host, self.port);
        let server = Server::start(address, Arc::clone(&services))
            .await
            .map_err(|error| Status::unavailable(format!("cannot listen on {address}")).with_source(error))?;
        Ok(Emulator::of(server, services))
    }
}

impl Emulator {
    /// Starts a server with the default settings of [`Builder`].
    ///
    /// # Errors
    ///
    /// `UNAVAILABLE` if there is no free port.
    pub async fn start() -> Result<Self, Status> {
        Self::builder().start().await
    }

    /// Creates the builder of a server.
    pub fn builder() -> Builder {
        Builder::default()
    }
}

impl Default for Builder {
    fn default() -> Self {
        let time = Duration::from_millis(200);
        let host = Ipv4Addr::LOCALHOST.into();
        Self { host, port: 0, runs_for: (time, time), seed: 0, token: None, keeps_calls: 10_000 }
    }
}

/// Shows everything but the token.
impl std::fmt::Debug for Builder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("runs_for", &self.runs_for)
            .field("seed", &self.seed)
            .field("keeps_calls", &self.keeps_calls)
            .finish_non_exhaustive()
    }
}
