//! Which language a customer's message is in.

mod tuned;
mod unseen;

use domain::Language;
use proptest::prelude::*;

/// How many of the messages are told correctly, and a line for each that is not.
fn accuracy(messages: &[(&str, &str)]) -> (usize, String) {
    let told = |text| Language::detect(text).map_or("", Language::as_str);
    let wrong = messages.iter().filter(|(text, language)| told(text) != *language);
    let lines: Vec<String> =
        wrong.map(|(text, language)| format!("{text:?}: {:?}, not {language:?}", told(text))).collect();
    (messages.len() - lines.len(), lines.join("\n"))
}

#[test]
fn every_tuned_message_is_told() {
    let (right, wrong) = accuracy(tuned::MESSAGES);
    assert!(right >= 120 && right == tuned::MESSAGES.len(), "{wrong}");
}

#[test]
fn nine_in_ten_unseen_messages_are_told() {
    let (right, wrong) = accuracy(unseen::MESSAGES);
    assert!(unseen::MESSAGES.len() >= 80 && right * 10 >= unseen::MESSAGES.len() * 9, "{right}:\n{wrong}");
}

#[test]
fn session_then_page_decide_where_a_message_tells_nothing() {
    let (de, it) = (Some(Language::De), Some(Language::It));
    for text in ["👍", "12345", "FD20240115001", "https://www.fiido.com/en/help", "Fiido C11"] {
        assert_eq!(Language::decide(text, de, it), Language::De, "{text}");
        assert_eq!(Language::decide(text, None, it), Language::It, "{text}");
    }
    assert_eq!(Language::decide("👍", None, None), Language::Zh);
    assert_eq!(Language::decide("Fiido C11", None, None), Language::En);
}

#[test]
fn message_that_tells_its_language_changes_that_of_the_session() {
    assert_eq!(Language::decide("Wo ist mein Paket?", Some(Language::Fr), Some(Language::It)), Language::De);
    assert_eq!(Language::decide("Где мой заказ?", Some(Language::Fr), None), Language::En);
}

#[test]
fn word_of_several_languages_is_of_the_session_only_if_it_is_one_of_them() {
    assert_eq!(Language::decide("no", Some(Language::It), None), Language::It);
    assert_eq!(Language::decide("no", Some(Language::De), Some(Language::Es)), Language::Es);
    assert_eq!(Language::decide("no", Some(Language::De), None), Language::En);
}

#[test]
fn page_asks_for_the_language_that_it_prefers_among_ours() {
    for (tags, language) in [
        ("de", Some(Language::De)),
        ("de-AT", Some(Language::De)),
        ("zh_CN", Some(Language::Zh)),
        ("nl-NL,nl;q=0.9,fr;q=0.8,en;q=0.7", Some(Language::Fr)),
        ("en;q=0.2, it;q=0.9", Some(Language::It)),
        ("es;q=0, en", Some(Language::En)),
        ("ja, ko", None),
        ("*", None),
        ("", None),
        ("de;q=NaN", None),
    ] {
        assert_eq!(Language::preferred(tags), language, "{tags:?}");
    }
}

proptest! {
    #[test]
    fn any_text_has_a_language(text in any::<String>(), tags in any::<String>()) {
        let told = Language::detect(&text);
        let decided = Language::decide(&text, Some(Language::Es), Language::preferred(&tags));
        prop_assert_eq!(told.unwrap_or(decided), decided);
    }

    #[test]
    fn words_in_any_order_with_signs_between_have_a_language(
        text in "([a-zäöüßéèñçàò'’]{1,9}|[0-9]{1,4}|[电池の한де¿!?.@/:]){0,30}",
    ) {
        let told = Language::detect(&text);
        prop_assert!(told.is_none() || told == Some(Language::decide(&text, None, None)));
    }
}
