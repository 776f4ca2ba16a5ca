//! Sealed parts stay sealed without the master key, and erased parts are erased with it.

use std::os::unix::fs::PermissionsExt as _;

use crate::shop::{ANSWER, NAME, QUESTION, Shop, WITHHELD, finish, program, session_of};

fn id() -> String {
    session_of(1).to_string()
}

#[tokio::test]
async fn without_the_master_key_personal_parts_are_sealed() {
    let shop = Shop::with_a_session().await;
    for arguments in [vec!["show", &id()], vec!["tail"], vec!["--json", "show", &id()], vec!["--json", "tail"]] {
        let shown = shop.replay(&arguments).ok();
        assert!(shown.contains("sealed"), "{arguments:?}: {shown}");
        for personal in [NAME, "刹车", ANSWER, WITHHELD, "人工"] {
            assert!(!shown.contains(personal), "{arguments:?} shows {personal}");
        }
    }
}

#[tokio::test]
async fn erased_parts_are_shown_as_erased_with_and_without_the_master_key() {
    let shop = Shop::with_a_session().await;
    shop.tell(2).await;
    shop.erase(1).await;
    for shown in [shop.replay_with_key(["show", &id()]).ok(), shop.replay(["show", &id()]).ok()] {
        assert!(shown.contains("name       [erased]") && !shown.contains("[sealed]"), "{shown}");
        assert!(!shown.contains(ANSWER) && shown.contains("-> pending_manual"), "{shown}");
    }
    let other = shop.replay_with_key(["show", &session_of(2).to_string()]).ok();
    assert!(other.contains(ANSWER), "{other}");
    let named = shop.replay_with_key(["show", NAME]).ok();
    assert!(named.contains(&session_of(2).to_string()), "an erased name finds nothing: {named}");
}

#[tokio::test]
async fn without_a_vault_everything_is_sealed() {
    let shop = Shop::with_a_session().await;
    shop.erase(1).await;
    let copy = shop.closed_copy().await;
    std::fs::remove_file(copy.path().join("keys.db")).unwrap();
    let shown = finish(program(copy.path()).args(["show", &id()])).ok();
    assert!(shown.contains("[sealed]") && !shown.contains("[erased]"), "{shown}");
    let refused =
        finish(program(copy.path()).arg("--master-key").arg(shop.master_key()).args(["show", &id()])).failed(2);
    assert!(refused.starts_with("error: there is no vault at "), "{refused}");
}

#[tokio::test]
async fn a_vault_at_another_location_is_used() {
    let shop = Shop::with_a_session().await;
    let (log, vault) = (shop.closed_copy().await, shop.closed_copy().await);
    std::fs::remove_file(log.path().join("keys.db")).unwrap();
    let mut program = program(log.path());
    program.arg("--master-key").arg(shop.master_key()).arg("--vault").arg(vault.path());
    assert!(finish(program.args(["show", NAME])).ok().contains(ANSWER));
}

#[tokio::test]
async fn a_wrong_master_key_is_reported_and_nothing_is_printed() {
    let shop = Shop::with_a_session().await;
    let wrong = shop.folder().join("wrong");
    for (content, says) in
        [("00".repeat(32), "cannot be unwrapped"), ("secret words".to_owned(), "64 hexadecimal digits")]
    {
        std::fs::write(&wrong, &content).unwrap();
        std::fs::set_permissions(&wrong, std::fs::Permissions::from_mode(0o600)).unwrap();
        let run = finish(program(shop.folder()).arg("--master-key").arg(&wrong).args(["show", &id()]));
        assert_eq!(run.out, "");
        let refused = run.failed(2);
        assert!(refused.contains(says) && !refused.contains(&content), "{refused}");
    }
    let missing = finish(program(shop.folder()).args(["--master-key", "/nowhere/key", "show", &id()])).failed(2);
    assert!(
        missing.contains("cannot read the master key: caused by master key file /nowhere/key: caused by "),
        "{missing}"
    );
}

#[tokio::test]
async fn control_characters_never_reach_the_terminal() {
    let shop = Shop::with_a_session().await;
    for arguments in [vec!["show", NAME], vec!["tail"], vec!["--json", "show", NAME], vec!["--json", "tail"]] {
        let shown = shop.replay_with_key(&arguments).ok();
        assert!(shown.contains("刹车异响"), "{shown}");
        assert!(!shown.chars().any(|c| c.is_control() && c != '\n'), "{arguments:?}: {shown:?}");
    }
    assert!(QUESTION.contains('\u{1b}'));
}
