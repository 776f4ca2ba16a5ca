//! How the events of a session begin and end attempts.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use domain::{
    RunId, SessionId,
    session::{self, AttemptResult, Event, event::AssistantRunStarted},
};
use event_store::sql::{SqlError, Transaction, Value};
use journal::Decoded;

use super::{AttemptEnd, AttemptView, COLUMNS};
use crate::{projection::Projection, rows};

/// Folds the attempts of assistants.
#[derive(Debug)]
pub struct AttemptsProjection;

const SCHEMA: &[&str] = &[
    include_str!("../sql/assistant_attempt.sql"),
    // A run's attempts: to fold, and to show them.
    "create index assistant_attempt_by_run on assistant_attempt (run)",
];
const INDEXES: &[&str] = &[
    // What was asked on a day.
    "create index if not exists assistant_attempt_by_time on assistant_attempt (began_at)",
    // What one assistant was asked on a day.
    "create index if not exists assistant_attempt_by_assistant on assistant_attempt (assistant, began_at)",
    // A session's attempts.
    "create index if not exists assistant_attempt_by_session on assistant_attempt (session, began)",
];
const PLAIN: &[&str] = &["run", "session", "assistant", "variant", "outcome", "failure_code", "error_code", "currency"];
const INSERT: &str =
    "insert into assistant_attempt (began, run, attempt, session, assistant, variant, began_at, ended_at,
    outcome, failure_code, error_code, tokens_in, tokens_out, cost_micros, currency, position)";
const REPLACE: &str = "on conflict (began) do update set ended_at = excluded.ended_at, outcome = excluded.outcome,
    failure_code = excluded.failure_code, error_code = excluded.error_code, tokens_in = excluded.tokens_in,
    tokens_out = excluded.tokens_out, cost_micros = excluded.cost_micros, currency = excluded.currency,
    position = excluded.position where excluded.position > assistant_attempt.position";

#[async_trait]
impl Projection for AttemptsProjection {
    fn name(&self) -> &'static str {
        "assistant_attempt"
    }

    fn version(&self) -> u32 {
        1
    }

    fn schema(&self) -> &'static [&'static str] {
        SCHEMA
    }

    fn indexes(&self) -> &'static [&'static str] {
        INDEXES
    }

    fn plain_columns(&self) -> &'static [&'static str] {
        PLAIN
    }

    async fn apply(&self, tx: &mut Transaction, events: &[Decoded]) -> Result<(), SqlError> {
        let mut attempts = Attempts::load(tx, events).await?;
        for decoded in events {
            let Some((session, event)) = decoded.event().session() else { continue };
            match Change::of(event) {
                Some(Change::Begins(started)) => attempts.begin(session, started, decoded),
                Some(Change::Ends(ending)) => attempts.end(&ending, decoded),
                None => {}
            }
        }
        let rows: Vec<RowTexts<'_>> = attempts.0.values().map(RowTexts::of).collect();
        let values: Vec<_> = rows.iter().map(RowTexts::values).collect();
        rows::insert(tx, INSERT, REPLACE, &values).await
    }
}

/// What an event changes about attempts.
enum Change<'a> {
    Begins(&'a AssistantRunStarted),
    Ends(session::AttemptEnd<'a>),
}

impl<'a> Change<'a> {
    fn of(event: &'a Event) -> Option<Self> {
        if let Event::AssistantRunStarted(started) = event {
            return Some(Self::Begins(started));
        }
        event.attempt_end().map(Self::Ends)
    }

    fn run(&self) -> RunId {
        match self {
            Self::Begins(started) => started.run,
            Self::Ends(ending) => ending.run,
        }
    }
}

/// All attempts of the runs that a batch is about.
struct Attempts(BTreeMap<(RunId, u32), AttemptView>);

impl Attempts {
    /// Those of runs that begin in the batch need not be looked for.
    async fn load(tx: &mut Transaction, events: &[Decoded]) -> Result<Self, SqlError> {
        let (mut begun, mut known) = (BTreeSet::new(), BTreeSet::new());
        for change in events.iter().filter_map(|event| Change::of(event.event().session()?.1)) {
            match &change {
                Change::Begins(started) if started.attempt == 1 => drop(begun.insert(started.run)),
                Change::Begins(_) | Change::Ends(_) if begun.contains(&change.run()) => {}
                Change::Begins(_) | Change::Ends(_) => drop(known.insert(change.run())),
            }
        }
        let ids: Vec<String> = known.iter().map(ToString::to_string).collect();
        let found = rows::with_ids(tx, COLUMNS, "run", &ids).await?;
        let attempts = found.iter().map(AttemptView::from_row);
        let attempts = attempts.map(|one| one.map(|one| ((one.run, one.attempt), one)));
        attempts.collect::<Result<_, _>>().map(Self)
    }

    fn begin(&mut self, session: SessionId, started: &AssistantRunStarted, decoded: &Decoded) {
        let place = (started.run, started.attempt);
        for (_, earlier) in self.0.range_mut((started.run, 0)..place) {
            earlier.is_retaken(decoded);
        }
        self.0.entry(place).or_insert_with(|| AttemptView::begun(session, started, decoded));
    }

    fn end(&mut self, ending: &session::AttemptEnd<'_>, decoded: &Decoded) {
        if let Some(attempt) = self.0.get_mut(&(ending.run, ending.attempt)) {
            attempt.end(ending, decoded);
        }
    }
}

impl AttemptView {
    fn begun(session: SessionId, started: &AssistantRunStarted, decoded: &Decoded) -> Self {
        Self {
            began: decoded.position(),
            run: started.run,
            attempt: started.attempt,
            session,
            assistant: started.assistant.clone(),
            variant: started.variant.clone(),
            began_at: decoded.recorded().recorded_at,
            ended: None,
            failure: None,
            error_code: None,
            tokens: None,
            cost: None,
            position: decoded.position(),
        }
    }

    /// Another attempt of the run begins: where this one has not ended, nobody is at it any more.
    fn is_retaken(&mut self, decoded: &Decoded) {
        if self.ended.is_none() && self.position < decoded.position() {
            self.ended = Some((AttemptEnd::Retaken, decoded.recorded().recorded_at));
            self.position = decoded.position();
        }
    }

    /// A failure with the fallback reply behind it ended with the failure and came to the reply. One that was retaken and
    /// is heard of after all ended then, and is not free.
    fn end(&mut self, ending: &session::AttemptEnd<'_>, decoded: &Decoded) {
        if decoded.position() <= self.position {
            return;
        }
        let at = match self.ended {
            Some((AttemptEnd::Retaken, _)) | None => decoded.recorded().recorded_at,
            Some((_, at)) => at,
        };
        let end = match ending.result {
            AttemptResult::Replied(outcome) => outcome.into(),
            AttemptResult::Failed { code, error_code } => {
                self.failure = Some(code);
                self.error_code = error_code.map(str::to_owned);
                AttemptEnd::Failed
            }
            AttemptResult::Withheld => AttemptEnd::Withheld,
        };
        self.ended = Some((end, at));
        self.tokens = self.tokens.or(ending.tokens);
        self.cost = self.cost.take().or_else(|| ending.cost.cloned());
        self.position = decoded.position();
    }
}

/// An attempt with the columns that are stored as texts, for the statement's values to borrow.
struct RowTexts<'a> {
    attempt: &'a AttemptView,
    ids: [String; 2],
    outcome: Option<String>,
    failure: Option<String>,
}

impl<'a> RowTexts<'a> {
    fn of(attempt: &'a AttemptView) -> Self {
        Self {
            attempt,
            ids: [attempt.run.to_string(), attempt.session.to_string()],
            outcome: attempt.ended.map(|(end, _)| rows::code(&end)),
            failure: attempt.failure.map(|code| rows::code(&code)),
        }
    }

    /// In the order of [`INSERT`].
    fn values(&self) -> Vec<Value<'_>> {
        let attempt = self.attempt;
        let (tokens, cost) = (attempt.tokens, attempt.cost.as_ref());
        vec![
            attempt.began.0.into(),
            (&*self.ids[0]).into(),
            i64::from(attempt.attempt).into(),
            (&*self.ids[1]).into(),
            (&*attempt.assistant).into(),
            attempt.variant.as_deref().into(),
            attempt.began_at.as_microsecond().into(),
            Value::Int(attempt.ended.map(|(_, at)| at.as_microsecond())),
            self.outcome.as_deref().into(),
            self.failure.as_deref().into(),
            attempt.error_code.as_deref().into(),
            Value::Int(tokens.map(|tokens| stored(tokens.input))),
            Value::Int(tokens.map(|tokens| stored(tokens.output))),
            Value::Int(cost.map(|cost| stored(cost.micros))),
            cost.map(|cost| &*cost.currency).into(),
            attempt.position.0.into(),
        ]
    }
}

/// What comes from elsewhere may be any number; one that a column cannot hold must not stop the views.
fn stored(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
