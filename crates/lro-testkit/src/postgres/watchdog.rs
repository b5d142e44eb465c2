use std::{
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, Stdio},
};

/// A shell that waits on a pipe until this process ends, then kills the server and removes its folder.
///
/// A destructor does not run for a static, nor in a process that is killed.
#[derive(Debug)]
pub(super) struct Watchdog(Child);

impl Watchdog {
    pub(super) fn of(folder: &Path) -> Self {
        let script = "read -r line
            pid=$(head -n 1 \"$0/data/postmaster.pid\" 2>/dev/null) && kill -QUIT \"$pid\" 2>/dev/null
            for i in 1 2 3 4 5 6 7 8 9 10; do rm -rf \"$0\" && exit; sleep 0.3; done";
        let mut command = Command::new("sh");
        command.arg("-c").arg(script).arg(folder).process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        Self(command.spawn().unwrap())
    }

    /// Removes the folder now.
    pub(super) fn finish(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}
