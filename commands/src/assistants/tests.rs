//! Who is asked, in which order, and what an assistant that stalls, fails or is full does to a question.

use std::sync::Mutex;

use domain::{Language, RunId, SessionId, session::event::FailureCode, session::event::Outcome};
use futures::StreamExt as _;
use serde_json::Map;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::*;
use crate::assistant::{Answering, Completion, Piece, Question};

/// How an answer goes: milliseconds before each piece.
type Script = Vec<(u64, Result<Piece, AssistantError>)>;

struct Scripted {
    name: &'static str,
    script: Mutex<Script>,
}

impl Assistant for Scripted {
    fn name(&self) -> &str {
        self.name
    }

    fn answer(&self, _: Question) -> Answering {
        let script = self.script.lock().expect("no panics").clone();
        Box::pin(async_stream::stream! {
            for (pause, piece) in script {
                sleep(Duration::from_millis(pause)).await;
                yield piece;
            }
        })
    }
}

fn text(text: &str) -> Result<Piece, AssistantError> {
    Ok(Piece::Text(text.to_owned()))
}

fn done() -> Result<Piece, AssistantError> {
    Ok(Piece::Done(Completion::new(Outcome::Answered)))
}

fn fails(code: FailureCode) -> Result<Piece, AssistantError> {
    Err(AssistantError::new(code, "it quotes the customer"))
}

fn guarded(name: &'static str, script: Script, limits: Limits) -> Arc<Guarded> {
    Arc::new(Guarded::new(Arc::new(Scripted { name, script: Mutex::new(script) }), limits, None))
}

fn question() -> Question {
    Question {
        session: SessionId(Uuid::nil()),
        request: Uuid::nil(),
        run: RunId(Uuid::nil()),
        attempt: 1,
        messages: vec!["hello".to_owned()],
        history: Vec::new(),
        language: Language::En,
        parameters: Map::new(),
        assistant_context: None,
        earlier: None,
    }
}

/// The last piece of an answer, and how long it took.
async fn end(guarded: &Arc<Guarded>) -> (Duration, Result<Piece, AssistantError>) {
    let began = Instant::now();
    let last = guarded.answer(question()).fold(None, async |_, piece| Some(piece)).await;
    (began.elapsed(), last.expect("it ends with something"))
}

fn code(end: &Result<Piece, AssistantError>) -> Option<FailureCode> {
    end.as_ref().err().map(|error| error.code)
}

fn three() -> Assistants {
    let names = ["coze", "openai", "faq"];
    Assistants::new(names.map(|name| guarded(name, vec![(0, done())], Limits::default())).into())
}

fn next(assistants: &Assistants, asked: &[&str], again: bool) -> Option<String> {
    let asked: Vec<String> = asked.iter().map(|name| (*name).to_owned()).collect();
    assistants.choose(Tried { asked: &asked, again }, None).map(|member| member.name().to_owned())
}

#[tokio::test]
async fn each_assistant_is_asked_so_often_and_then_the_next() {
    let assistants = three();
    let chosen = |asked: &[&str], again| next(&assistants, asked, again);
    assert_eq!(chosen(&[], false).as_deref(), Some("coze"));
    assert_eq!(chosen(&["coze"], true).as_deref(), Some("coze"));
    assert_eq!(chosen(&["coze"], false).as_deref(), Some("openai"), "asking again does not help");
    assert_eq!(chosen(&["coze", "coze"], true).as_deref(), Some("openai"), "two attempts are all");
    assert_eq!(chosen(&["coze", "openai"], false).as_deref(), Some("faq"), "never back");
    assert_eq!(chosen(&["coze", "openai", "faq"], false), None);
    assert_eq!(chosen(&["gone"], true).as_deref(), Some("coze"), "one that is no longer set");
}

/// Everybody who is asked in a run whose assistants all fail at once.
fn asked_in(order: &[&str]) -> Vec<String> {
    let (assistants, mut asked) = (three(), Vec::new());
    let order: Vec<String> = order.iter().map(|name| (*name).to_owned()).collect();
    asked.push(assistants.first(Some(&order)).name().to_owned());
    while let Some(next) = assistants.choose(Tried { asked: &asked, again: false }, Some(&order)) {
        asked.push(next.name().to_owned());
    }
    asked
}

#[tokio::test]
async fn a_variant_has_an_order_of_its_own_and_the_faq_stays_the_last_resort() {
    for (order, expected) in [
        (&["openai", "coze"][..], &["openai", "coze", "faq"][..]),
        (&["openai"], &["openai", "faq"]),
        (&["faq"], &["faq"]),
        (&["faq", "coze"], &["faq", "coze"]),
        (&["gone", "openai"], &["openai", "faq"]),
        (&["gone"], &["faq"]),
        (&[], &["faq"]),
    ] {
        assert_eq!(asked_in(order), expected, "{order:?}");
    }
    let coze = Assistants::new(vec![guarded("coze", vec![(0, done())], Limits::default())]);
    assert_eq!(coze.first(Some(&["gone".to_owned()])).name(), "coze", "nobody of the order is there");
}

#[tokio::test]
async fn a_variant_that_changes_in_the_middle_of_a_run_leads_to_nobody_twice() {
    let (assistants, order) = (three(), ["coze".to_owned(), "openai".to_owned()]);
    let asked = ["coze".to_owned(), "openai".to_owned()];
    let order_before = ["openai".to_owned(), "coze".to_owned()];
    let chosen = |order| assistants.choose(Tried { asked: &asked, again: true }, Some(order)).map(|next| next.name());
    assert_eq!(chosen(&order), Some("openai"), "it may be asked again");
    assert_eq!(chosen(&order_before), Some("openai"));
    let tried = Tried { asked: &["openai".to_owned(), "faq".to_owned()], again: true };
    assert_eq!(assistants.choose(tried, Some(&order[1..])).map(|next| next.name()), Some("faq"));
}

#[tokio::test]
async fn after_five_failures_in_a_row_the_next_assistant_is_asked() {
    let limits = Limits::default();
    let members = vec![
        guarded("coze", vec![(0, fails(FailureCode::Unavailable))], limits),
        guarded("faq", vec![(0, done())], limits),
    ];
    let assistants = Assistants::new(members);
    let coze = assistants.named("coze").expect("it is there").clone();
    for _ in 0..5 {
        assert_eq!(assistants.first(None).name(), "coze");
        let _ends_in_an_error = end(&coze).await;
    }
    assert_eq!((assistants.first(None).name(), coze.breaker()), ("faq", BreakerState::Open));
    assert_eq!(code(&end(&coze).await.1), Some(FailureCode::Unavailable), "it is not asked");
    assert_eq!(coze.measured().failures, 5);
}

#[tokio::test]
async fn a_question_that_it_does_not_take_opens_no_breaker() {
    let coze = guarded("coze", vec![(0, fails(FailureCode::Rejected))], Limits::default());
    for _ in 0..20 {
        let _ends_in_an_error = end(&coze).await;
    }
    assert_eq!((coze.breaker(), coze.measured().failures), (BreakerState::Closed, 20));
}

#[tokio::test]
async fn whoever_stalls_is_given_up() {
    let milliseconds = Duration::from_millis;
    let limits = Limits {
        total: milliseconds(600),
        first_piece: milliseconds(200),
        idle: milliseconds(100),
        ..Limits::default()
    };
    let drips = (0..100).map(|_| (20, text("."))).collect();
    let asked = Ok(Piece::Asked(domain::session::event::Asked::default()));
    for (script, at_least) in [
        (vec![(60_000, text("late"))], 200),
        (vec![(10, text("a")), (60_000, text("b"))], 110),
        (drips, 600),
        (vec![(10, asked), (60_000, text("late"))], 210),
    ] {
        let (after, last) = end(&guarded("coze", script, limits)).await;
        assert_eq!(code(&last), Some(FailureCode::TimedOut));
        assert!((milliseconds(at_least)..milliseconds(30_000)).contains(&after), "{after:?} for {at_least}");
    }
    let (_, last) = end(&guarded("coze", vec![(50, text("a")), (20, done())], limits)).await;
    assert_eq!(last, done());
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_a_failure() {
    let (_, last) = end(&guarded("coze", vec![(0, text("a"))], Limits::default())).await;
    assert_eq!(code(&last), Some(FailureCode::Malformed));
}

#[tokio::test]
async fn of_five_hundred_stalled_questions_each_ends_within_its_time() {
    let wait = Duration::from_millis(300);
    let limits = Limits { first_piece: wait, queue_time: wait, ..Limits::default() };
    let coze = guarded("coze", vec![(600_000, done())], limits);
    let ask = |_| {
        let coze = coze.clone();
        tokio::spawn(async move { end(&coze).await })
    };
    let all: Vec<_> = (0..500).map(ask).collect();
    for one in all {
        let (after, last) = one.await.expect("it does not panic");
        assert!(after < Duration::from_secs(30) && code(&last).is_some(), "{after:?}");
    }
    assert_eq!((coze.breaker(), coze.occupancy()), (BreakerState::Open, Occupancy { taken: 0, waiting: 0 }));
}

#[tokio::test]
async fn an_answer_that_nobody_waits_for_gives_its_place_back() {
    let coze = guarded("coze", vec![(60_000, text("a"))], Limits { at_once: 1, ..Limits::default() });
    let mut pieces = coze.answer(question());
    assert!(tokio::time::timeout(Duration::from_millis(50), pieces.next()).await.is_err());
    assert_eq!(coze.occupancy().taken, 1);
    drop(pieces);
    assert_eq!((coze.occupancy().taken, coze.measured()), (0, Measured::default()));
}

#[test]
fn pauses_double_and_heed_what_the_other_side_asks_for() {
    let assistants = three();
    let tried = |times| vec!["coze".to_owned(); times];
    let error = AssistantError::new(FailureCode::RateLimited, "");
    for times in 1..4 {
        let seconds = assistants.pause(&tried(times), &error, Duration::from_secs(1)).as_secs_f64();
        let doubled = 2f64.powi(i32::try_from(times).expect("it is small") - 1);
        assert!((doubled * 0.5..doubled * 1.5).contains(&seconds), "{seconds} after {times}");
    }
    let asked = error.retry_after(Some(Duration::from_secs(4)));
    assert_eq!(assistants.pause(&tried(1), &asked, Duration::from_secs(1)), Duration::from_secs(4));
}
