//! The FAQ over HTTP, also edited while the server runs.

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
        ("电池充满电需要多长时间？", Language::Zh, "小时"),
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

fn entry(key: &str, question: &str) -> String {
    format!("# New\n\n## {key}\n\n### zh\nQ: 你们送货到月球吗？\n\n还不送。\n\n### en\nQ: {question}\n\nNot yet.\n")
}

fn copy(from: &Path, to: &Path) {
    for file in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}
