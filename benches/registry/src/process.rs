//! The processes that a scenario starts, stops and kills.

use std::{
    env, io,
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    thread,
};

use crate::Fault;

/// A child: this program again, with the settings of a role in its environment. It is killed when it is dropped.
#[derive(Debug)]
pub struct Process {
    command: Plan,
    child: Child,
}

/// How a child is started.
#[derive(Clone, Debug)]
pub struct Plan {
    program: PathBuf,
    settings: Vec<(&'static str, String)>,
}

impl Plan {
    /// Creates the plan of children of the program at this path, with the settings that all of them share.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self { program: program.into(), settings: Vec::new() }
    }

    /// Sets a variable of the environment.
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.settings.push((name, value.to_string()));
        self
    }

    /// Starts a child.
    ///
    /// # Errors
    ///
    /// Those of the operating system.
    pub fn start(&self) -> io::Result<Process> {
        Ok(Process { child: self.spawn()?, command: self.clone() })
    }

    fn spawn(&self) -> io::Result<Child> {
        let mut command = Command::new(&self.program);
        command.arg("child").envs(self.settings.iter().map(|(name, value)| (name, value)));
        // The child ends with this pipe: nothing survives a scenario that is killed itself.
        let output = if env::var_os("CRASH_SHOW").is_some() { Stdio::inherit() } else { Stdio::null() };
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(output).spawn()
    }
}

impl Process {
    /// Kills the process with SIGKILL, and waits until it has ended.
    ///
    /// # Errors
    ///
    /// Those of the operating system.
    pub fn kill(&mut self) -> io::Result<()> {
        self.child.kill()?;
        self.child.wait().map(drop)
    }

    /// Starts the process again if it has ended. Returns whether it had.
    ///
    /// # Errors
    ///
    /// Those of the operating system.
    pub fn revive(&mut self) -> io::Result<bool> {
        let has_ended = self.child.try_wait()?.is_some();
        if has_ended {
            self.child = self.command.spawn()?;
        }
        Ok(has_ended)
    }

    /// Returns how the process has ended. `None` while it runs.
    ///
    /// # Errors
    ///
    /// Those of the operating system.
    pub fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// Sends a signal, such as `STOP`, `CONT` and `TERM`.
    ///
    /// # Errors
    ///
    /// If the process has ended, and those of the operating system.
    pub fn signal(&self, signal: &str) -> Result<(), Fault> {
        let status =
            Command::new("kill").arg(format!("-{signal}")).arg(self.child.id().to_string()).status()?;
        if status.success() { Ok(()) } else { Err(format!("no {signal} for {}", self.child.id()).into()) }
    }

    /// Returns the id of the process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.kill();
    }
}

/// Ends this process when the pipe of its parent closes.
pub fn end_with_parent() {
    thread::spawn(|| {
        // Nothing is written to the pipe, so it returns at its end.
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        std::process::exit(3);
    });
}
