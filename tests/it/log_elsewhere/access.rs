//! A KurrentDB server with users: user and password come from a private file and are never printed.

use std::os::unix::fs::PermissionsExt as _;

use protocol_server::{Options, Server, User};
use tests::desk::{Desk, Setup};
use tokio::{process::Command, task::block_in_place};

use super::{program, said, talk};

const SECRET: &str = "hunter2-and-more";

fn credentials(folder: &std::path::Path, name: &str, password: &str, mode: u32) -> String {
    let file = folder.join(name);
    std::fs::write(&file, format!("desk:{password}\n")).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
    file.display().to_string()
}

fn with(url: &str, file: &str) -> Setup {
    let environment = vec![("DESK_EVENT_STORE_CREDENTIALS_FILE", file.to_owned())];
    Setup { event_store_url: Some(url.to_owned()), environment, ..Setup::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn event_store_credentials_come_from_a_file_and_are_never_printed() {
    let folder = tempfile::tempdir().unwrap();
    let users = vec![User::admin("desk", SECRET)];
    let server = Server::start(&folder.path().join("kurrent"), Options { users, ..Options::default() }).unwrap();
    let (good, wrong, open) = (
        credentials(folder.path(), "good", SECRET, 0o600),
        credentials(folder.path(), "wrong", "guessed", 0o600),
        credentials(folder.path(), "open", SECRET, 0o644),
    );
    for (file, words) in [(&wrong, "denies access"), (&open, "open to everybody on this machine")] {
        let (code, log) = block_in_place(|| Desk::start_refused(with(&server.url(), file)));
        assert_eq!(code, Some(2), "{log}");
        assert!(log.contains(words) && !log.contains(SECRET), "{log}");
    }
    let mut desk = block_in_place(|| Desk::start(with(&server.url(), &good)));
    talk(&desk, "let in").await;
    assert!(!desk.log().contains(SECRET), "{}", desk.log());

    let replay = async |file: &str| {
        let mut command = Command::new(program("desk-replay"));
        command.env_clear().args(["--store", &server.url(), "--store-credentials", file, "verify"]);
        command.output().await.unwrap()
    };
    let (let_in, refused) = (replay(&good).await, replay(&wrong).await);
    assert_eq!((let_in.status.code(), refused.status.code()), (Some(0), Some(2)), "{}", said(&let_in));
    assert!(said(&refused).contains("denies access"), "{}", said(&refused));
    assert_eq!(block_in_place(|| desk.terminate()), Some(0));

    let target = folder.path().join("copy").display().to_string();
    let mut command = Command::new(program("desk"));
    command.env_clear().args(["copy-log", "--from", &server.url(), "--from-credentials", &good, "--to", &target]);
    command.current_dir(folder.path());
    let copied = command.output().await.unwrap();
    assert_eq!(copied.status.code(), Some(0), "{}", said(&copied));
    assert!(!said(&copied).contains(SECRET), "{}", said(&copied));
}
