//! What a customer reads of what the FAQ finds.

use domain::{RunId, SessionId};
use futures::StreamExt as _;
use tempfile::TempDir;
use uuid::Uuid;

use super::*;
use crate::faq::FaqSettings;

const ENTRIES: &str = "\
## rain
### en
Q: Can I ride in the rain?
Q: Is the bike waterproof?

Rain is fine.
## cleaning
### en
Q: Can I wash the bike with a hose?

Not with pressure.
### zh
Q: 可以用水枪洗车吗？

不要用高压水枪。
";

fn assistant() -> (TempDir, FaqAssistant) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("one.md"), ENTRIES).unwrap();
    let settings = FaqSettings { folder: folder.path().to_path_buf(), ..FaqSettings::default() };
    (folder, FaqAssistant::new(Faq::open(settings).unwrap()))
}

async fn ask(messages: &[&str], language: Language) -> (String, Completion) {
    let (_folder, assistant) = assistant();
    let question = Question {
        session: SessionId(Uuid::nil()),
        request: Uuid::nil(),
        run: RunId(Uuid::nil()),
        attempt: 1,
        messages: messages.iter().map(|message| (*message).to_owned()).collect(),
        history: Vec::new(),
        language,
        parameters: serde_json::Map::new(),
        assistant_context: None,
        earlier: None,
    };
    let (mut text, mut done) = (String::new(), None);
    let mut answer = assistant.answer(question);
    while let Some(piece) = answer.next().await {
        match piece.unwrap() {
            Piece::Text(more) => text += &more,
            Piece::Done(completion) => done = Some(completion),
            Piece::Asked(_) => panic!("the FAQ asks nobody"),
        }
    }
    (text, done.unwrap())
}

#[tokio::test]
async fn each_message_gets_its_entry_and_none_comes_twice() {
    let messages = ["Can I ride in the rain?", "is the bike WATERPROOF", "Can I wash the bike with a hose?"];
    let (text, completion) = ask(&messages, Language::En).await;
    assert_eq!(text, "Rain is fine.\n\nNot with pressure.");
    assert_eq!(
        (completion.outcome, completion.sources),
        (Outcome::Answered, vec!["rain".to_owned(), "cleaning".to_owned()])
    );
}

#[tokio::test]
async fn an_answer_in_another_language_says_so_in_the_customers() {
    for language in [Language::De, Language::Zh] {
        let (text, _) = ask(&["Can I ride in the rain?"], language).await;
        assert_eq!(text, format!("{}\n\nRain is fine.", texts::in_another_language(language)));
    }
    let (text, _) = ask(&["可以用水枪洗车吗？"], Language::Zh).await;
    assert_eq!(text, "不要用高压水枪。");
}

#[tokio::test]
async fn one_word_offers_choices_of_which_each_is_answered() {
    let (text, completion) = ask(&["waterproof?"], Language::En).await;
    assert_eq!(completion.outcome, Outcome::Offered);
    assert!(!completion.suggestions.is_empty());
    for suggestion in &completion.suggestions {
        assert!(text.contains(&format!("\n- {suggestion}")), "{text}");
        let (_, chosen) = ask(&[suggestion], Language::En).await;
        assert_eq!((chosen.outcome, chosen.confidence), (Outcome::Answered, Some(1.0)), "{suggestion}");
    }
}

#[tokio::test]
async fn nothing_found_is_an_empty_text() {
    let (text, completion) = ask(&["Who won the chess olympiad?"], Language::En).await;
    assert_eq!((text.as_str(), completion.outcome), ("", Outcome::DoesNotKnow));
}
