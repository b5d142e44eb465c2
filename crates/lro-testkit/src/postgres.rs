//! A PostgreSQL cluster for tests, in a temporary folder.
//!
//! ```no_run
//! let Some(postgres) = lro_testkit::postgres::Postgres::shared() else { return };
//! let config = postgres.database();
//! ```

mod binaries;
mod watchdog;

use std::{
    fs::{self, File},
    io::Write as _,
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{
        Mutex, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use self::{binaries::Binaries, watchdog::Watchdog};
use crate::ReservedPort;

/// A PostgreSQL server that belongs to this process, with trust authentication on the loopback address.
///
/// The server is stopped and its folder removed when the value is dropped, and also when this process ends in any way.
#[derive(Debug)]
pub struct Postgres {
    binaries: Binaries,
    folder: PathBuf,
    port: ReservedPort,
    settings: Vec<String>,
    server: Mutex<Option<Child>>,
    databases: AtomicU32,
    watchdog: Watchdog,
}

impl Postgres {
    /// Starts a server that does not sync its files: fast, and still durable against `kill -9` of its processes.
    ///
    /// Returns `None`, and says that the test is skipped, if there are no PostgreSQL binaries.
    ///
    /// # Panics
    ///
    /// If there are no binaries and the environment has `LRO_REQUIRE_POSTGRES`, or if the server does not start.
    pub fn start() -> Option<Self> {
        Self::start_with(&["fsync=off", "full_page_writes=off"])
    }

    /// Starts a server with settings of `postgresql.conf`, each as `name=value`. `&[]` gives a server that syncs its files.
    ///
    /// # Panics
    ///
    /// As [`start`](Self::start).
    pub fn start_with(settings: &[&str]) -> Option<Self> {
        let Some(binaries) = Binaries::find() else {
            assert!(std::env::var_os("LRO_REQUIRE_POSTGRES").is_none(), "no PostgreSQL binaries");
            println!("skipped: no PostgreSQL binaries");
            return None;
        };
        let folder = binaries.new_folder();
        binaries.init(&folder);
        Some(Self::run(binaries, folder, settings))
    }

    /// Starts a standby of this server, which replicates from the server at this port. It is this server's or leads to it.
    ///
    /// Returns once the standby accepts connections, which can only read. `SELECT pg_promote()` makes it a primary server.
    ///
    /// # Panics
    ///
    /// If the copy cannot be made, or if the standby does not start.
    pub fn standby(&self, port: u16, settings: &[&str]) -> Self {
        let folder = self.binaries.new_folder();
        self.binaries.copy(port, &folder);
        Self::run(self.binaries.clone(), folder, settings)
    }

    /// Returns the server that the tests of this binary share. The first call starts it, as [`start`](Self::start) does.
    ///
    /// # Panics
    ///
    /// As [`start`](Self::start).
    pub fn shared() -> Option<&'static Self> {
        static SHARED: OnceLock<Option<Postgres>> = OnceLock::new();
        let shared = SHARED.get_or_init(Self::start).as_ref();
        if shared.is_none() {
            println!("skipped: no PostgreSQL binaries");
        }
        shared
    }

    /// Returns the connection string of the database `postgres`.
    pub fn config(&self) -> String {
        self.config_of("postgres")
    }

    /// Returns the port on the address 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port.number()
    }

    /// Creates an empty database, and returns its connection string.
    ///
    /// # Panics
    ///
    /// If the server refuses that.
    pub fn database(&self) -> String {
        let name = format!("test{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let port = self.port().to_string();
        let mut command = Command::new(self.binaries.path("createdb"));
        command.args(["-h", "127.0.0.1", "-p", &port, "-U", "postgres", &name]);
        assert!(command.status().unwrap().success(), "createdb failed: {}", self.log());
        self.config_of(&name)
    }

    /// Restarts the server with TLS, with this certificate and its key as PEM. Connections without TLS are still accepted.
    ///
    /// # Panics
    ///
    /// If the server does not start.
    pub fn encrypt(&self, certificate: &str, key: &str) {
        let data = self.folder.join("data");
        for (name, pem) in [("server.crt", certificate), ("server.key", key)] {
            self.binaries.write(&data.join(name), pem);
        }
        let settings = File::options().append(true).open(data.join("postgresql.conf"));
        writeln!(settings.unwrap(), "ssl = on").unwrap();
        self.restart();
    }

    /// Returns what the server has logged.
    pub fn log(&self) -> String {
        fs::read(self.folder.join("log"))
            .map(|log| String::from_utf8_lossy(&log).into_owned())
            .unwrap_or_default()
    }

    /// Stops the server. It ends its sessions and writes a checkpoint.
    ///
    /// # Panics
    ///
    /// If the server cannot be stopped.
    pub fn stop(&self) {
        if let Some(mut server) = self.server.lock().unwrap().take() {
            signal("-INT", &[server.id().to_string()]);
            server.wait().unwrap();
        }
    }

    /// Kills all processes of the server with SIGKILL.
    ///
    /// # Panics
    ///
    /// If the server cannot be killed.
    pub fn kill(&self) {
        if let Some(mut server) = self.server.lock().unwrap().take() {
            let id = server.id();
            let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
            server.kill().unwrap();
            signal("-KILL", &children.split_whitespace().map(String::from).collect::<Vec<_>>());
            server.wait().unwrap();
        }
    }

    /// Stops the server if it runs, and starts it again at the same port. Returns once it accepts connections.
    ///
    /// # Panics
    ///
    /// If the server does not start within a minute.
    pub fn restart(&self) {
        self.stop();
        let end = Instant::now() + Duration::from_secs(60);
        loop {
            let mut server = self.spawn();
            if self.becomes_ready(&mut server, end) {
                *self.server.lock().unwrap() = Some(server);
                return;
            }
            // Processes of a killed server end a moment after it, and hold its shared memory until then.
            assert!(Instant::now() < end, "the server did not start: {}", self.log());
            thread::sleep(Duration::from_millis(100));
        }
    }

    fn run(binaries: Binaries, folder: PathBuf, settings: &[&str]) -> Self {
        let postgres = Self {
            watchdog: Watchdog::of(&folder),
            port: ReservedPort::any(),
            settings: settings.iter().map(ToString::to_string).collect(),
            server: Mutex::new(None),
            databases: AtomicU32::new(0),
            binaries,
            folder,
        };
        postgres.restart();
        postgres
    }

    fn config_of(&self, database: &str) -> String {
        format!("host=127.0.0.1 port={} user=postgres dbname={database}", self.port())
    }

    fn spawn(&self) -> Child {
        let log = File::options().create(true).append(true).open(self.folder.join("log")).unwrap();
        let mut command = self.binaries.command("postgres");
        command.arg("-D").arg(self.folder.join("data")).args(["-p", &self.port().to_string()]);
        for setting in DEFAULTS.iter().copied().chain(self.settings.iter().map(String::as_str)) {
            command.args(["-c", setting]);
        }
        // In a group of its own, Ctrl-C at the terminal does not reach it before its clients.
        command.process_group(0).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap()
    }

    fn becomes_ready(&self, server: &mut Child, end: Instant) -> bool {
        let (file, id) = (self.folder.join("data/postmaster.pid"), server.id().to_string());
        while Instant::now() < end && server.try_wait().unwrap().is_none() {
            let text = fs::read_to_string(&file).unwrap_or_default();
            // The eighth line is the state of the server, the first one its process.
            if text.lines().next() == Some(&id)
                && text.lines().nth(7).is_some_and(|line| line.trim() == "ready")
            {
                return true;
            }
            thread::sleep(Duration::from_millis(20));
        }
        false
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.kill();
        self.watchdog.finish();
    }
}

fn signal(signal: &str, processes: &[String]) {
    if !processes.is_empty() {
        // A process that has just ended is no fault.
        let _ = Command::new("kill").arg(signal).args(processes).stderr(Stdio::null()).status();
    }
}

const DEFAULTS: [&str; 7] = [
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "max_connections=200",
    "shared_buffers=64MB",
    "log_lock_waits=on",
    "log_line_prefix=%m [%p] ",
    "timezone=UTC",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn survives_a_kill_and_leaves_nothing_behind() {
        let Some(postgres) = Postgres::start() else { return };
        postgres.database();
        postgres.kill();
        postgres.restart();
        postgres.database();
        let folder = postgres.folder.clone();
        drop(postgres);
        assert!(!folder.exists(), "the folder is removed");
    }
}
