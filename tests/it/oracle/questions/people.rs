//! Questions about the queue and about agents, and the oracle's answers.

use std::collections::BTreeSet;

use domain::{AgentId, text::Skill};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use projections::{Reading, ViewsError};
use serde_json::Value;
use tests::oracle::{Oracle, day_start, list, load, open_offers, open_transfers, queue, services, sessions_of, today};

use super::{ALL, Examination, Question, ZONES, json};
use crate::oracle::served;

/// Ends of an agent's services around which its figures are asked.
const SERVICES: usize = 20;

impl Examination {
    /// Now, and after waits of ten minutes more and more.
    pub(super) fn about_queue(&mut self, oracle: &Oracle) {
        let Some(last) = oracle.events().last() else { return };
        let of_rows = list(oracle, Some("pending_manual")).into_iter().filter_map(|row| row.group);
        let groups: BTreeSet<String> = of_rows.chain(["no session is for this group".to_owned()]).collect();
        for minutes in [0, 5, 10, 15, 25] {
            let now = last.at + SignedDuration::from_mins(minutes);
            for group in [None].into_iter().chain(groups.iter().cloned().map(Some)) {
                let all = queue(oracle, group.as_deref(), now);
                for (limit, offset) in [(ALL, 0), (2, 1)] {
                    let page: Vec<_> = all.iter().skip(offset).take(limit as usize).collect();
                    let question = Question::Queue { group: group.clone(), now, limit, offset: offset as u64 };
                    self.0.push((question, json((page, all.len()))));
                }
            }
            for place in queue(oracle, None, now).into_iter().take(2) {
                let session = place.row.stream.trim_start_matches("session-").parse().unwrap();
                self.0.push((Question::Place { session, now }, json(Some((place.position, place.class)))));
            }
        }
    }

    /// What each agent has and did, in days of some time zones and right before, at and after ends of services.
    pub(super) fn about_agents(&mut self, oracle: &Oracle) {
        let Some((first, last)) = oracle.events().first().zip(oracle.events().last()) else { return };
        self.0.push((Question::Load, json(load(oracle))));
        self.0.push((Question::Open, json((open_offers(oracle), open_transfers(oracle)))));
        let all: Vec<_> = oracle.by_session().values().flat_map(|events| services(events)).collect();
        let agents: BTreeSet<String> = all.iter().map(|service| service.agent.clone()).collect();
        let step = SignedDuration::from_micros(1);
        for name in &agents {
            let agent: AgentId = name.parse().unwrap();
            self.0.push((Question::SessionsOf(agent), json(sessions_of(oracle, name))));
            let days = ZONES.map(|zone| (last.at, day_start(last.at, &TimeZone::get(zone).unwrap())));
            let own = all.iter().filter(|one| one.agent == *name).filter_map(|one| one.ended.as_ref());
            let ends: Vec<Timestamp> = own.map(|(_, at)| *at).collect();
            let around = ends.iter().step_by(ends.len().div_ceil(SERVICES).max(1)).copied();
            let around =
                around.flat_map(|at| [(last.at, at), (last.at, at + step), (at, first.at), (at - step, first.at)]);
            for (now, day_start) in days.into_iter().chain(around) {
                let figures = today(oracle, name, now, day_start);
                self.0.push((Question::Today { agent, now, day_start }, json(figures)));
            }
        }
    }
}

/// Asks one state.
pub(super) async fn ask(reading: &mut Reading, question: &Question) -> Result<Value, ViewsError> {
    Ok(match question {
        Question::Queue { group, now, limit, offset } => {
            let group = group.as_deref().map(|group| Skill::parse(group).unwrap());
            let page = reading.queue(group.as_ref(), *now, *limit, *offset).await?;
            json((page.entries.into_iter().map(served::in_queue).collect::<Vec<_>>(), page.total))
        }
        Question::Place { session, now } => {
            json(reading.queue_place(*session, *now).await?.map(|place| (place.position, place.class)))
        }
        Question::Load => json(reading.load().await?),
        Question::SessionsOf(agent) => {
            json(reading.sessions_of(*agent).await?.into_iter().map(served::row).collect::<Vec<_>>())
        }
        Question::Today { agent, now, day_start } => {
            json(served::today(reading.agent_today(*agent, *now, *day_start).await?))
        }
        Question::Open => {
            let offers = reading.open_offers().await?.into_iter();
            let offers: Vec<_> = offers.map(|(of, offer)| (served::stream(of), served::offer(offer))).collect();
            let transfers = reading.open_transfers().await?.into_iter();
            let transfers: Vec<_> =
                transfers.map(|(of, transfer)| (served::stream(of), served::transfer(transfer))).collect();
            json((offers, transfers))
        }
        Question::Session(_)
        | Question::Messages { .. }
        | Question::Audit { .. }
        | Question::Services(_)
        | Question::Notes(_)
        | Question::Tags
        | Question::Visitor(_)
        | Question::Episodes { .. }
        | Question::Assistants(_)
        | Question::List { .. }
        | Question::Named(_)
        | Question::Statistics { .. }
        | Question::Find(_)
        | Question::Counts(_)
        | Question::QuickReplies
        | Question::Unread { .. } => unreachable!("not of people"),
    })
}
