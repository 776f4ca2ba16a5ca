//! Questions about what assistants were asked and what that cost, and the oracle's answers.

use std::collections::BTreeMap;

use domain::SessionId;
use jiff::{SignedDuration, Timestamp};
use projections::{Reading, SessionUsage, UsageBy, ViewsError};
use serde_json::Value;
use tests::oracle::{Oracle, Told, attempts, session_usage, usage};

use super::{ALL, Examination, Question, json};
use crate::oracle::served;

#[derive(Debug, Clone)]
pub(in crate::oracle) enum Asked {
    Attempts(SessionId),
    OfSession(SessionId),
    Usage { by: UsageBy, periods: Vec<(Timestamp, Timestamp)>, limit: u32, offset: u64 },
}

impl Asked {
    pub(super) fn session(&self) -> Option<SessionId> {
        match self {
            Self::Attempts(session) | Self::OfSession(session) => Some(*session),
            Self::Usage { .. } => None,
        }
    }
}

impl Examination {
    pub(super) fn about_attempts(&mut self, session: SessionId, events: &[&Told]) {
        self.0.push((Question::Assistants(Asked::Attempts(session)), json(attempts(events))));
        self.0.push((Question::Assistants(Asked::OfSession(session)), json(session_usage(events))));
    }

    /// Periods that begin and end with attempts, and the whole time of the log.
    pub(super) fn about_usage(&mut self, oracle: &Oracle) {
        let all: Vec<_> = oracle.by_session().values().flat_map(|events| attempts(events)).collect();
        let mut times: Vec<Timestamp> = all.iter().map(|attempt| attempt.began_at).collect();
        times.sort_unstable();
        let (Some(first), Some(last)) = (times.first(), times.last()) else { return };
        let end = *last + SignedDuration::from_micros(1);
        let thirds = [*first, times[times.len() / 3], times[times.len() * 2 / 3], end];
        let parts: Vec<_> = thirds.windows(2).map(|pair| (pair[0], pair[1])).collect();
        for periods in [parts.clone(), vec![(*first, end)], vec![(*first, *last)], vec![parts[1]]] {
            for by in UsageBy::ALL {
                let sums = usage(oracle, by.as_str(), &periods);
                for (limit, offset) in [(ALL, 0), (2, 1)] {
                    let page: Vec<_> = sums.iter().skip(offset).take(limit as usize).collect();
                    let asked = Asked::Usage { by, periods: periods.clone(), limit, offset: offset as u64 };
                    self.0.push((Question::Assistants(asked), json(page)));
                }
            }
        }
    }
}

/// Asks one state.
pub(super) async fn ask(reading: &mut Reading, asked: &Asked) -> Result<Value, ViewsError> {
    Ok(match asked {
        Asked::Attempts(session) => {
            json(reading.attempts(*session).await?.into_iter().map(served::attempt).collect::<Vec<_>>())
        }
        Asked::OfSession(session) => {
            let SessionUsage { attempts, tokens, cost } = reading.session_usage(*session).await?;
            let cost: BTreeMap<_, _> = cost.into_iter().map(|cost| (cost.currency, cost.micros)).collect();
            json((attempts, (tokens.input, tokens.output), cost))
        }
        Asked::Usage { by, periods, limit, offset } => {
            let groups = reading.usage(*by, periods, *limit, *offset).await?;
            json(groups.into_iter().map(served::usage).collect::<Vec<_>>())
        }
    })
}
