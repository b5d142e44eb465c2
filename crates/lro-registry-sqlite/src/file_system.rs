//! What the file system under the store says about itself.

use std::path::Path;

/// Returns the name of the network file system that holds this folder. `None` if it is a local one, or if that is not known.
pub(crate) fn network(folder: &Path) -> Option<&'static str> {
    network_by_number(number(folder)?)
}

/// Returns whether the file system has no space left, to find the reason of a failed write.
pub(crate) fn is_full(folder: &Path) -> bool {
    #[cfg(unix)]
    {
        /// Less than what one page and its place in the log take.
        const LEAST: u64 = 16 << 10;
        rustix::fs::statvfs(folder).is_ok_and(|space| {
            space.f_bavail.saturating_mul(space.f_frsize) < LEAST || space.f_files > 0 && space.f_ffree == 0
        })
    }
    #[cfg(not(unix))]
    {
        let _ = folder;
        false
    }
}

/// Returns what distinguishes a file from every other one, also after it was moved. `None` if there is no such file, or if that is
/// not known on this system.
pub(crate) fn identity(file: &Path) -> Option<(u64, u64)> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        std::fs::metadata(file).ok().map(|file| (file.dev(), file.ino()))
    }
    #[cfg(not(unix))]
    {
        let _ = file;
        None
    }
}

/// Returns whether this process may not write to a folder, to find the reason of a file that cannot be opened.
pub(crate) fn is_read_only(folder: &Path) -> bool {
    #[cfg(unix)]
    {
        use rustix::{fs::Access, io::Errno};
        matches!(rustix::fs::access(folder, Access::WRITE_OK), Err(Errno::ACCESS | Errno::PERM | Errno::ROFS))
    }
    #[cfg(not(unix))]
    std::fs::metadata(folder).is_ok_and(|folder| folder.permissions().readonly())
}

/// The number that the kernel gives a type of file systems, of `statfs(2)`.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn number(folder: &Path) -> Option<u32> {
    // The width and the sign of the field depend on the platform. The numbers have 32 bits.
    rustix::fs::statfs(folder).ok().map(|it| it.f_type as u32)
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn number(_: &Path) -> Option<u32> {
    None
}

/// The numbers are those of `linux/magic.h` and of the file systems that are not part of the kernel.
fn network_by_number(number: u32) -> Option<&'static str> {
    Some(match number {
        0x0000_6969 => "NFS",
        0x0000_517b | 0xff53_4d42 | 0xfe53_4d42 => "SMB",
        0x0000_564c => "NCP",
        0x0102_1997 => "9p",
        0x6573_5546 => "FUSE",
        0x5346_414f | 0x6b41_4653 => "AFS",
        0x00c3_6400 => "Ceph",
        0x7375_7245 => "Coda",
        0x0bd0_0bd0 => "Lustre",
        0x4750_4653 => "GPFS",
        0x0116_1970 => "GFS2",
        0x7461_636f => "OCFS2",
        0x1983_0326 => "BeeGFS",
        0xaad7_aaea => "PanFS",
        0x786f_4256 => "a shared folder of VirtualBox",
        0xbacb_acbc => "a shared folder of VMware",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // g28
    fn knows_network_file_systems_by_number() {
        let numbers =
            [0x6969, 0x517b, 0xff53_4d42, 0xfe53_4d42, 0x0102_1997, 0x6573_5546, 0x5346_414f, 0x00c3_6400];
        assert_eq!(
            numbers.map(network_by_number),
            ["NFS", "SMB", "SMB", "SMB", "9p", "FUSE", "AFS", "Ceph"].map(Some)
        );
    }

    #[test] // g28
    fn knows_local_file_systems_by_number() {
        let [ext4, xfs, btrfs, tmpfs, overlay, zfs] =
            [0xef53, 0x5846_5342, 0x9123_683e, 0x0102_1994, 0x794c_7630, 0x2fc1_2fc1];
        assert_eq!([ext4, xfs, btrfs, tmpfs, overlay, zfs].map(network_by_number), [None; 6]);
    }

    #[test]
    fn the_folder_for_temporary_files_is_local_and_has_space() {
        let folder = std::env::temp_dir();
        assert_eq!(network(&folder), None);
        assert!(!is_full(&folder) && !is_read_only(&folder));
    }
}
