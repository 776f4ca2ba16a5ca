//! What the shop's policy costs on the longest message: processor time, not time on the wall.

use std::{collections::BTreeSet, hint::black_box};

use domain::{
    Language,
    policy::{Counts, Customer, Message, Policy, Rule},
    text::MessageText,
};
use rand::{RngExt as _, rngs::StdRng, seq::IndexedRandom as _};
use tests::test_scale::rng;

use super::{
    Line,
    fixture::{Failure, Fixture, median},
    process::cpu_seconds,
};

/// Beside those that the program brings.
const PHRASES: usize = 2_000;
/// In each round: at some tenths of a millisecond each, and the kernel counts hundredths of a second.
const TIMES: u32 = 2_000;
const BAR_US: f64 = 1_000.0;
const WORDS: &str = "battery charger brake wheel motor display cable order parcel customs invoice refund shop support answer broken \
                     late wrong missing again angry lawyer court price never always nobody everyone please today tomorrow \
                     akku ladegerät bremse rad lieferung rechnung anwalt kaputt batterie frein roue livraison facture avocat \
                     batería freno rueda entrega factura abogado batteria freno ruota consegna fattura avvocato";
const HAN: &str = "电池充器刹车轮机显示线订单包裹海关发票退款店客服回答坏迟错少又生气律师法院价格从不总是没人大家请今天明天问题\
                   怎么可以不能需要已经还是为什么时候多久到货质量差投诉赔偿";

pub(super) fn policy(fixture: &Fixture) -> Result<Vec<Line>, Failure> {
    let mut random = rng(1, 0);
    let phrases = phrases(&mut random);
    let policy = Policy::parse(&document(&phrases), 1)?;
    let texts = [
        ("in Chinese", text(|| han(&mut random, 12) + "，")),
        ("in English", text(|| words(&mut random, 9) + ". ")),
        ("of nothing but phrases", text(|| plain(phrases.choose(&mut random).unwrap_or(&String::new())) + " ")),
    ];
    texts.iter().map(|(what, text)| line(fixture, &policy, what, text)).collect()
}

fn line(fixture: &Fixture, policy: &Policy, what: &str, text: &str) -> Result<Line, Failure> {
    let mut rounds = Vec::new();
    for _ in 0..fixture.rounds {
        let before = cpu_seconds()?;
        for _ in 0..TIMES {
            evaluate(policy, black_box(text));
        }
        rounds.push((cpu_seconds()? - before) * 1e6 / f64::from(TIMES));
    }
    let taken = median(rounds);
    let signals = policy.read_message(&Message::new(text), false, Language::En, Customer::default()).len();
    Ok(Line {
        what: format!("policy with {PHRASES} phrases more on 5,000 characters {what} ({signals} rules find something)"),
        figure: format!("{taken:.0} µs of processor time"),
        against: String::new(),
        ratio: None,
        bar: "under 1,000 µs".into(),
        is_met: taken < BAR_US,
    })
}

/// What is asked of the policy when a message arrives.
fn evaluate(policy: &Policy, text: &str) {
    let message = Message::new(text);
    black_box(message.question());
    let signals = policy.read_message(&message, true, Language::En, Customer::default());
    let rules: Vec<Rule> = signals.iter().map(|signal| signal.rule).collect();
    black_box(policy.on_message(&Counts::default().with_message(&rules), &signals));
    black_box(policy.urgency(&message));
}

/// A message of the longest kind.
fn text(mut piece: impl FnMut() -> String) -> String {
    let mut text = String::new();
    while text.chars().count() < MessageText::MAX_CHARS {
        text += &piece();
    }
    text.chars().take(MessageText::MAX_CHARS).collect()
}

/// Phrases as a shop would write them: words in a row, parts of words, and several words anywhere in a sentence.
fn phrases(random: &mut StdRng) -> Vec<String> {
    let mut phrases = BTreeSet::new();
    while phrases.len() < PHRASES {
        phrases.insert(match random.random_range(0..4) {
            0 => han(random, 3),
            1 => words(random, 2),
            2 => words(random, 1) + "*",
            _several => format!("{}|{} + {}", words(random, 1), words(random, 1), words(random, 2)),
        });
        // One word alone soon gives no new phrase.
        phrases.insert(han(random, 4));
    }
    phrases.into_iter().take(PHRASES).collect()
}

/// What fits a phrase.
fn plain(phrase: &str) -> String {
    phrase.replace(['|', '+', '*'], " ")
}

fn words(random: &mut StdRng, count: usize) -> String {
    let all: Vec<&str> = WORDS.split_whitespace().collect();
    let chosen: Vec<&str> = (0..count).filter_map(|_| all.choose(random).copied()).collect();
    chosen.join(" ")
}

fn han(random: &mut StdRng, count: usize) -> String {
    let all: Vec<char> = HAN.chars().collect();
    (0..count).filter_map(|_| all.choose(random)).collect()
}

/// R0 takes phrases beside its own; R11 is off unless a shop wants it.
fn document(phrases: &[String]) -> String {
    let half = |first: usize| phrases.iter().skip(first).step_by(2).map(|phrase| format!("\"{phrase}\""));
    let list = |first: usize| half(first).collect::<Vec<_>>().join(",");
    format!("[rules.R0.phrases]\nen = [{}]\n[rules.R11]\non = true\n[rules.R11.phrases]\nen = [{}]\n", list(0), list(1))
}
