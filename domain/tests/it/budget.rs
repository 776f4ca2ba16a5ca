//! The sums of a day: what counts, when a level is reached, and what whoever goes on knows.

use domain::{
    Incarnation, Language, MessageId, Personal, RunId, SessionId,
    budget::{DailyBudgets, Ledger, LevelReached, PerAssistant, RowOf},
    session::{
        Event,
        event::{
            AssistantFailed, AssistantReplied, AssistantReplyWithheld, AssistantRunStarted, Cost, FailureCode, Outcome,
            Tokens, WithheldReason,
        },
    },
    settings::{
        self,
        budget::{State, note},
        event::{Amount, BudgetLevel, BudgetReached},
    },
};
use jiff::{SignedDuration, Timestamp, civil::Date};
use proptest::prelude::*;
use serde_json::Value;
use uuid::Uuid;

const DAY: &str = "2026-11-30";

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn at(hours: i64) -> Timestamp {
    Timestamp::from_second(1_795_000_000).unwrap() + SignedDuration::from_hours(hours)
}

fn session(n: u128) -> SessionId {
    SessionId(Uuid::from_u128(n))
}

fn run(n: u128) -> RunId {
    RunId(Uuid::from_u128(n))
}

fn budgets(money: &str, tokens: &str) -> DailyBudgets {
    let money = if money.is_empty() { PerAssistant::default() } else { money.parse().unwrap() };
    let tokens = if tokens.is_empty() { PerAssistant::default() } else { tokens.parse().unwrap() };
    DailyBudgets { money, currency: "USD".to_owned(), tokens }
}

fn started(n: u128, attempt: u32, assistant: &str) -> Event {
    Event::AssistantRunStarted(AssistantRunStarted {
        run: run(n),
        attempt,
        incarnation: Incarnation(Uuid::nil()),
        assistant: assistant.to_owned(),
        variant: None,
        deadline: at(0) + SignedDuration::from_mins(2),
        messages: Vec::new(),
    })
}

fn usd(micros: u64) -> Option<Cost> {
    Some(Cost { micros, currency: "USD".to_owned() })
}

fn tokens(input: u64, output: u64) -> Option<Tokens> {
    Some(Tokens { input, output })
}

fn replied(n: u128, attempt: u32, cost: Option<Cost>, tokens: Option<Tokens>) -> Event {
    Event::AssistantReplied(AssistantReplied {
        run: run(n),
        attempt,
        message: MessageId(Uuid::nil()),
        answers: Vec::new(),
        outcome: Outcome::Answered,
        language: Language::En,
        confidence_permille: None,
        tokens,
        cost,
        sources: Vec::new(),
        rule_signals: Vec::new(),
        reply: Personal::Erased,
    })
}

fn failed(n: u128, attempt: u32, cost: Option<Cost>) -> Event {
    let (code, detail) = (FailureCode::TimedOut, Personal::Erased);
    let (run, error_code, retries, tokens) = (run(n), None, true, None);
    Event::AssistantFailed(AssistantFailed { run, attempt, code, error_code, retries, tokens, cost, detail })
}

fn withheld(n: u128, attempt: u32, cost: Option<Cost>) -> Event {
    let (reason, withheld) = (WithheldReason::Superseded, Personal::Erased);
    Event::AssistantReplyWithheld(AssistantReplyWithheld { run: run(n), attempt, reason, tokens: None, cost, withheld })
}

fn take(ledger: &mut Ledger, event: &Event) {
    ledger.take(session(1), event, at(0), day(DAY), Uuid::from_u128(7));
}

/// Assistant, level and what was spent.
fn reached(ledger: &mut Ledger) -> Vec<(String, u8, u64)> {
    let short = |LevelReached { reached, .. }: LevelReached| {
        (reached.assistant, reached.level.percent(), reached.spent.number())
    };
    ledger.reached().into_iter().map(short).collect()
}

fn noted(level: u8, spent: u64) -> (String, u8, u64) {
    ("coze".to_owned(), level, spent)
}

#[test]
fn answers_failures_and_what_is_withheld_count_and_each_level_is_said_once() {
    let mut ledger = Ledger::new(budgets("1.00", ""));
    take(&mut ledger, &started(1, 1, "coze"));
    take(&mut ledger, &failed(1, 1, usd(300_000)));
    take(&mut ledger, &started(1, 2, "coze"));
    take(&mut ledger, &started(2, 1, "coze"));
    take(&mut ledger, &withheld(1, 2, usd(499_999)));
    assert_eq!(reached(&mut ledger), []);
    take(&mut ledger, &replied(2, 1, usd(1), None));
    assert_eq!(reached(&mut ledger), [noted(80, 800_000)]);
    assert_eq!(reached(&mut ledger), []);
    take(&mut ledger, &started(3, 1, "coze"));
    take(&mut ledger, &replied(3, 1, usd(900_000), None));
    let all = ledger.reached();
    let expected = BudgetReached {
        assistant: "coze".to_owned(),
        day: day(DAY),
        level: BudgetLevel::Spent,
        spent: Amount::Money(usd(1_700_000).unwrap()),
        budget: Amount::Money(usd(1_000_000).unwrap()),
    };
    assert_eq!(all, [LevelReached { cause: Uuid::from_u128(7), reached: expected }]);
}

#[test]
fn both_levels_may_be_reached_at_once_and_tokens_are_counted_together() {
    let mut ledger = Ledger::new(budgets("", "coze=1000"));
    take(&mut ledger, &started(1, 1, "coze"));
    take(&mut ledger, &replied(1, 1, None, tokens(600, 400)));
    assert_eq!(reached(&mut ledger), [noted(80, 1000), noted(100, 1000)]);
}

#[test]
fn what_is_no_assistants_budget_is_not_counted() {
    let mut ledger = Ledger::new(budgets("coze=1.00", ""));
    take(&mut ledger, &started(1, 1, "openai"));
    take(&mut ledger, &replied(1, 1, usd(9_000_000), None));
    take(&mut ledger, &started(2, 1, "coze"));
    take(&mut ledger, &replied(2, 1, Some(Cost { micros: 9_000_000, currency: "CNY".to_owned() }), None));
    take(&mut ledger, &replied(2, 1, usd(9_000_000), None));
    take(&mut ledger, &replied(3, 1, usd(9_000_000), None));
    assert_eq!(
        reached(&mut ledger),
        [],
        "another assistant, another currency, an attempt twice, one that began nowhere"
    );
    let mut free = Ledger::new(budgets("1.00", ""));
    take(&mut free, &started(1, 1, "faq"));
    assert_eq!(free.changed_rows(), [], "nothing is remembered of what costs nothing");
}

#[test]
fn a_new_day_begins_at_nothing_and_forgets_attempts_that_never_ended() {
    let mut ledger = Ledger::new(budgets("1.00", ""));
    take(&mut ledger, &started(1, 1, "coze"));
    take(&mut ledger, &replied(1, 1, usd(2_000_000), None));
    assert_eq!(reached(&mut ledger).len(), 2);
    ledger.take(session(9), &started(9, 1, "coze"), at(0), day(DAY), Uuid::nil());
    ledger.take(session(2), &started(2, 1, "coze"), at(0), day(DAY), Uuid::nil());
    ledger.changed_rows();
    ledger.take(session(2), &replied(2, 1, usd(850_000), None), at(20), day("2026-12-01"), Uuid::nil());
    assert_eq!(reached(&mut ledger), [noted(80, 850_000)]);
    let rows = ledger.changed_rows();
    assert!(rows.contains(&(RowOf::Session(session(9)), Value::Null)), "{rows:?}");
    ledger.take(session(3), &started(3, 1, "coze"), at(20), day(DAY), Uuid::nil());
    ledger.take(session(3), &replied(3, 1, usd(150_000), None), at(20), day(DAY), Uuid::nil());
    assert_eq!(reached(&mut ledger), [noted(100, 1_000_000)], "a day that the clock goes back to is not begun anew");
}

#[test]
fn an_attempt_under_way_at_midnight_still_counts() {
    let mut ledger = Ledger::new(budgets("1.00", ""));
    take(&mut ledger, &started(1, 1, "coze"));
    take(&mut ledger, &started(2, 1, "coze"));
    ledger.take(session(1), &replied(1, 1, usd(1), None), at(0), day("2026-12-01"), Uuid::nil());
    ledger.take(session(1), &replied(2, 1, usd(999_999), None), at(0), day("2026-12-01"), Uuid::nil());
    assert_eq!(reached(&mut ledger).len(), 2);
}

#[test]
fn no_session_has_more_than_a_few_attempts_under_way() {
    let mut ledger = Ledger::new(budgets("1.00", ""));
    for attempt in 1..100 {
        take(&mut ledger, &started(1, attempt, "coze"));
    }
    let rows = ledger.changed_rows();
    let [(RowOf::Session(_), Value::Array(attempts))] = &*rows else { panic!("{rows:?}") };
    assert_eq!(attempts.len(), 4);
    take(&mut ledger, &replied(1, 99, usd(800_000), None));
    assert_eq!(reached(&mut ledger), [noted(80, 800_000)], "the newest are those that count");
}

/// What an attempt does.
#[derive(Debug, Clone)]
enum Step {
    Start(u128, u32),
    Reply(u128, u32, u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (0..4u128, 1..3u32).prop_map(|(run, attempt)| Step::Start(run, attempt)),
        (0..4u128, 1..3u32, 0..400_000u64).prop_map(|(run, attempt, micros)| Step::Reply(run, attempt, micros)),
    ];
    prop::collection::vec(step, 0..40)
}

fn do_step(ledger: &mut Ledger, step: &Step) {
    match step {
        Step::Start(run, attempt) => take(ledger, &started(*run, *attempt, "coze")),
        Step::Reply(run, attempt, micros) => take(ledger, &replied(*run, *attempt, usd(*micros), None)),
    }
}

proptest! {
    /// The rows of one that dies after any step, given to its successor, lead to the same as if it had lived.
    #[test]
    fn whoever_goes_on_from_the_rows_notes_the_same(steps in steps(), end in 0..40usize) {
        let mut whole = Ledger::new(budgets("1.00", ""));
        let (mut first, mut rows) = (Ledger::new(budgets("1.00", "")), Vec::<(RowOf, Value)>::new());
        let mut said = (Vec::new(), Vec::new());
        let end = end.min(steps.len());
        for step in &steps[..end] {
            do_step(&mut whole, step);
            do_step(&mut first, step);
            said.0.extend(reached(&mut whole));
            said.1.extend(reached(&mut first));
            for (of, row) in first.changed_rows() {
                rows.retain(|(other, _)| *other != of);
                rows.push((of, row));
            }
        }
        let mut second = Ledger::new(budgets("1.00", ""));
        for row in rows.into_iter().filter(|(_, row)| !row.is_null()) {
            second.restore(row).unwrap();
        }
        for step in &steps[end..] {
            do_step(&mut whole, step);
            do_step(&mut second, step);
            said.0.extend(reached(&mut whole));
            said.1.extend(reached(&mut second));
        }
        prop_assert_eq!(said.0, said.1);
    }
}

#[test]
fn a_row_that_is_none_is_refused() {
    for (of, row) in [(RowOf::Day, "7"), (RowOf::Session(session(1)), "[]"), (RowOf::Session(session(1)), "null")] {
        let row: Value = serde_json::from_str(row).unwrap();
        assert!(Ledger::new(budgets("1.00", "")).restore((of, row)).is_err());
    }
}

#[test]
fn the_same_level_of_the_same_budget_is_noted_once_a_day() {
    let level = |day: &str, level, budget| BudgetReached {
        assistant: "coze".to_owned(),
        day: day.parse().unwrap(),
        level,
        spent: Amount::Tokens(100),
        budget: Amount::Tokens(budget),
    };
    let state = |noted: &[BudgetReached]| {
        noted
            .iter()
            .cloned()
            .map(settings::Event::BudgetReached)
            .fold(State::default(), |state, event| state.evolve(&event))
    };
    let first = level(DAY, BudgetLevel::Warning, 100);
    let after = state(std::slice::from_ref(&first));
    let is_new = |reached: BudgetReached| !note(&after, reached).is_empty();
    assert!(!is_new(BudgetReached { spent: Amount::Tokens(101), ..first.clone() }), "whatever was spent meanwhile");
    assert!(is_new(level(DAY, BudgetLevel::Spent, 100)) && is_new(level(DAY, BudgetLevel::Warning, 200)));
    assert!(is_new(BudgetReached { assistant: "openai".to_owned(), ..first.clone() }));
    assert!(is_new(level("2026-12-01", BudgetLevel::Warning, 100)));
    assert!(!is_new(level("2026-11-29", BudgetLevel::Warning, 100)), "that day is over");
    let next = state(&[first, level("2026-12-01", BudgetLevel::Spent, 100)]);
    assert_eq!((next.of(day(DAY)).count(), next.of(day("2026-12-01")).count()), (0, 1));
}
