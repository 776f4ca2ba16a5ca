//! The process and its disk, as the system tells. Blocking, for a thread that may.

use std::{fs, path::Path};

/// What the system tells; `None` where it does not.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ProcessFigures {
    pub(crate) resident_bytes: Option<u64>,
    pub(crate) open_fds: Option<u64>,
    pub(crate) max_fds: Option<u64>,
    /// Available and in all, of the disk of the data directory.
    pub(crate) disk_bytes: Option<(u64, u64)>,
}

impl ProcessFigures {
    pub(crate) fn read(data_dir: &Path) -> Self {
        let disk = rustix::fs::statvfs(data_dir).ok();
        Self {
            resident_bytes: file_field("/proc/self/status", "VmRSS:", 1).map(|kilobytes| kilobytes * 1024),
            open_fds: fs::read_dir("/proc/self/fd").ok().map(|entries| entries.count() as u64),
            max_fds: file_field("/proc/self/limits", "Max open files", 1),
            disk_bytes: disk.map(|disk| (disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize)),
        }
    }
}

/// A number behind these words at the beginning of a line: the first, the second …
fn file_field(path: &str, words: &str, place: usize) -> Option<u64> {
    let text = fs::read_to_string(path).ok()?;
    let rest = text.lines().find_map(|line| line.strip_prefix(words))?;
    rest.split_whitespace().nth(place - 1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_tells_memory_files_and_disk() {
        let figures = ProcessFigures::read(&std::env::temp_dir());
        assert!(figures.resident_bytes.is_some_and(|bytes| bytes > 1_000_000), "{figures:?}");
        assert!(figures.open_fds.is_some_and(|open| open >= 3) && figures.open_fds < figures.max_fds, "{figures:?}");
        assert!(figures.disk_bytes.is_some_and(|(free, size)| free <= size && size > 0), "{figures:?}");
        let nowhere = ProcessFigures::read(Path::new("/nowhere"));
        assert_eq!(nowhere.disk_bytes, None);
    }
}
