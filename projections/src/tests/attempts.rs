//! Attempts of assistants: given events, then rows; given rows, then sums.

use domain::{
    RunId, SessionId,
    session::event::{Cost, FailureCode, Outcome, Tokens},
};
use event_store::{Position, sql::Database};
use jiff::{SignedDuration, Timestamp};
use testkit::SessionDriver;
use uuid::Uuid;

use super::fixture::Fixture;
use crate::{AttemptEnd, Reading, UsageBy, catalogue};

#[tokio::test]
async fn each_attempt_says_how_it_ended_and_the_last_failure_came_to_the_fallback_reply() {
    let fixture = Fixture::new();
    let mut thread = SessionDriver::new(&fixture.log, "s");
    thread.says("a").write().await;
    thread.starts_run().write().await;
    thread.fails(None).write().await;
    thread.retakes_run().write().await;
    thread.retakes_run().write().await;
    thread.fails(Some("later")).write().await;
    let last = thread.says("b").starts_run().write().await.unwrap();
    let running = fixture.caught_up().await;
    let attempts = running.views.reading().await.unwrap().attempts(thread.session()).await.unwrap();
    let ends: Vec<_> = attempts.iter().map(|one| (one.attempt, one.ended.map(|(end, _)| end), one.failure)).collect();
    let timed_out = Some(FailureCode::TimedOut);
    assert_eq!(
        ends,
        [
            (1, Some(AttemptEnd::Failed), timed_out),
            (2, Some(AttemptEnd::Retaken), None),
            (3, Some(AttemptEnd::Unavailable), timed_out),
            (1, None, None),
        ]
    );
    assert_eq!((attempts[1].ended.unwrap().1, attempts[1].position), (attempts[2].began_at, attempts[2].began));
    assert!(attempts[2].position > attempts[2].began && attempts[3].began == last && attempts[3].position == last);
    assert_eq!(attempts[0].run, attempts[2].run);
}

#[tokio::test]
async fn choices_are_kept_with_the_reply_and_only_with_it() {
    let fixture = Fixture::new();
    let mut thread = SessionDriver::new(&fixture.log, "s");
    thread.says("a").starts_run().write().await;
    let choices = vec!["one \"two\"".to_owned(), "三".to_owned()];
    thread.offers("did you mean", choices.clone()).write().await;
    thread.asks("b", "c", Outcome::Answered).write().await;
    let running = fixture.caught_up().await;
    for audience in [crate::Audience::Customer, crate::Audience::Staff] {
        let messages = running.views.messages(thread.session(), audience, None, 50).await.unwrap();
        let found: Vec<_> = messages.iter().filter(|one| !one.suggestions.is_empty()).collect();
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].content.as_deref(), &found[0].suggestions), (Some("did you mean"), &choices));
    }
}

const SESSION: SessionId = SessionId(Uuid::from_u128(7));
const RUN: RunId = RunId(Uuid::from_u128(8));

/// Seconds of an attempt's beginning and end, what it came to, tokens, and cost.
type Row<'a> = (i64, Option<(i64, &'a str)>, Option<i64>, Option<(i64, &'a str)>);

async fn reading_of(rows: &[Row<'_>]) -> Reading {
    let database = Database::scratch().await.unwrap();
    let mut tx = database.begin().await.unwrap();
    for statement in catalogue::all().iter().flat_map(|one| one.schema()) {
        tx.execute(statement, &[]).await.unwrap();
    }
    let insert = "insert into assistant_attempt (began, run, attempt, session, assistant, variant, began_at, ended_at,
        outcome, tokens_in, tokens_out, cost_micros, currency, position)
        values ($1, $2, $1, $3, 'faq', null, $4, $5, $6, $7, $7, $8, $9, $1)";
    let (run, session) = (RUN.to_string(), SESSION.to_string());
    for (place, (began, ended, tokens, cost)) in rows.iter().enumerate() {
        let values = [
            (place as u64 + 1).into(),
            (&*run).into(),
            (&*session).into(),
            (began * 1_000_000).into(),
            ended.map(|(at, _)| at * 1_000_000).into(),
            ended.map(|(_, outcome)| outcome).into(),
            (*tokens).into(),
            cost.map(|(micros, _)| micros).into(),
            cost.map(|(_, currency)| currency).into(),
        ];
        tx.execute(insert, &values).await.unwrap();
    }
    tx.commit().await.unwrap();
    Reading::of(&database, Position(99)).await.unwrap()
}

fn second(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

#[tokio::test]
async fn sums_are_of_the_attempts_that_began_in_the_period_and_of_each_currency_alone() {
    let rows = [
        (9, Some((99, "answered")), Some(1), Some((1, "EUR"))),
        (10, Some((11, "answered")), Some(2), Some((5, "EUR"))),
        (11, Some((13, "unavailable")), None, None),
        (12, Some((9, "failed")), Some(3), Some((7, "USD"))),
        (13, None, None, None),
        (14, Some((24, "withheld")), Some(4), Some((11, "EUR"))),
        (20, Some((99, "answered")), Some(1), Some((1, "EUR"))),
    ];
    let mut reading = reading_of(&rows).await;
    let period = [(second(10), second(20))];
    for by in UsageBy::ALL {
        let found = reading.usage(by, &period, 10, 0).await.unwrap();
        let [usage] = &*found else { panic!("{by:?}: {found:?}") };
        let counts = (usage.attempts, usage.answered, usage.failed, usage.withheld, usage.offered);
        assert_eq!((counts, usage.tokens), ((5, 1, 2, 1, 0), Tokens { input: 9, output: 9 }), "{by:?}");
        let amounts = [(16, "EUR"), (7, "USD")].map(|(micros, one)| Cost { micros, currency: one.to_owned() });
        assert_eq!(usage.cost, amounts, "{by:?}");
        // 0, 1, 2 and 10 seconds: a clock was set back.
        let seconds = |n| Some(SignedDuration::from_secs(n));
        assert_eq!((usage.p50, usage.p99), (seconds(1), seconds(10)), "{by:?}");
        assert_eq!(
            (usage.session.is_some(), usage.run.is_some()),
            match by {
                UsageBy::Day | UsageBy::Assistant => (false, false),
                UsageBy::Session => (true, false),
                UsageBy::Run => (true, true),
            }
        );
        assert!(reading.usage(by, &period, 10, 1).await.unwrap().is_empty(), "{by:?}: the page after it");
        assert!(reading.usage(by, &[], 10, 0).await.unwrap().is_empty());
    }
    let all = reading.session_usage(SESSION).await.unwrap();
    assert_eq!((all.attempts, all.tokens.input, all.cost.len()), (7, 11, 2));
}

#[tokio::test]
async fn counts_beyond_all_reason_stop_no_sum() {
    let row = || (10, Some((11, "answered")), Some(i64::MAX), Some((i64::MAX, "EUR")));
    let mut reading = reading_of(&[row(), row(), row()]).await;
    let found = reading.usage(UsageBy::Day, &[(second(0), second(20))], 10, 0).await.unwrap();
    assert_eq!((found[0].attempts, found[0].tokens.input), (3, u64::MAX));
    assert_eq!(reading.session_usage(SESSION).await.unwrap().cost[0].micros, u64::MAX);
}
