//! It never writes, creates no file, does not block writers, and reports errors clearly.

use std::{
    io::{BufRead, BufReader},
    process::Stdio,
};

use crate::shop::{NAME, Shop, customer, customer_says, files, finish, program, session_of};

#[test]
fn a_missing_log_is_not_created() {
    let folder = tempfile::tempdir().unwrap();
    for store in [folder.path().to_owned(), folder.path().join("events.db"), folder.path().join("no/such/folder")] {
        for command in ["verify", "stats", "tail"] {
            let refused = finish(program(&store).arg(command)).failed(2);
            assert!(refused.starts_with("error: there is no event log at "), "{refused}");
            assert!(refused.contains("help: "), "{refused}");
        }
    }
    assert_eq!(files(folder.path()), Vec::<String>::new());
}

#[test]
fn a_file_that_is_not_a_log_is_refused_with_all_causes() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("events.db");
    for content in
        [&b"this is a letter, not a database, and it is long enough to be looked at as one: 0123456789"[..], b""]
    {
        std::fs::write(&file, content).unwrap();
        let refused = finish(program(&file).arg("verify")).failed(2);
        assert!(refused.contains("cannot open the event log") && refused.contains(": caused by "), "{refused}");
        assert!(!refused.contains("panicked"), "{refused}");
        assert_eq!(files(folder.path()), ["events.db"]);
        assert_eq!(std::fs::read(&file).unwrap(), content);
    }
}

#[tokio::test]
async fn reading_a_closed_log_creates_no_files() {
    let shop = Shop::with_a_session().await;
    let copy = shop.closed_copy().await;
    let before = (files(copy.path()), std::fs::read(copy.path().join("events.db")).unwrap());
    let key = shop.master_key();
    for arguments in [vec!["show", NAME], vec!["verify"], vec!["stats"], vec!["tail"]] {
        finish(program(copy.path()).arg("--master-key").arg(&key).args(arguments)).ok();
    }
    assert_eq!((files(copy.path()), std::fs::read(copy.path().join("events.db")).unwrap()), before);
}

#[tokio::test]
async fn it_reads_while_a_writer_has_an_open_transaction() {
    let shop = Shop::with_a_session().await;
    let mut writer = shop.connection().await;
    sqlx::query("begin immediate").execute(&mut writer).await.unwrap();
    sqlx::query("drop trigger head_only_moves_forward").execute(&mut writer).await.unwrap();
    sqlx::query("update head set position = 4711").execute(&mut writer).await.unwrap();
    shop.replay(["verify"]).ok();
    shop.replay(["show", &session_of(1).to_string()]).ok();
    sqlx::query("rollback").execute(&mut writer).await.unwrap();
    shop.append(1, customer(1), &customer_says(60, "谢谢")).await;
    assert!(shop.replay(["verify"]).ok().contains("11 events"));
}

#[tokio::test]
async fn a_closed_output_pipe_is_not_an_error() {
    let shop = Shop::with_a_session().await;
    for n in 0..40 {
        shop.append(1, customer(1), &customer_says(100 + n, &"电".repeat(2_000))).await;
    }
    let mut running = program(shop.folder());
    let mut running = running.arg("--master-key").arg(shop.master_key()).arg("tail");
    running = running.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = running.spawn().unwrap();
    let mut lines = BufReader::new(running.stdout.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().contains("session.opened"));
    drop(lines);
    let ended = running.wait_with_output().unwrap();
    assert_eq!((ended.status.code(), String::from_utf8(ended.stderr).unwrap()), (Some(0), String::new()));
}

#[test]
fn the_help_names_examples_exit_codes_and_settings() {
    let nowhere = std::path::Path::new("/nowhere");
    let help = finish(program(nowhere).arg("--help")).ok();
    for expected in
        ["only reads", "[sealed]", "[erased]", "Examples:", "Exit codes:", "--master-key", "DESK_STORE", "postgres://"]
    {
        assert!(help.contains(expected), "{expected} is missing in\n{help}");
    }
    assert!(finish(program(nowhere).args(["show", "--help"])).ok().contains("RFC 3339"));
    assert!(finish(program(nowhere).arg("--version")).ok().starts_with("desk-replay "));
    assert_eq!(finish(program(nowhere).arg("send")).code, Some(2));
}

#[test]
fn a_password_in_the_url_is_never_printed() {
    let url = std::path::Path::new("postgres://auditor:s3cret@127.0.0.1:1/desk");
    for arguments in [vec!["--help"], vec!["verify"]] {
        let run = finish(program(url).args(arguments));
        assert!(!format!("{run:?}").contains("s3cret"), "{run:?}");
    }
}
