//! Secrets come from files and the environment, and are in no log and no error.

use serde_json::json;
use tests::desk::{ADMIN_PASSWORD, Desk, Setup, program, without_settings, write_private};

const PASSWORD: &str = "hunter2-hunter2";

#[tokio::test]
async fn server_log_has_no_tokens_or_keys() {
    let desk = Desk::start(Setup { environment: vec![("RUST_LOG", "debug".to_owned())], ..Setup::default() });
    let customer = desk.customer();
    customer.arrive("s").await.unwrap();
    customer.post("/api/chat", &json!({"message": "hello", "user_id": "s"})).await.unwrap();
    desk.staff().get("/api/sessions").await.unwrap();
    desk.staff().request(reqwest::Method::POST, "/api/chat").json(&json!({})).send().await.unwrap();
    let kept = |name: &str| std::fs::read_to_string(desk.data_dir().join(name)).unwrap().trim().to_owned();
    let master_key = std::fs::read_to_string(desk.master_key_file()).unwrap();
    let secrets = [
        desk.staff_token(),
        ADMIN_PASSWORD.to_owned(),
        kept("token-key"),
        customer.token().unwrap(),
        master_key.trim().to_owned(),
    ];
    let log = desk.log_with("\"route\":\"/api/chat\"");
    for secret in secrets {
        assert!(!log.contains(&secret), "a secret in the log");
    }
}

#[test]
fn failed_start_prints_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key");
    write_private(&key, PASSWORD);
    let key = key.display().to_string();
    let url = format!("postgres://desk:{PASSWORD}@127.0.0.1:1/desk");
    let starts = [
        vec![("DESK_DATABASE_URL", url.clone())],
        vec![("DESK_DATABASE_URL", format!("mysql://desk:{PASSWORD}@host"))],
        vec![("DESK_VAULT_URL", url.clone())],
        vec![("DESK_DATABASE_URL", url.clone()), ("DESK_DATABASE_OWNER_URL", url)],
        vec![("DESK_MASTER_KEY_FILE", key.clone())],
        vec![("DESK_TOKEN_KEY_FILE", key.clone())],
        vec![("DESK_CHECKPOINT_KEY_FILE", key)],
    ];
    // Concurrently, because each is a process.
    std::thread::scope(|scope| {
        for environment in starts {
            scope.spawn(move || {
                let what = format!("{environment:?}");
                let at_once = ("DESK_SERVER_WAIT_SECONDS", "0".to_owned());
                let environment = environment.into_iter().chain([at_once]).collect();
                let (code, said) = Desk::start_refused(Setup { environment, ..Setup::default() });
                assert_eq!(code, Some(2), "{what}: {said}");
                assert!(!said.contains(PASSWORD), "{what}: {said}");
            });
        }
    });
}

#[test]
fn password_in_an_argument_is_refused_and_not_printed() {
    for url in [format!("postgres://desk:{PASSWORD}@db/desk"), format!("postgres://db/desk?user=x&password={PASSWORD}")]
    {
        let output = without_settings(program("desk")).args(["check-config", "--database-url", &url]).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("DESK_DATABASE_URL") && !said.contains(PASSWORD), "{said}");
    }
    let output = without_settings(program("desk"))
        .args(["check-config", "--offline", "--database-url", "postgres://desk@db:5432/desk"])
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("master_key_file") && !said.contains("has a password"), "{said}");
}

#[test]
fn check_config_prints_no_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = without_settings(program("desk"));
    command.args(["check-config", "--offline"]);
    for setting in ["MASTER_KEY_FILE", "TOKEN_KEY_FILE"] {
        write_private(folder.path().join(setting), &"11".repeat(32));
        command.env(format!("DESK_{setting}"), folder.path().join(setting));
    }
    for setting in ["DATABASE_URL", "DATABASE_OWNER_URL", "VAULT_URL"] {
        command.env(format!("DESK_{setting}"), format!("postgres://desk:{PASSWORD}@db/desk"));
    }
    let said = String::from_utf8(command.output().unwrap().stdout).unwrap();
    assert_eq!(said.matches("(set, not shown)").count(), 3, "{said}");
    assert!(!said.contains(PASSWORD), "{said}");
}
