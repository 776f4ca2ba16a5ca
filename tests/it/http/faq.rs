//! The FAQ over HTTP: answers, choices, other languages, edits and faults while the server runs.

use std::{path::Path, time::Duration};

use domain::Language;
use serde_json::Value;
use tests::desk::{Desk, Setup};

use super::{desk, fresh};

async fn ask(desk: &Desk, question: &str) -> Value {
    desk.customer().chat(&fresh("faq"), question).await.unwrap()
}

#[tokio::test]
async fn faq_answers_in_the_language_of_the_question() {
    for (question, language, word) in [
        ("电池充满要多久？", Language::Zh, "小时"),
        ("How long does it take to charge the battery?", Language::En, "hours"),
        ("我想退货，怎么办？", Language::Zh, "退"),
        ("How can I return my bike?", Language::En, "return"),
    ] {
        let answer = ask(desk(), question).await;
        let text = answer["message"].as_str().unwrap();
        assert_eq!(Language::detect(text), Some(language), "{question}: {text}");
        assert!(text.contains(word), "{question}: {text}");
    }
}

#[tokio::test]
async fn faq_says_it_does_not_know_where_it_has_no_answer() {
    for (question, language) in
        [("量子纠缠的贝尔不等式是什么？", Language::Zh), ("Who won the chess olympiad of 1972?", Language::En)]
    {
        let answer = ask(desk(), question).await;
        let text = answer["message"].as_str().unwrap();
        assert_eq!(text, domain::texts::do_not_know(language), "{question}");
        let path =
            format!("/api/sessions/{}?min_position={}", answer["session_id"].as_str().unwrap(), answer["position"]);
        let shown = super::ok(desk().staff().get(&path).await.unwrap()).await;
        assert_eq!(shown["data"]["session"]["ai_fail_count"], 1);
    }
}

#[tokio::test]
async fn edited_faq_file_takes_effect_without_restart() {
    let folder = tempfile::tempdir().unwrap();
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../integrations/faq"), folder.path());
    let environment = vec![("DESK_FAQ_DIR", folder.path().display().to_string())];
    let own = Desk::start(Setup { environment, ..Setup::default() });
    let file = folder.path().join("small-talk.md");
    let before = std::fs::read_to_string(&file).unwrap();
    let old = "You are welcome, glad it helped.";
    assert!(ask(&own, "Thanks").await["message"].as_str().unwrap().starts_with(old));
    std::fs::write(&file, before.replace(old, "With pleasure!")).unwrap();
    tokio::time::timeout(Duration::from_secs(3), async {
        while !ask(&own, "Thanks").await["message"].as_str().unwrap().starts_with("With pleasure!") {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await
    .expect("an edit is answered from within three seconds");
    std::fs::write(&file, "## broken\n### zh\n").unwrap();
    std::fs::write(folder.path().join("new.md"), entry("moon-delivery", "Do you deliver to the moon?")).unwrap();
    for _ in 0..5 {
        let kept = ask(&own, "Thanks").await;
        assert!(
            kept["message"].as_str().unwrap().starts_with("With pleasure!"),
            "half an edit changes nothing: {kept}"
        );
    }
    std::fs::write(&file, before).unwrap();
    super::eventually(|| ask(&own, "Do you deliver to the moon?"), |answer| answer["message"] == "Not yet.").await;
}

#[tokio::test]
async fn one_word_offers_choices_and_each_of_them_is_answered() {
    let offered = ask(desk(), "brakes").await;
    let text = offered["message"].as_str().unwrap();
    assert!(text.starts_with(domain::texts::did_you_mean(Language::En)), "{text}");
    let choices: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("- ")).collect();
    assert!((2..=3).contains(&choices.len()), "{text}");
    for choice in choices {
        let answer = ask(desk(), choice).await;
        let text = answer["message"].as_str().unwrap();
        assert!(!text.contains(domain::texts::did_you_mean(Language::En)), "{choice}: {text}");
        assert_ne!(text, domain::texts::do_not_know(Language::En), "{choice}");
    }
}

#[tokio::test]
async fn a_bad_file_is_named_in_the_health_and_by_check_faq_and_the_last_good_entries_answer() {
    let (folder, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::write(folder.path().join("one.md"), entry("moon-delivery", "Do you deliver to the moon?")).unwrap();
    let check = || check_faq(folder.path(), data.path());
    assert_eq!(check().0, Some(0));
    let environment = vec![("DESK_FAQ_DIR", folder.path().display().to_string())];
    let own = Desk::start(Setup { environment, ..Setup::default() });
    let health = async || {
        let answer = super::ok(own.staff().get("/api/health/detailed").await.unwrap()).await;
        answer["data"]["faq"].clone()
    };
    assert_eq!(health().await["entries_by_language"]["en"], 1);
    std::fs::write(folder.path().join("two.md"), "## Bad\n### en\nQ: x\n\ny\nQ: z\n").unwrap();
    let faq = super::eventually(health, |faq| faq["alarms"].as_array().is_some_and(|alarms| alarms.len() == 2)).await;
    assert!(faq["alarms"][1].as_str().unwrap().contains("two.md:6: "), "{faq}");
    let (code, told) = check();
    assert!(
        code == Some(1) && told.contains("two.md:1: ") && told.contains("two.md:6: ") && told.contains("1 entries"),
        "{told}"
    );
    assert_eq!(ask(&own, "Do you deliver to the moon?").await["message"], "Not yet.");
    std::fs::remove_file(folder.path().join("two.md")).unwrap();
    super::eventually(health, |faq| faq["alarms"] == serde_json::json!([])).await;
}

/// Exit status and output of `desk check-faq`.
fn check_faq(folder: &Path, data: &Path) -> (Option<i32>, String) {
    let mut command = tests::desk::without_settings(tests::desk::program("desk"));
    let output = command.arg("check-faq").arg(folder).arg("--data-dir").arg(data).output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

fn entry(key: &str, question: &str) -> String {
    format!("# New\n\n## {key}\n\n### zh\nQ: 你们送货到月球吗？\n\n还不送。\n\n### en\nQ: {question}\n\nNot yet.\n")
}

fn copy(from: &Path, to: &Path) {
    for file in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

#[tokio::test]
async fn staff_lists_the_entries_tries_a_question_and_reads_the_faults() {
    let staff = desk().staff();
    let listed = super::ok(staff.get("/api/faq?language=en").await.unwrap()).await["data"].clone();
    let listed = listed.as_array().unwrap();
    let entry = listed.iter().find(|entry| entry["title"] == "How long does it take to charge the battery?");
    let entry = entry.unwrap_or(&listed[0]);
    assert!(entry["file"].as_str().unwrap().ends_with(".md") && entry["line"].as_u64() > Some(0), "{entry}");
    assert!(entry["languages"].as_array().unwrap().iter().any(|language| language == "zh"), "{entry}");
    let question = &entry["questions"][0];
    let tried = async |body: Value| super::ok(staff.post("/api/faq/test", &body).await.unwrap()).await["data"].clone();
    let sure = tried(serde_json::json!({ "question": question })).await;
    assert_eq!((&sure["outcome"], &sure["entries"][0]["id"]), (&"sure".into(), &entry["id"]));
    assert_eq!(sure["entries"][0]["score"], 1.0);
    let none = tried(serde_json::json!({"question": "Who won the chess olympiad of 1972?", "language": "en"})).await;
    assert_eq!(none, serde_json::json!({"outcome": "none", "entries": []}));
    assert_eq!(super::ok(staff.get("/api/faq/faults").await.unwrap()).await["data"], serde_json::json!([]));
}
