//! The rules on a customer's message.

use domain::{
    Language,
    policy::{Counts, Customer, Firing, Message, Policy, Rule},
    session::{
        event::{EscalationReason, Severity},
        priority::PriorityClass,
    },
};

use super::{policy, read, read_by, rules};

fn fired(text: &str) -> Option<Firing> {
    let policy = Policy::default();
    let signals = read_by(&policy, text);
    policy.on_message(&Counts::default().with_message(&rules(&signals)), &signals)
}

#[test]
fn asking_for_a_person_fires_r1_in_every_language() {
    for text in [
        "转人工",
        "轉人工",
        "我要找真人客服",
        "/agent",
        "  /AGENT please",
        "I want to talk to a human",
        "can I speak with someone?",
        "real person please",
        "Ich möchte mit einem Mitarbeiter sprechen",
        "je veux parler à un conseiller",
        "Quiero hablar con una persona",
        "vorrei parlare con un operatore",
    ] {
        let firing = fired(text).unwrap_or_else(|| panic!("{text}"));
        assert_eq!(
            (firing.rule, firing.reason, firing.severity),
            (Rule::R1, EscalationReason::Keyword, Severity::High),
            "{text}"
        );
    }
    for text in [
        "客服几点上班",
        "see https://example.com/agent",
        "humane",
        "is it an agent-based thing?",
        "Wie viele Mitarbeiter haben Sie?",
    ] {
        assert!(!read(text).contains(&Rule::R1), "{text}");
    }
}

#[test]
fn topics_of_a_person_fire_r2_in_every_language() {
    for text in [
        "我要投诉",
        "我要投訴你們",
        "赔偿我",
        "I will file a complaint",
        "my lawyer will write",
        "Ich möchte mich beschweren",
        "Das ist eine Beschwerde",
        "je vais porter plainte",
        "quiero poner una queja",
        "voglio fare un reclamo",
    ] {
        let firing = fired(text).unwrap_or_else(|| panic!("{text}"));
        assert_eq!((firing.rule, firing.class), (Rule::R2, PriorityClass::Urgent), "{text}");
    }
}

#[test]
fn returns_raise_the_class_and_ask_for_nobody() {
    let policy = Policy::default();
    for text in
        ["我要退款", "质量问题", "I want a refund", "Rückerstattung", "un remboursement", "reembolso", "rimborso"]
    {
        assert_eq!(fired(text), None, "{text}");
        assert_eq!(policy.urgency(&Message::new(text)), Some(PriorityClass::Urgent), "{text}");
    }
    assert_eq!(policy.urgency(&Message::new("hello")), None);
    assert_eq!(super::policy("[rules.R2]\non = false\n").urgency(&Message::new("我要退款")), None);
}

#[test]
fn the_second_time_that_it_did_not_help_fires_r4() {
    let policy = Policy::default();
    for text in ["没解决", "that didn't help", "das hilft mir nicht", "ça ne m'aide pas", "no me sirve", "non mi aiuta"]
    {
        let signals = read_by(&policy, text);
        assert_eq!(rules(&signals), [Rule::R4], "{text}");
        let once = Counts::default().with_message(&[Rule::R4]);
        assert_eq!(policy.on_message(&once, &signals), None);
        let firing = policy.on_message(&once.with_message(&[Rule::R4]), &signals).unwrap();
        assert_eq!((firing.rule, firing.reason), (Rule::R4, EscalationReason::FailLoop));
        assert_eq!(firing.details, "客户表示未解决 2 次,已达阈值 2");
        assert_eq!(policy.on_message(&once.with_message(&[Rule::R4]), &[]), None, "only a message that says so");
    }
}

#[test]
fn a_question_asked_the_third_time_fires_r13() {
    let policy = Policy::default();
    let ask = |text: &str, earlier: &[&str]| {
        let message = Message::new(text);
        policy.read_message(&message, message.repeats(earlier), Language::En, Customer::default())
    };
    let signals = ask("How long does it charge?", &["how long does it CHARGE", "hello"]);
    assert_eq!(rules(&signals), [Rule::R13]);
    let counts = Counts::default().with_message(&[Rule::R13]);
    assert_eq!(policy.on_message(&counts, &signals), None, "the second time");
    let firing = policy.on_message(&counts.with_message(&[Rule::R13]), &signals).unwrap();
    assert_eq!((firing.rule, firing.details.as_str()), (Rule::R13, "同一问题提问 3 次,已达阈值 3"));
    assert_eq!(ask("ok", &["ok", "OK"]), [], "a short word may come again");
    assert_eq!(ask("多久充滿電", &["多久充满电？"]).len(), 1);
}

#[test]
fn vip_customers_come_first_and_listed_ones_only_where_it_is_on() {
    let text = |policy: &Policy, customer| {
        let signals = policy.read_message(&Message::new("hello"), false, Language::En, customer);
        policy.on_message(&Counts::default(), &signals)
    };
    let both = Customer { is_vip: true, is_listed: true };
    let firing = text(&Policy::default(), both).unwrap();
    assert_eq!((firing.rule, firing.reason, firing.class), (Rule::R10, EscalationReason::Vip, PriorityClass::Vip));
    assert_eq!(firing.details, "VIP 用户,自动转人工");
    let listed = policy("[rules.R10]\non = false\n[rules.R12]\non = true\ngroup = \"returns\"\n");
    let firing = text(&listed, both).unwrap();
    assert_eq!((firing.rule, firing.group.unwrap().as_str()), (Rule::R12, "returns"));
    assert_eq!(text(&Policy::default(), Customer { is_listed: true, is_vip: false }), None);
}

#[test]
fn the_first_rule_is_named_and_the_best_class_counts() {
    let policy = Policy::default();
    let vip = Customer { is_vip: true, is_listed: false };
    let signals = policy.read_message(&Message::new("转人工，我要投诉，投诉"), false, Language::Zh, vip);
    let firing = policy.on_message(&Counts::default(), &signals).unwrap();
    assert_eq!((firing.rule, firing.class), (Rule::R10, PriorityClass::Vip), "VIP before keyword, as the original");
    let firing = fired("转人工，我要投诉").unwrap();
    assert_eq!((firing.rule, firing.class), (Rule::R1, PriorityClass::Urgent));
    assert_eq!(firing.details, "命中关键词: 转人工");
    assert_eq!(fired("我要转人工，真人！").unwrap().details, "命中关键词: 转人工, 真人");
}

#[test]
fn mood_is_off_and_can_be_turned_on() {
    let on = policy("[rules.R11]\non = true\n");
    for text in [
        "垃圾",
        "this is ridiculous",
        "Where is my bike!!!",
        "WHERE IS MY BIKE NOW",
        "eine Frechheit",
        "quelle arnaque",
        "una estafa",
        "una truffa",
    ] {
        assert!(!read(text).contains(&Rule::R11), "{text}");
        let signals = read_by(&on, text);
        let firing = on.on_message(&Counts::default(), &signals).unwrap_or_else(|| panic!("{text}"));
        assert_eq!((firing.reason, firing.severity), (EscalationReason::Sentiment, Severity::Low), "{text}");
    }
    assert_eq!(read_by(&on, "USB-C?"), []);
}

#[test]
fn a_rule_is_on_in_its_languages_only() {
    let chinese = policy("[rules.R1]\nlanguages = [\"zh\"]\n");
    let read = |language| rules(&chinese.read_message(&Message::new("转人工"), false, language, Customer::default()));
    assert_eq!((read(Language::Zh), read(Language::En)), (vec![Rule::R1], vec![]));
}

#[test]
fn a_request_by_button_is_manual_and_high_and_others_keep_their_reason() {
    let policy = Policy::default();
    for (reason, wire, severity, details) in [
        ("user_request", EscalationReason::Manual, Severity::High, "用户主动请求人工服务"),
        ("manual", EscalationReason::Manual, Severity::High, "用户主动请求人工服务"),
        ("vip", EscalationReason::Vip, Severity::Low, "触发原因: vip"),
        // Defect 14 of the original: such a reason was answered with 500.
        ("angry", EscalationReason::Manual, Severity::Low, "触发原因: angry"),
    ] {
        let firing = policy.on_request(reason);
        assert_eq!(
            (firing.rule, firing.reason, firing.severity, firing.details.as_str()),
            (Rule::R1, wire, severity, details)
        );
    }
}

#[test]
fn the_evidence_names_what_was_said_and_not_what_might_have_been() {
    let policy = Policy::default();
    let read = |text| policy.read_message(&Message::new(text), false, Language::En, Customer::default());
    let signals = read("Hello. Can I speak to someone please?");
    assert_eq!(signals[0].evidence, "命中关键词: speak + someone");
}
