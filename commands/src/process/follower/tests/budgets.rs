//! Budgets: a level is noted once a day, whoever dies or is frozen on the way, and whoever goes on knows what was spent.

use std::sync::Arc;

use domain::{
    budget::{DailyBudgets, PerAssistant},
    settings::{
        Event,
        event::{BudgetLevel, BudgetReached},
    },
};
use event_store::{Position, StreamVersion};
use jiff::tz::TimeZone;

use super::super::{ProcessError, worker::Worker};
use crate::{
    assistants::{BudgetThen, Budgets},
    process::{
        Context, StoreError, WatchBudgets,
        fixture::{Fixture, start, until},
    },
    settings::{SettingsInForce, VersionZero, budget::budget_stream},
};

fn manager(fixture: &Fixture, each: &str) -> WatchBudgets {
    let settings = SettingsInForce::starting_with(VersionZero::default(), Position::START).expect("it is readable");
    let money = each.parse().expect("it is a budget");
    let daily = DailyBudgets { money, currency: "USD".to_owned(), tokens: PerAssistant::default() };
    let (then, clock) = (BudgetThen::Next, fixture.clock.clone());
    WatchBudgets::new(&Arc::new(Budgets::new(daily, then, TimeZone::UTC, Arc::new(settings), clock)))
        .expect("one is set")
}

async fn worker<'a>(fixture: &Fixture, context: &'a Context, manager: &'a WatchBudgets) -> Worker<'a> {
    let lease = context.store.acquire("budgets", &context.node).await.expect("answers").expect("it is free");
    let mut worker = Worker::begin(context, manager, lease).await.expect("begins");
    let cursor = context.store.cursor("budgets", &fixture.memory).await.expect("answers").expect("it is there");
    worker.react_to(fixture.chunk(context, cursor.position).await).await.expect("it reacts");
    worker
}

/// What one does that lives.
async fn works(fixture: &Fixture, context: &Context, manager: &WatchBudgets) {
    let mut worker = worker(fixture, context, manager).await;
    worker.decide();
    worker.flush().await.expect("it is committed");
}

/// Assistant, percent and what was spent, in the order of the log.
async fn reached(fixture: &Fixture) -> Vec<(String, u8, u64)> {
    let journal = journal::Journal::sealed(Arc::new(fixture.memory.clone()));
    let events = journal.whole_stream(&budget_stream(), StreamVersion::NONE).await.expect("the log answers");
    let note = |event: &Event| match event {
        Event::BudgetReached(BudgetReached { assistant, level, spent, .. }) => {
            (assistant.clone(), level.percent(), spent.number())
        }
        Event::Published(_)
        | Event::RolledBack(_)
        | Event::QuickReplySaved(_)
        | Event::PersonalQuickReplySaved(_)
        | Event::QuickReplyRemoved(_)
        | Event::LogRestored(_) => panic!("{event:?}"),
    };
    events.iter().filter_map(|decoded| decoded.event().settings()).map(note).collect()
}

fn coze(level: BudgetLevel, spent: u64) -> (String, u8, u64) {
    ("coze".to_owned(), level.percent(), spent)
}

#[tokio::test]
async fn whatever_step_it_dies_after_each_level_is_recorded_once() {
    for steps in 0..=4 {
        let fixture = Fixture::new().await;
        let (context, manager) = (fixture.node("a").await, manager(&fixture, "1.00"));
        works(&fixture, &context, &manager).await;
        fixture.costs(&context, 1, "coze", 700_000).await;
        works(&fixture, &context, &manager).await;
        fixture.costs(&context, 2, "coze", 400_000).await;
        let mut dying = worker(&fixture, &context, &manager).await;
        match steps {
            0 => {}
            1 | 2 => {
                dying.decide();
                for _ in 0..steps {
                    assert!(dying.send_next().await.expect("it is sent"));
                }
            }
            3 => {
                dying.decide();
                dying.send().await.expect("they are sent");
            }
            _ => {
                dying.decide();
                dying.flush().await.expect("it is committed");
            }
        }
        drop(dying);

        works(&fixture, &fixture.node("a").await, &manager).await;
        works(&fixture, &fixture.node("a").await, &manager).await;
        let expected = [coze(BudgetLevel::Warning, 1_100_000), coze(BudgetLevel::Spent, 1_100_000)];
        assert_eq!(reached(&fixture).await, expected, "{steps}");
    }
}

/// A warning was sent and not written down; more is spent before the next one looks: the same warning keeps its content.
#[tokio::test]
async fn what_was_recorded_before_a_crash_is_unchanged() {
    let fixture = Fixture::new().await;
    let (context, manager) = (fixture.node("a").await, manager(&fixture, "1.00"));
    works(&fixture, &context, &manager).await;
    fixture.costs(&context, 1, "coze", 800_000).await;
    let mut dying = worker(&fixture, &context, &manager).await;
    dying.decide();
    dying.send().await.expect("it is sent");
    drop(dying);
    fixture.costs(&context, 2, "coze", 100_000).await;
    works(&fixture, &fixture.node("a").await, &manager).await;
    assert_eq!(reached(&fixture).await, [coze(BudgetLevel::Warning, 800_000)]);
}

#[tokio::test]
async fn a_frozen_holder_notes_nothing_twice_and_writes_nothing() {
    let fixture = Fixture::new().await;
    let (frozen_node, other_node, manager) =
        (fixture.node("a").await, fixture.node("b").await, manager(&fixture, "1.00"));
    works(&fixture, &frozen_node, &manager).await;
    fixture.expire_leases().await;
    fixture.costs(&frozen_node, 1, "coze", 800_000).await;
    let mut frozen = worker(&fixture, &frozen_node, &manager).await;
    frozen.decide();
    fixture.expire_leases().await;
    works(&fixture, &other_node, &manager).await;
    let head = fixture.head().await;
    frozen.send().await.expect("its commands are answered as the first time");
    assert_eq!(fixture.head().await, head, "a late command changed something");
    let late = frozen.commit().await;
    assert!(matches!(late, Err(ProcessError::Store(StoreError::Fenced { .. }))), "{late:?}");
    assert_eq!(reached(&fixture).await, [coze(BudgetLevel::Warning, 800_000)]);
}

/// Its rows know what an earlier holder read; and one whose store was lost reads history and notes nothing anew.
#[tokio::test]
async fn whoever_goes_on_knows_what_was_spent() {
    let fixture = Fixture::new().await;
    let (first, second) = (fixture.node("a").await, fixture.node("b").await);
    let manager = manager(&fixture, "1.00");
    fixture.costs(&first, 1, "coze", 500_000).await;
    works(&fixture, &first, &manager).await;
    assert_eq!(fixture.count("select count(*) from state").await, 1, "the attempt is over: the sums are all");
    fixture.expire_leases().await;
    fixture.costs(&first, 2, "coze", 300_000).await;
    works(&fixture, &second, &manager).await;
    assert_eq!(reached(&fixture).await, [coze(BudgetLevel::Warning, 800_000)]);
    fixture.execute("delete from checkpoint").await;
    fixture.execute("delete from state").await;
    fixture.expire_leases().await;
    works(&fixture, &first, &manager).await;
    assert_eq!(reached(&fixture).await.len(), 1);
    fixture.expire_leases().await;
    fixture.costs(&first, 3, "coze", 200_000).await;
    works(&fixture, &first, &manager).await;
    assert_eq!(reached(&fixture).await.last(), Some(&coze(BudgetLevel::Spent, 1_000_000)));
}

#[tokio::test]
async fn it_notes_while_it_runs_and_a_raised_budget_is_another_one() {
    let fixture = Fixture::new().await;
    let context = fixture.node("a").await;
    let running = start(&context, manager(&fixture, "openai=0.50,coze=1.00"));
    fixture.costs(&context, 1, "faq", 5_000_000).await;
    fixture.costs(&context, 2, "coze", 1_000_000).await;
    until("both levels are noted", async || reached(&fixture).await.len() == 2).await;
    running.stop.send_replace(true);
    running.task.await.expect("it does not panic").expect("it was told to stop");
    let raised = start(&context, manager(&fixture, "coze=1.25"));
    until("the warning of the new budget", async || reached(&fixture).await.len() == 3).await;
    fixture.costs(&context, 3, "coze", 250_000).await;
    until("it is spent as well", async || reached(&fixture).await.last() == Some(&coze(BudgetLevel::Spent, 1_250_000)))
        .await;
    raised.stop.send_replace(true);
    raised.task.await.expect("it does not panic").expect("it was told to stop");
}
