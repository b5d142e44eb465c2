use std::{
    env, fs,
    os::unix::{
        fs::{PermissionsExt as _, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{self, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

/// The programs of PostgreSQL, and the user that runs them.
#[derive(Clone, Debug)]
pub(super) struct Binaries {
    folder: PathBuf,
    /// The user and the group `postgres`, if this process is root: PostgreSQL refuses to run as root.
    user: Option<(u32, u32)>,
}

impl Binaries {
    /// Searches the PATH and the folders of Debian's packages, the latest version first.
    pub(super) fn find() -> Option<Self> {
        let mut packages: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| (entry.file_name().to_string_lossy().parse().unwrap_or(0), entry.path().join("bin")))
            .collect();
        packages.sort_by(|left, right| right.cmp(left));
        let path = env::var_os("PATH").unwrap_or_default();
        let folder =
            env::split_paths(&path).chain(packages.into_iter().map(|(_, folder)| folder)).find(|folder| {
                ["initdb", "postgres", "createdb"].iter().all(|name| folder.join(name).is_file())
            })?;
        // A folder of links may have a part of the programs only.
        let folder = folder.join("initdb").canonicalize().ok()?.parent()?.to_owned();
        let is_root = id(&["-u"]) == Some(0);
        let user = is_root.then(|| Some((id(&["-u", "postgres"])?, id(&["-g", "postgres"])?)));
        match user {
            Some(None) => None,
            user => Some(Self { folder, user: user.flatten() }),
        }
    }

    pub(super) fn path(&self, program: &str) -> PathBuf {
        self.folder.join(program)
    }

    /// Returns a command that runs as a user whom PostgreSQL accepts.
    pub(super) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.path(program));
        if let Some((user, group)) = self.user {
            command.uid(user).gid(group);
        }
        // A translated message would not match what a test searches in the log.
        command.current_dir("/").env("LC_ALL", "C");
        command
    }

    /// Writes a file that only the server may read.
    pub(super) fn write(&self, file: &Path, text: &str) {
        fs::write(file, text).unwrap();
        fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
        if let Some((user, group)) = self.user {
            chown(file, Some(user), Some(group)).unwrap();
        }
    }

    /// Creates a temporary folder of the user that runs the server.
    pub(super) fn new_folder(&self) -> PathBuf {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = env::temp_dir().join(format!("lro-postgres-{}-{number}", process::id()));
        fs::create_dir(&folder).unwrap();
        if let Some((user, group)) = self.user {
            chown(&folder, Some(user), Some(group)).unwrap();
        }
        folder
    }

    /// Creates a cluster in a folder.
    pub(super) fn init(&self, folder: &Path) {
        let mut command = self.command("initdb");
        command.args(["-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8", "--locale=C", "-D"]);
        let output = command.arg(folder.join("data")).stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "initdb failed: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Copies the cluster of a running server to a folder, as a standby of the server.
    pub(super) fn copy(&self, port: u16, folder: &Path) {
        let mut command = self.command("pg_basebackup");
        command.args(["-h", "127.0.0.1", "-p", &port.to_string(), "-U", "postgres"]);
        command.args(["--write-recovery-conf", "--checkpoint=fast", "--no-sync", "-D"]);
        let output = command.arg(folder.join("data")).stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "pg_basebackup failed: {}", String::from_utf8_lossy(&output.stderr));
    }
}

fn id(arguments: &[&str]) -> Option<u32> {
    let output = Command::new("id").args(arguments).stderr(Stdio::null()).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}
