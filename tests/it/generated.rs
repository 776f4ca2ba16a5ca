//! Generated logs: every event type, the ordered size, the same log from the same seed, and accepted by every part of the program.

mod served;
mod written;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use domain::{
    PersonalText,
    policy::Rule,
    session::{Event, codec::EVENT_TYPES, decode, encode},
};
use event_store::{Expected, Log, NewEvent, Position, StreamName, StreamVersion, Unsealed, Vault, memory::MemoryStore};
use jiff::{SignedDuration, Timestamp};
use tests::shop::{Append, Order, Shop, Step, write};

/// A Wednesday, 20:00 by the shop's clock.
fn evening() -> Timestamp {
    "2026-11-25T12:00:00Z".parse().unwrap()
}

/// The log of an ordinary shop, and one with many rare events.
fn both(events: u64, seed: u64) -> [Order; 2] {
    [Order::shop(events, seed, evening()), Order::stress(events, seed, evening())]
}

fn appends(order: Order) -> Vec<Append> {
    let appended = |step| match step {
        Step::Appended(append) => Some(append),
        Step::Erased { .. } => None,
    };
    Shop::open(order).filter_map(appended).collect()
}

fn events(order: Order) -> Vec<Event> {
    appends(order).iter().flat_map(|append| &append.events).map(read).collect()
}

fn read(new: &NewEvent) -> Event {
    let personal = new.personal.as_ref().map_or(PersonalText::Absent, |part| PersonalText::Known(part.json.clone()));
    decode(new.event_type, new.schema, &new.data, personal).unwrap()
}

fn type_counts(events: &[Event]) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for event in events {
        *counts.entry(encode(event).event_type).or_insert(0) += 1;
    }
    counts
}

#[test]
fn generated_shop_has_every_event_type() {
    for order in both(20_000, 1) {
        let counts = type_counts(&events(order));
        let missing: Vec<_> = EVENT_TYPES.iter().filter(|known| !counts.contains_key(*known)).collect();
        assert!(missing.is_empty(), "no traffic for {missing:?}: tests/src/shop has to bring it about");
    }
}

/// `make demo` and `desk-load generate` end their logs now, whenever that is.
#[test]
fn generated_log_of_the_demos_size_has_every_event_type_at_any_time_of_the_week() {
    for hours in [9, 60, 130] {
        let until = evening() + SignedDuration::from_hours(hours);
        let counts = type_counts(&events(Order::shop(20_000, 1, until)));
        let missing: Vec<_> = EVENT_TYPES.iter().filter(|known| !counts.contains_key(*known)).collect();
        assert!(missing.is_empty(), "no traffic for {missing:?} up to {until}");
    }
}

#[test]
fn generated_shop_has_plausible_proportions_of_event_types() {
    let counts = type_counts(&events(Order::shop(20_000, 1, evening())));
    println!("{counts:#?}");
    let of = |what: &str| counts[&*format!("session.{what}")];
    assert!(of("customer_message_sent") > of("assistant_replied"), "several are answered together");
    assert!(of("assistant_replied") > 10 * of("agent_took_over"), "the assistant answers most");
    assert!(of("assistant_reply_withheld") < of("assistant_replied") / 50);
    assert!(of("closed") > of("reopened") && of("opened") > of("escalated"));
}

#[test]
fn small_stress_log_has_every_event_type() {
    for seed in 1..=8 {
        let counts = type_counts(&events(Order::stress(3_600, seed, evening())));
        let missing: Vec<_> = EVENT_TYPES.iter().filter(|known| !counts.contains_key(*known)).collect();
        assert!(missing.is_empty(), "no traffic for {missing:?} from seed {seed}");
        assert!(counts["session.assistant_reply_withheld"] >= 15, "{counts:?}");
        assert!(counts["session.reopened"] >= 15, "{counts:?}");
    }
}

/// Every `"<field>":"<value>"` of the plain parts.
fn values(events: &[Event], field: &str) -> BTreeSet<String> {
    let plain = events.iter().map(|event| serde_json::from_str::<serde_json::Value>(&encode(event).data).unwrap());
    plain.filter_map(|data| data[field].as_str().map(str::to_owned)).collect()
}

const NOTICES: [&str; 16] = [
    "danger",
    "queued",
    "agent_joined",
    "transferred",
    "transferred_to_group",
    "agent_lost",
    "back_in_queue",
    "released",
    "rating_asked",
    "escalation_cancelled",
    "nobody_came",
    "nobody_free",
    "offers_person",
    "after_hours",
    "email_noted",
    "closed",
];

fn notice_codes(events: &[Event]) -> BTreeSet<String> {
    let code = |event: &Event| {
        let Event::NoticeGiven(given) = event else { return None };
        Some(serde_json::to_value(given.notice).unwrap()["code"].as_str().unwrap().to_owned())
    };
    events.iter().filter_map(code).collect()
}

fn all(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn generated_shop_has_every_rule_reason_and_outcome() {
    for order in both(60_000, 2) {
        let events = events(order);
        let (escalated, others): (Vec<Event>, Vec<Event>) =
            events.into_iter().partition(|event| matches!(event, Event::Escalated(_)));
        let rules = Rule::ALL.map(Rule::as_str);
        assert_eq!(values(&escalated, "rule"), all(&[&rules[..], &["opening_time"]].concat()));
        assert_eq!(values(&escalated, "class"), all(&["danger", "vip", "urgent", "normal"]));
        assert_eq!(values(&escalated, "reason"), all(&["keyword", "fail_loop", "sentiment", "vip", "manual"]));
        assert_eq!(values(&escalated, "severity"), all(&["low", "high"]));
        let reasons = ["handed_over", "superseded", "closed", "cancelled", "nobody_came", "agent_lost", "handed_back"];
        let ends = ["resolved", "customer_left", "idle", "back_to_assistant", "customer_gone"];
        let hand_off = ["declined", "expired", "withdrawn", "transferred"];
        assert_eq!(values(&others, "reason"), all(&[&reasons[..], &ends[..], &hand_off[..]].concat()));
        assert_eq!(values(&others, "how"), all(&["immediate", "accepted", "stolen"]));
        assert_eq!(values(&others, "recipient"), all(&["assistant", "person"]));
        assert_eq!(
            values(&others, "outcome"),
            all(&["answered", "offered", "does_not_know", "hands_over", "blocked", "cut_off", "unavailable"])
        );
        let codes = [
            "unavailable",
            "timed_out",
            "rate_limited",
            "refused",
            "out_of_credit",
            "malformed",
            "rejected",
            "not_configured",
        ];
        assert_eq!(values(&others, "code"), all(&codes));
        assert!(values(&others, "language").is_superset(&all(&["zh", "en"])), "short questions may be of any language");
        assert_eq!(values(&others, "kind"), all(&["escalation", "by_hand"]));
        assert_eq!(notice_codes(&others), all(&NOTICES));
    }
}

#[test]
fn generated_shop_depends_on_order_and_seed_only() {
    for [order, same, other] in
        [3, 4].map(|seed| [seed, seed, seed + 2]).map(|seeds| seeds.map(|seed| both(2_000, seed)))
    {
        for kind in 0..2 {
            let first: Vec<Step> = Shop::open(order[kind]).collect();
            assert_eq!(first, Shop::open(same[kind]).collect::<Vec<_>>());
            assert_ne!(first, Shop::open(other[kind]).collect::<Vec<_>>());
        }
    }
}

#[test]
fn generated_shop_has_exactly_the_ordered_number_of_events() {
    for size in [0, 1, 2, 3, 10, 99, 1_000, 4_321] {
        for order in both(size, size) {
            let events_of = |step| match step {
                Step::Appended(append) => append.events.len(),
                // The record of it.
                Step::Erased { .. } => 1,
            };
            let given: usize = Shop::open(order).map(events_of).sum();
            assert_eq!(given as u64, size);
        }
    }
}

#[test]
fn generated_shop_ends_at_the_ordered_time() {
    for (size, seed) in [(2_000, 5), (8_000, 6), (30_000, 7)] {
        for (order, tolerance) in both(size, seed).into_iter().zip([0.05, 0.12]) {
            let appends = appends(order);
            let (first, last) = (appends[0].at, appends.iter().map(|append| append.at).max().unwrap());
            assert!(first >= order.begins().saturating_sub(SignedDuration::from_mins(15)).unwrap(), "{first}");
            assert!(last <= order.until, "{last}");
            let length = order.until.duration_since(order.begins()).as_secs_f64();
            let missing = order.until.duration_since(last).as_secs_f64() / length;
            println!("{size} events end {missing:.3} of their time early");
            assert!(missing < tolerance);
        }
    }
}

#[test]
fn generated_shop_sets_its_clock_back_and_ahead() {
    let appends = appends(Order::stress(4_000, 7, evening()));
    let set_back = appends.windows(2).filter(|pair| pair[1].at < pair[0].at).count();
    let ahead = |pair: &&[Append]| pair[1].at.duration_since(pair[0].at) > SignedDuration::from_mins(5);
    assert!(set_back >= 5, "{set_back}");
    assert!(appends.windows(2).filter(ahead).count() >= 3);
}

#[test]
fn generated_sessions_interleave_and_keep_their_versions() {
    let mut versions: BTreeMap<StreamName, u64> = BTreeMap::new();
    let mut spans: BTreeMap<StreamName, (usize, usize)> = BTreeMap::new();
    let appends = appends(Order::stress(3_600, 8, evening()));
    for (place, append) in appends.iter().enumerate() {
        let version = versions.entry(append.stream.clone()).or_insert(0);
        let expected = if *version == 0 { Expected::NoStream } else { Expected::Exact(StreamVersion(*version)) };
        assert_eq!(append.expected, expected);
        *version += append.events.len() as u64;
        spans.entry(append.stream.clone()).or_insert((place, place)).1 = place;
    }
    let at_once = spans.values().map(|(first, last)| last - first).sum::<usize>() / appends.len();
    assert!(at_once >= 12, "{at_once} of {} sessions are open at once", spans.len());
}

#[test]
fn generated_shop_records_nothing_personal_of_an_erased_subject() {
    let (mut erased, mut plain_ones) = (BTreeSet::new(), 0);
    let mut subjects: BTreeMap<StreamName, domain::VisitorId> = BTreeMap::new();
    for step in Shop::open(Order::stress(26_000, 9, evening())) {
        match step {
            Step::Erased { subject, .. } => assert!(erased.insert(subject), "once is enough"),
            Step::Appended(append) => {
                if let Some(Event::Opened(opened)) = append.events.first().map(read) {
                    subjects.insert(append.stream.clone(), opened.visitor);
                }
                let is_erased = erased.contains(&subjects[&append.stream]);
                assert!(!is_erased || append.events.iter().all(|event| event.personal.is_none()));
                plain_ones += usize::from(is_erased);
            }
        }
    }
    assert!(erased.len() >= 20, "{} erasures", erased.len());
    assert!(plain_ones > 0, "plain events go on");
}

#[tokio::test]
async fn generated_shop_can_be_appended_event_by_event() {
    let log = Log::new(Arc::new(MemoryStore::default()), Arc::new(Vault::in_memory()));
    let mut erased = BTreeSet::new();
    for step in Shop::open(Order::stress(8_000, 10, evening())) {
        write::through(&log, &step).await.unwrap();
        if let Step::Erased { subject, .. } = step {
            erased.insert(subject.0);
        }
    }
    let recorded = log.reader().read_all(Position::START, 9_000).await.unwrap();
    assert_eq!((recorded.len(), erased.is_empty()), (8_000, false));
    for event in recorded.iter().filter(|event| event.event.personal.is_some()) {
        let is_erased = event.event.subject.is_some_and(|subject| erased.contains(&subject));
        assert_eq!(log.open(event).await.unwrap() == Unsealed::Erased, is_erased);
    }
}
