//! `desk check-config`: finds what would keep `desk` from starting, all of it, and changes nothing.

use std::{path::Path, process::Command};

use tests::{
    desk::{Desk, Setup, program, without_settings, write_private},
    postgres::Postgres,
};
use tokio::task::block_in_place;

fn check(folder: &Path, configure: impl FnOnce(&mut Command)) -> (Option<i32>, String) {
    let mut command = without_settings(program("desk"));
    command.current_dir(folder).arg("check-config");
    configure(&mut command);
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code(), said)
}

#[test]
fn check_config_before_a_first_start_says_what_it_would_make_and_makes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (code, said) = check(folder.path(), |_| {});
    assert_eq!(code, Some(0), "{said}");
    for made in ["data_dir ./data is not there yet", "master key", "token key", "checkpoint key", "FAQ", "events.db"] {
        let line = said.lines().find(|line| line.starts_with("note") && line.contains(made));
        assert!(line.is_some_and(|line| line.contains("the first start ")), "{made}: {said}");
    }
    assert!(said.contains("127.0.0.1:8080   [default]"), "{said}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "{said}");
}

#[test]
fn check_config_names_everything_that_would_keep_desk_from_starting() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(folder.path().join("master-key"), "11".repeat(32)).unwrap();
    std::fs::set_permissions(path("master-key"), std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    write_private(folder.path().join("token-key"), "too short");
    std::fs::create_dir(folder.path().join("faq")).unwrap();
    std::fs::write(folder.path().join("plain-file"), "").unwrap();
    let (code, said) = check(folder.path(), |command| {
        command
            .env("DESK_MASTER_KEY_FILE", path("master-key"))
            .env("DESK_TOKEN_KEY_FILE", path("token-key"))
            .env("DESK_IDENTITY_KEYS_FILE", path("nowhere"))
            .env("DESK_FAQ_DIR", path("faq"))
            .env("DESK_DATA_DIR", path("plain-file/data"))
            .env("DESK_LOG_DIR", path("plain-file/logs"))
            .env("DESK_VAULT_URL", "postgres://desk_app:hunter2@127.0.0.1:1/keys");
    });
    assert_eq!(code, Some(2), "{said}");
    let faults: Vec<&str> = said.lines().filter(|line| line.starts_with("FAULT")).collect();
    for fault in
        ["chmod 640", "64 hexadecimal digits", "identity_keys_file", "FAQ", "data_dir", "log_dir", "127.0.0.1:1/keys"]
    {
        assert!(faults.iter().any(|line| line.contains(fault)), "{fault}: {said}");
    }
    assert!(said.contains("desk would not start: 7 faults above") && !said.contains("hunter2"), "{said}");
    let (_, offline) = check(folder.path(), |command| {
        command.arg("--offline").env("DESK_VAULT_URL", "postgres://127.0.0.1:1/keys");
    });
    assert!(offline.contains("databases were not asked") && !offline.contains("cannot be reached"), "{offline}");
}

/// `openssl rand -hex 32` makes one before there is a log, so that several desks sign with it.
#[test]
fn checkpoint_key_that_was_made_before_its_log_is_good() {
    let folder = tempfile::tempdir().unwrap();
    write_private(folder.path().join("key"), &"11".repeat(32));
    let (code, said) = check(folder.path(), |command| {
        command.env("DESK_CHECKPOINT_KEY_FILE", "key");
    });
    assert!(code == Some(0) && said.contains("ok     checkpoint key key"), "{said}");
    write_private(folder.path().join("key"), "too short");
    let (code, said) = check(folder.path(), |command| {
        command.env("DESK_CHECKPOINT_KEY_FILE", "key");
    });
    assert!(code == Some(2) && said.contains("FAULT  checkpoint key key"), "{said}");
}

#[test]
fn faults_of_a_file_have_line_and_column() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("desk.toml"), "listen = \"127.0.0.1:1\"\nlisten_on = 1\nrouting = \"none\"\n")
        .unwrap();
    let (code, said) = check(folder.path(), |command| {
        command.args(["--config", "desk.toml"]).env("TIMEZONE", "Shanghai");
    });
    assert_eq!(code, Some(2), "{said}");
    for fault in [
        "3 faults in the settings",
        "unknown setting listen_on (config file desk.toml, line 2, column 1)",
        "setting routing (config file desk.toml, line 3, column 1) must be by_hand",
        "setting time_zone (environment TIMEZONE) must be a time zone",
    ] {
        assert!(said.contains(fault), "{fault}: {said}");
    }
}

#[test]
fn variables_and_arguments_that_are_no_text_are_no_panic() {
    use std::os::unix::ffi::OsStringExt as _;
    let rubbish = || std::ffi::OsString::from_vec(vec![b'x', 0xff]);
    let folder = tempfile::tempdir().unwrap();
    let (code, said) = check(folder.path(), |command| {
        command.env("SOMETHING", rubbish());
    });
    assert_eq!(code, Some(0), "{said}");
    type Configure = fn(&mut Command, std::ffi::OsString);
    let all: [Configure; 3] = [
        |command, rubbish| _ = command.env("DESK_BOT_NAME", rubbish),
        |command, rubbish| _ = command.arg(rubbish),
        |command, rubbish| _ = command.arg("--listen").arg(rubbish),
    ];
    for configure in all {
        let (code, said) = check(folder.path(), |command| configure(command, rubbish()));
        assert!(code == Some(2) && !said.contains("panicked"), "{code:?} {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn check_config_beside_a_running_desk_says_that_it_runs() {
    let desk = block_in_place(|| Desk::start(Setup::default()));
    let (code, said) = check(desk.data_dir(), |command| {
        command.env("DESK_DATA_DIR", desk.data_dir()).env("DESK_MASTER_KEY_FILE", desk.master_key_file());
    });
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("a desk is running on") && said.contains("ok     log database"), "{said}");
    assert_eq!(desk.customer().chat("s", "多久发货？").await.unwrap()["success"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn check_config_says_whether_a_database_has_to_be_migrated_and_whether_it_may() {
    let database = Postgres::shared().await.fresh_database().await;
    let folder = tempfile::tempdir().unwrap();
    let with = |owner: bool| {
        let (database, folder) = (&database, folder.path());
        check(folder, move |command| {
            for key in ["MASTER", "TOKEN"] {
                write_private(folder.join(key), &"11".repeat(32));
                command.env(format!("DESK_{key}_KEY_FILE"), folder.join(key));
            }
            command.env("DESK_DATABASE_URL", database.app_url());
            if owner {
                command.env("DESK_DATABASE_OWNER_URL", database.url());
            }
        })
    };
    let (code, said) = with(false);
    assert!(code == Some(2) && said.contains("log database is at migration 0"), "{said}");
    let (code, said) = with(true);
    assert!(code == Some(0) && said.contains("log database: 3 migrations are made at the next start"), "{said}");
}
