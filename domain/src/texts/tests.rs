//! Every text in every language: its places, its own language, the original's words, and how times and names are shown.

use std::collections::BTreeSet;

use jiff::tz::{TimeZone, offset};
use uuid::Uuid;

use super::*;

const ANNA: AgentId = AgentId(Uuid::from_u128(1));
const BERT: AgentId = AgentId(Uuid::from_u128(2));
const ERASED: AgentId = AgentId(Uuid::from_u128(3));

fn names() -> Names {
    Names::new(TimeZone::fixed(offset(8)), [(ANNA, "Anna".to_owned()), (BERT, "Bert".to_owned())])
}

fn every_notice() -> Vec<Notice> {
    let opens_at = Some(at("2026-06-01T01:00:00Z"));
    vec![
        Notice::Danger,
        Notice::Queued,
        Notice::AgentJoined { agent: ANNA },
        Notice::AgentJoined { agent: ERASED },
        Notice::Transferred { from: ANNA, to: BERT },
        Notice::Transferred { from: ERASED, to: BERT },
        Notice::Transferred { from: ANNA, to: ERASED },
        Notice::TransferredToGroup { from: ANNA },
        Notice::AgentLost,
        Notice::BackInQueue,
        Notice::Released,
        Notice::EscalationCancelled,
        Notice::NobodyCame,
        Notice::AfterHours { opens_at, asks_for_email: true },
        Notice::AfterHours { opens_at: None, asks_for_email: false },
        Notice::EmailNoted,
        Notice::Closed,
        Notice::RatingAsked { open_until: at("2026-06-01T01:00:00Z") },
    ]
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("a timestamp")
}

/// The places of a template, in their order.
fn places(template: &str) -> Vec<String> {
    template.split('{').skip(1).map(|rest| format!("{{{}}}", rest.split('}').next().unwrap_or_default())).collect()
}

#[test]
fn every_text_has_its_places_and_no_other() {
    for language in Language::ALL {
        for (name, text, wanted) in of(language).each() {
            assert!(!text.trim().is_empty(), "{language} {name}");
            assert_eq!(places(text), wanted, "{language} {name}");
        }
    }
}

#[test]
fn every_text_is_in_its_own_language() {
    for language in Language::ALL {
        for (name, text, places) in of(language).each().into_iter().filter(|(name, ..)| *name != "reason") {
            let bare = places.iter().fold(text.to_owned(), |text, place| text.replace(place, ""));
            // Two sentences of two languages would pass as the longer one.
            for sentence in bare.split(['\n', '.', ';']).filter(|sentence| sentence.chars().count() > 12) {
                assert_eq!(Language::decide(sentence, Some(language), None), language, "{name}: {sentence}");
            }
            assert_eq!(Language::detect(&bare).unwrap_or(language), language, "{name}");
        }
    }
}

/// The widget gives a frame to what begins with this sign.
#[test]
fn only_the_notice_of_danger_begins_with_the_warning_sign() {
    for language in Language::ALL {
        for (name, text, _) in of(language).each() {
            assert_eq!(text.starts_with('⚠'), name == "danger", "{language} {name}");
        }
    }
}

#[test]
fn no_two_languages_share_a_text() {
    for number in 0..of(Language::Zh).each().len() {
        let texts = Language::ALL.map(|language| of(language).each()[number]);
        let different: BTreeSet<&str> = texts.iter().map(|(_, text, _)| *text).collect();
        // Spanish and Italian have the same word for a reason.
        assert!(different.len() == texts.len() || texts[0].0 == "reason", "{}", texts[0].0);
    }
}

#[test]
fn texts_of_the_original_are_kept_to_the_letter() {
    let told = |shown| notice(&shown, Language::Zh, &names());
    assert_eq!(told(Notice::AgentJoined { agent: ANNA }), "客服【Anna】已接入，正在为您服务");
    assert_eq!(told(Notice::Released), "人工服务已结束，AI 助手已接管对话");
    let transferred = Notice::Transferred { from: ANNA, to: BERT };
    assert_eq!(told(transferred), "会话已从【Anna】转接至【Bert】");
    assert_eq!(
        notice_for_staff(&transferred, Language::Zh, &names(), Some("坐席转接")),
        "会话已从【Anna】转接至【Bert】（原因：坐席转接）"
    );
    assert_eq!([true, false].map(|is_open| staffed(is_open, Language::Zh)), ["人工客服在线", "当前为非工作时间"]);
}

#[test]
fn every_notice_is_rendered_in_every_language() {
    for language in Language::ALL {
        let texts: Vec<String> = every_notice().iter().map(|shown| notice(shown, language, &names())).collect();
        for (shown, text) in every_notice().iter().zip(&texts) {
            assert!(!text.is_empty() && !text.contains(['{', '}']), "{language} {shown:?}: {text}");
        }
        let different: BTreeSet<&String> = texts.iter().collect();
        assert_eq!(different.len(), texts.len(), "{language}: two notices say the same");
    }
}

#[test]
fn agents_in_a_notice_are_those_whose_names_it_shows() {
    for shown in every_notice() {
        let agents: BTreeSet<AgentId> = agents_in(&shown).collect();
        let all = [(ANNA, "Anna"), (BERT, "Bert")];
        let text = notice(&shown, Language::En, &names());
        for (agent, name) in all.into_iter().filter(|(_, name)| text.contains(name)) {
            assert!(agents.contains(&agent), "{name}: {shown:?}");
        }
        let known = Names::new(
            TimeZone::UTC,
            all.map(|(id, name)| (id, name.to_owned())).into_iter().filter(|(id, _)| agents.contains(id)),
        );
        if !matches!(shown, Notice::AfterHours { .. }) {
            assert_eq!(notice(&shown, Language::En, &known), text, "the other names are not needed");
        }
    }
}

#[test]
fn name_that_looks_like_a_place_stays_as_it_is() {
    let names = Names::new(TimeZone::UTC, [(ANNA, "{to}".to_owned()), (BERT, "{from} }{".to_owned())]);
    let text = notice(&Notice::Transferred { from: ANNA, to: BERT }, Language::En, &names);
    assert_eq!(text, "Your chat has been transferred from {to} to {from} }{.");
}

#[test]
fn agent_whose_name_is_not_known_is_spoken_of_without_one() {
    for language in Language::ALL {
        let told = |from, to| notice(&Notice::Transferred { from, to }, language, &names());
        assert!(told(ANNA, BERT).contains("Anna") && told(ANNA, BERT).contains("Bert"));
        assert!(told(ERASED, BERT).contains("Bert"));
        assert!(!told(ANNA, ERASED).contains("Anna"));
    }
}

#[test]
fn opening_time_is_the_shop_s_local_time_in_the_customer_s_form() {
    let shown = |language, time| when::local(at(time), names().zone(), language);
    let first = Language::ALL.map(|language| shown(language, "2026-06-01T01:00:00Z"));
    let wanted = [
        "6月1日（星期一）09:00（UTC+8）",
        "Monday 1 June at 09:00 (UTC+8)",
        "Montag, 1. Juni, 09:00 Uhr (UTC+8)",
        "lundi 1er juin à 9\u{a0}h\u{a0}00 (UTC+8)",
        "lunes 1 de junio a las 9:00 (UTC+8)",
        "lunedì 1º giugno alle 9:00 (UTC+8)",
    ];
    assert_eq!(first, wanted);
    let night = Language::ALL.map(|language| shown(language, "2026-12-05T17:30:00Z"));
    let wanted = [
        "12月6日（星期日）01:30（UTC+8）",
        "Sunday 6 December at 01:30 (UTC+8)",
        "Sonntag, 6. Dezember, 01:30 Uhr (UTC+8)",
        "dimanche 6 décembre à 1\u{a0}h\u{a0}30 (UTC+8)",
        "domingo 6 de diciembre a la 1:30 (UTC+8)",
        "domenica 6 dicembre all’1:30 (UTC+8)",
    ];
    assert_eq!(night, wanted);
}

#[test]
fn offset_from_utc_is_shown_as_people_write_it() {
    for (minutes, wanted) in
        [(0, "(UTC)"), (-210, "(UTC-3:30)"), (330, "(UTC+5:30)"), (-300, "(UTC-5)"), (-30, "(UTC-0:30)")]
    {
        let zone = TimeZone::fixed(jiff::tz::Offset::from_seconds(minutes * 60).expect("an offset"));
        let text = when::local(at("2026-06-01T01:00:00Z"), &zone, Language::En);
        assert!(text.ends_with(wanted), "{text}");
    }
}

#[test]
fn after_hours_notice_tells_the_opening_time_and_asks_for_an_address_only_where_it_should() {
    let told =
        |opens_at, asks_for_email| notice(&Notice::AfterHours { opens_at, asks_for_email }, Language::En, &names());
    let opens_at = Some(at("2026-06-01T01:00:00Z"));
    assert!(told(opens_at, false).contains("Monday 1 June at 09:00"));
    assert!(!told(opens_at, false).contains("e-mail"));
    assert!(told(None, true).contains("e-mail"));
    assert!(!told(None, true).contains("back on"));
}

#[test]
fn safety_text_is_short_and_names_an_emergency_number() {
    for language in Language::ALL {
        let text = of(language).danger;
        assert!(text.contains("112") || text.contains("119"), "{language}");
        assert!(text.chars().count() < 600 && text.lines().count() == 6, "{language}: {}", text.chars().count());
        assert!(text.lines().all(|line| !line.starts_with(' ') && !line.contains("  ")), "{language}");
    }
}
