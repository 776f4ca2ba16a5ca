//! `check-config` and refused settings: named, with instructions, without secrets.

use tests::desk::{program, without_settings, write_private};

use super::said;

fn check(variables: &[(&str, &str)], arguments: &[&str]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let mut command = without_settings(program("desk"));
    for (name, file) in [("DESK_MASTER_KEY_FILE", "master-key"), ("DESK_TOKEN_KEY_FILE", "token-key")] {
        write_private(folder.path().join(file), &"11".repeat(32));
        command.env(name, folder.path().join(file));
    }
    command.args(["check-config", "--offline"]).args(arguments).envs(variables.iter().copied());
    let output = command.output().unwrap();
    (output.status.code(), said(&output))
}

const REST: (&str, &str) = ("DESK_DATABASE_URL", "postgres://desk_app:hunter2@db/desk");
const LOG: (&str, &str) =
    ("DESK_EVENT_STORE_URL", "kurrentdb+discover://ops:hunter2@kurrent:2113?tls=true&userKeyFile=hunter2");

#[test]
fn check_config_shows_every_location_and_no_secret() {
    type Case<'a> = (&'a [(&'a str, &'a str)], [&'a str; 3]);
    let cases: [Case<'_>; 4] = [
        (&[], ["the log: SQLite, ./data/events.db", "views and policies: SQLite, ./data", "the vault: SQLite, ./data"]),
        (
            &[REST],
            [
                "the log: PostgreSQL, postgres://db/desk",
                "views and policies: PostgreSQL, postgres://db/desk",
                "the vault: PostgreSQL",
            ],
        ),
        (
            &[REST, LOG],
            [
                "the log: KurrentDB, kurrentdb+discover://kurrent:2113",
                "views and policies: PostgreSQL, postgres://db/desk",
                "the vault: PostgreSQL, postgres://db/desk",
            ],
        ),
        (
            &[LOG, ("DESK_VAULT_URL", "postgres://desk_app:hunter2@keys/desk")],
            ["the log: KurrentDB", "views and policies: SQLite, ./data", "the vault: PostgreSQL, postgres://keys/desk"],
        ),
    ];
    for (variables, words) in cases {
        let (code, said) = check(variables, &[]);
        assert_eq!(code, Some(0), "{said}");
        assert!(words.iter().all(|word| said.contains(word)), "{words:?} are not all in: {said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
}

#[test]
fn event_store_url_with_a_password_is_refused_as_an_argument() {
    let (code, said) = check(&[], &["--event-store-url", LOG.1]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("--event-store-url has a password") && said.contains("DESK_EVENT_STORE_URL"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
    let (code, said) = check(&[], &["--event-store-url", "kurrentdb://kurrent:2113?tls=false"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("[flag --event-store-url]") && said.contains("KurrentDB, kurrentdb://kurrent:2113"),
        "{said}"
    );
}

#[test]
fn contradictory_log_settings_are_refused() {
    let log_in_postgres = ("DESK_EVENT_STORE_URL", "postgres://desk_app:hunter2@logs/desk");
    type Case<'a> = (&'a [(&'a str, &'a str)], &'a [&'a str]);
    let cases: [Case<'_>; 3] = [
        (&[log_in_postgres], &["setting event_store_url", "set together with database_url"]),
        (
            &[REST, ("DESK_EVENT_STORE_URL", "./events.db")],
            &["setting event_store_url", "a log in SQLite is where data_dir is"],
        ),
        (
            &[REST, ("DESK_EVENT_STORE_CREDENTIALS_FILE", "/etc/kurrent")],
            &["setting event_store_credentials_file", "that event_store_url names"],
        ),
    ];
    for (variables, words) in cases {
        let (code, said) = check(variables, &[]);
        assert_eq!(code, Some(2), "{said}");
        assert!(words.iter().all(|word| said.contains(word)), "{words:?} are not all in: {said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
}
