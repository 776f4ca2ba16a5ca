//! What `desk` writes is its user's alone, whatever it was started with and whoever made the files before; what auditors read is
//! open to be read.

use std::{
    fs::{self, Permissions},
    io::{BufRead as _, BufReader},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Child, Stdio},
};

use tests::desk::{ADMIN_PASSWORD, program, without_settings};

/// Ends with the test.
struct Started(Child);

impl Drop for Started {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// As by a shell that takes nothing from anybody.
fn start_without_umask(data_dir: &Path) -> Started {
    let mut shell = without_settings("sh");
    shell.args(["-c", "umask 000; exec \"$0\" --listen 127.0.0.1:0 --data-dir \"$1\""]);
    shell.arg(program("desk")).arg(data_dir).env("DESK_ADMIN_PASSWORD", ADMIN_PASSWORD).stdout(Stdio::piped());
    let mut started = Started(shell.stderr(Stdio::null()).spawn().unwrap());
    let mut lines = BufReader::new(started.0.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("desk is ready")), "it ended before it was ready");
    started
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// Each file and folder, but for what has no secret.
fn open_to_others(folder: &Path) -> Vec<String> {
    let mut open = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let is_public = name == "checkpoints" || name == "checkpoint-key.pub";
        if mode(&path) & 0o077 != 0 && !is_public {
            open.push(format!("{name} {:o}", mode(&path)));
        }
    }
    open
}

#[test]
fn data_is_private_under_any_umask_and_what_was_open_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    drop(start_without_umask(&data));
    assert_eq!(open_to_others(&data), [""; 0]);
    assert_eq!((mode(&data.join("checkpoints")), mode(&data.join("checkpoint-key.pub"))), (0o755, 0o644));
    for note in fs::read_dir(data.join("checkpoints")).unwrap() {
        assert_eq!(mode(&note.unwrap().path()), 0o644, "auditors read it");
    }

    fs::set_permissions(&data, Permissions::from_mode(0o755)).unwrap();
    for database in ["events.db", "keys.db", "policies.db", "views-1.db"] {
        fs::set_permissions(data.join(database), Permissions::from_mode(0o666)).unwrap();
    }
    drop(start_without_umask(&data));
    assert_eq!(open_to_others(&data), [""; 0]);
}
