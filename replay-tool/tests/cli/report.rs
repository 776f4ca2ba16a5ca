//! `report`: the HTML page.

use std::{os::unix::fs::PermissionsExt as _, path::PathBuf};

use crate::shop::{ANSWER, NAME, Run, Shop, WITHHELD, agent, session_of};

fn id() -> String {
    session_of(1).to_string()
}

fn file(shop: &Shop) -> PathBuf {
    shop.folder().join("report.html")
}

fn report(shop: &Shop, more: &[&str]) -> Run {
    let (file, id) = (file(shop), id());
    shop.replay_with_key([&["report", &id, "--html", file.to_str().unwrap()], more].concat())
}

fn page(shop: &Shop, more: &[&str]) -> String {
    report(shop, more).ok();
    std::fs::read_to_string(file(shop)).unwrap()
}

#[tokio::test]
async fn the_page_has_all_events_and_names_its_log() {
    let shop = Shop::with_a_session().await;
    let page = page(&shop, &[]);
    let events = shop.replay(["--json", "tail"]).ok();
    let hashes = events.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["hash"].clone());
    let log_id = shop.replay(["--json", "stats"]).json()["log_id"].clone();
    let mut expected: Vec<String> = hashes.map(|hash| hash.as_str().unwrap().to_owned()).collect();
    assert_eq!(expected.len(), 10);
    expected.push(log_id.as_str().unwrap().to_owned());
    expected.extend([NAME, ANSWER, WITHHELD, "第二", "命中关键词: 人工", "怎么办？"].map(str::to_owned));
    expected.extend(["rule R1 of policy 3", "manual_live", "withheld", "10, positions 1 to 10"].map(str::to_owned));
    expected.extend([agent().to_string(), "UTC".to_owned(), "nothing: every personal part was opened".to_owned()]);
    for part in expected {
        assert!(page.contains(&part), "{part:?} is missing in\n{page}");
    }
}

#[tokio::test]
async fn it_ends_at_the_requested_moment() {
    let shop = Shop::with_a_session().await;
    let page = page(&shop, &["--at", "7"]);
    assert!(page.contains("as it stood at") && page.contains("it has 10 events by now"), "{page}");
    assert!(page.contains("pending_manual") && !page.contains(WITHHELD) && !page.contains("manual_live"), "{page}");
}

#[tokio::test]
async fn unreadable_parts_are_marked() {
    let shop = Shop::with_a_session().await;
    let (file, id) = (file(&shop), id());
    shop.replay(["report", &id, "--html", file.to_str().unwrap()]).ok();
    let sealed = std::fs::read_to_string(&file).unwrap();
    assert!(sealed.contains("6 personal parts, sealed") && sealed.contains("[sealed]"), "{sealed}");
    shop.erase(1).await;
    let erased = page(&shop, &["--force"]);
    assert!(erased.contains("6 personal parts, erased") && erased.contains("[erased]"), "{erased}");
    for page in [sealed, erased] {
        assert!(!page.contains(ANSWER) && !page.contains(NAME), "{page}");
    }
}

#[tokio::test]
async fn an_existing_file_is_only_replaced_with_force() {
    let shop = Shop::with_a_session().await;
    std::fs::write(file(&shop), "mine").unwrap();
    let refused = report(&shop, &[]).failed(2);
    assert!(refused.contains("is there already") && refused.contains("--force"), "{refused}");
    assert_eq!(std::fs::read_to_string(file(&shop)).unwrap(), "mine");
    assert!(page(&shop, &["--force"]).starts_with("<!DOCTYPE html>"));
}

#[tokio::test]
async fn only_the_owner_can_read_the_page() {
    let shop = Shop::with_a_session().await;
    page(&shop, &[]);
    assert_eq!(std::fs::metadata(file(&shop)).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn nothing_is_written_without_session_or_folder() {
    let shop = Shop::with_a_session().await;
    let nowhere = session_of(7).to_string();
    shop.replay(["report", &nowhere, "--html", file(&shop).to_str().unwrap()]).failed(2);
    assert!(!file(&shop).exists());
    let refused = shop.replay(["report", &id(), "--html", "/nowhere/report.html"]).failed(2);
    assert!(refused.starts_with("error: cannot write /nowhere/report.html"), "{refused}");
}
