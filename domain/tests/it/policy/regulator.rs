//! The original's policy, from its environment variables.

use domain::{
    Language,
    policy::{Counts, Customer, Message, Policy, Rule, regulator::Regulator},
    session::event::Outcome,
};

use super::{read_by, rules};

fn original() -> Policy {
    let set = Regulator { fail_threshold: Some(3), ..Regulator::default() };
    Policy::parse(&set.document().unwrap(), 0).unwrap()
}

#[test]
fn without_any_variable_there_is_no_document() {
    assert_eq!(Regulator::default().document(), None);
}

#[test]
fn keywords_are_found_inside_of_words_as_the_original_finds_them() {
    let policy = original();
    let signals = read_by(&policy, "我要转人工客服");
    assert_eq!(policy.on_message(&Counts::default(), &signals).unwrap().details, "命中关键词: 人工, 客服, 转人工");
    let set = Regulator { keywords: Some("Help, \"quoted\",,人".to_owned()), ..Regulator::default() };
    let own = Policy::parse(&set.document().unwrap(), 0).unwrap();
    assert_eq!(read_by(&own, "unhelpful")[0].evidence, "命中关键词: Help");
    assert_eq!(read_by(&own, "a \"quoted\" word")[0].evidence, "命中关键词: \"quoted\"");
}

#[test]
fn only_keywords_failures_vip_and_danger_are_on() {
    let policy = original();
    let vip = Customer { is_vip: true, is_listed: true };
    let repeated = Message::new("赔偿，没用，气死我了！！！");
    assert_eq!(rules(&policy.read_message(&repeated, true, Language::Zh, vip)), [Rule::R10]);
    assert_eq!(
        rules(&policy.read_message(&Message::new("着火"), false, Language::Zh, Customer::default())),
        [Rule::R0]
    );
    assert_eq!(policy.urgency(&Message::new("退款")), None);
    let failed = policy.read_reply("这个无法处理", Outcome::Answered, Some(1));
    let others = [Outcome::HandsOver, Outcome::Blocked].map(|outcome| policy.read_reply("", outcome, None));
    assert_eq!(others, [vec![], vec![]]);
    assert_eq!(rules(&failed), [Rule::R3]);
    let counts = Counts { failures: 3, turns: 50, ..Counts::default() };
    assert_eq!(policy.on_reply(&counts, &failed).unwrap().details, "AI 连续失败 3 次,已达阈值 3");
    let set = Regulator { vip_auto_escalate: Some(false), ..Regulator::default() };
    let without = Policy::parse(&set.document().unwrap(), 0).unwrap();
    assert_eq!(without.read_message(&Message::new("hello"), false, Language::En, vip), []);
}
