//! The rules on a reply of the assistant.

use domain::{
    Language,
    policy::{Counts, Customer, Message, Policy, Rule},
    session::{
        event::{EscalationReason, Outcome},
        notice::Notice,
    },
    texts::{self, Names},
};
use jiff::tz::TimeZone;

use super::{policy, rules};

fn read(text: &str, outcome: Outcome) -> Vec<Rule> {
    rules(&Policy::default().read_reply(text, outcome, None))
}

#[test]
fn three_failures_in_a_row_fire_r3_and_a_good_answer_begins_anew() {
    let policy = Policy::default();
    let mut counts = Counts::default();
    let mut fired = Vec::new();
    let bad = "抱歉，我不清楚这个问题";
    for text in [bad, bad, "充满需要四小时", bad, bad, bad] {
        let signals = policy.read_reply(text, Outcome::Answered, Some(900));
        counts = counts.with_reply(&rules(&signals));
        fired.push(policy.on_reply(&counts, &signals).map(|firing| (firing.rule, firing.details)));
    }
    let expected = (Rule::R3, "AI 连续失败 3 次,已达阈值 3".to_owned());
    assert_eq!(fired, [None, None, None, None, None, Some(expected)]);
}

#[test]
fn an_answer_that_does_not_know_counts_as_failed_in_whatever_words() {
    assert_eq!(read("…", Outcome::DoesNotKnow), [Rule::R3]);
    assert_eq!(read("…", Outcome::Unavailable), [Rule::R3, Rule::R8]);
    assert_eq!(read("It takes", Outcome::CutOff), [Rule::R3]);
    assert_eq!(read("抱歉，您是想问…", Outcome::Offered), []);
    for text in ["I don't know that.", "Das weiß ich nicht.", "Je ne sais pas.", "No lo sé.", "Non lo so.", "無法回答"]
    {
        assert_eq!(read(text, Outcome::Answered), [Rule::R3], "{text}");
    }
    assert_eq!(read("It takes four hours.", Outcome::Answered), []);
}

#[test]
fn an_assistant_that_asks_for_a_person_or_is_away_or_refused_is_followed_at_once() {
    let policy = Policy::default();
    for (outcome, rule) in
        [(Outcome::HandsOver, Rule::R7), (Outcome::Unavailable, Rule::R8), (Outcome::Blocked, Rule::R9)]
    {
        let signals = policy.read_reply("", outcome, None);
        let counts = Counts::default().with_reply(&rules(&signals));
        let firing = policy.on_reply(&counts, &signals).unwrap();
        assert_eq!((firing.rule, firing.reason), (rule, EscalationReason::FailLoop));
    }
}

#[test]
fn an_unsure_answer_fires_only_where_r6_is_on() {
    let on = policy("[rules.R6]\non = true\nthreshold = 500\n");
    let read = |policy: &Policy, confidence| rules(&policy.read_reply("", Outcome::Answered, confidence));
    assert_eq!((read(&on, Some(499)), read(&on, Some(500)), read(&on, None)), (vec![Rule::R6], vec![], vec![]));
    assert_eq!(read(&Policy::default(), Some(1)), []);
}

#[test]
fn a_person_is_offered_after_three_answers_and_comes_after_ten() {
    let policy = Policy::default();
    let after = |turns| Counts { turns, ..Counts::default() };
    let offered: Vec<u32> = (0..12).filter(|turns| policy.offers_person(&after(*turns))).collect();
    let handed: Vec<u32> = (0..12).filter(|turns| policy.on_reply(&after(*turns), &[]).is_some()).collect();
    assert_eq!((offered, handed), (vec![3], vec![10, 11]));
    let off = super::policy("[rules.R5]\non = false\n");
    assert!(!off.offers_person(&after(3)) && off.on_reply(&after(20), &[]).is_none());
}

/// The offer names words that call a person.
#[test]
fn what_the_offer_tells_the_customer_to_write_is_read_by_the_rule() {
    let policy = Policy::default();
    for language in Language::ALL {
        let offer = texts::notice(&Notice::OffersPerson, language, &Names::new(TimeZone::UTC, []));
        let quotes = |c: char| "“”„«»".contains(c);
        let words = offer.split(quotes).nth(1).expect("they are quoted");
        let signals = policy.read_message(&Message::new(words), false, language, Customer::default());
        assert!(signals.iter().any(|signal| signal.rule == Rule::R1), "{language}: {words}");
    }
}
