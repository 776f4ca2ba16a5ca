//! Questions about the list with its filters and orders, about counts and about quick replies, and the oracle's answers.

use std::collections::{BTreeMap, BTreeSet};

use domain::{AgentId, SessionId, session::Status, text::Tag};
use event_store::Position;
use jiff::SignedDuration;
use projections::{AgentFilter, CustomerType, Reading, SessionFilter, SessionOrder, SessionPage, ViewsError};
use serde_json::Value;
use tests::oracle::{Asked, Customer, Oracle, Told, counts, find, list, preview, quick_replies, unread, uses};

use super::{ALL, Examination, Question, ROWS, json};
use crate::oracle::served;

/// The text of a session's newest message before the one that is the newest now.
fn pushed_out(events: &[&Told]) -> Option<String> {
    let text = |events: &[&Told]| Some(preview(events)?.content?.replace("...", ""));
    let newest = text(events);
    let mut before = (0..events.len()).rev().filter_map(|end| text(&events[..end]));
    before.find(|text| newest.as_ref() != Some(text))
}

/// Customers' types on the wire and in the views.
const CUSTOMERS: [(&str, CustomerType); 3] =
    [("vip", CustomerType::Vip), ("old", CustomerType::Old), ("new", CustomerType::New)];

impl Examination {
    /// Everything that sessions can be found by, in every order.
    pub(super) fn about_finding(&mut self, oracle: &Oracle) {
        for order in SessionOrder::ALL {
            self.asks(oracle, &Asked::default(), order);
            for asked in filters(oracle) {
                self.asks(oracle, &asked, order);
            }
        }
        let mut keywords: BTreeSet<String> = BTreeSet::new();
        for row in list(oracle, None) {
            keywords.extend(row.name);
            keywords.extend(row.last_message.and_then(|newest| newest.content).map(|text| text.replace("...", "")));
            keywords.extend(Customer::of(oracle, &row.visitor).name);
        }
        // What was last before it finds nothing any more.
        keywords.extend(oracle.by_session().values().filter_map(|events| pushed_out(events)));
        for keyword in keywords.into_iter().chain(["100%_\\".to_owned()]) {
            let asked = Asked { keyword: Some(keyword.to_uppercase()), ..Asked::default() };
            // What grows when it is put into capitals and back again is another text.
            if asked.keyword.as_ref().is_some_and(|upper| upper.to_lowercase() == keyword.to_lowercase()) {
                self.asks(oracle, &asked, SessionOrder::Newest);
            }
        }
        for agent in agents(oracle) {
            let expected = counts(oracle, &agent);
            self.0.push((Question::Counts(agent.parse().unwrap()), json(expected)));
        }
        self.about_unread(oracle);
        self.0.push((Question::QuickReplies, json((quick_replies(oracle), uses(oracle)))));
    }

    /// Of every session, behind its middle and behind nothing, of all times and of the second half.
    fn about_unread(&mut self, oracle: &Oracle) {
        let (Some(first), sessions) = (oracle.events().first(), oracle.by_session()) else { return };
        let id = |stream: &str| stream.trim_start_matches("session-").parse::<SessionId>().unwrap();
        let middle = oracle.events()[oracle.events().len() / 2].at;
        for since in [first.at - SignedDuration::from_hours(24), middle] {
            for read in [|_: &[&Told]| Position::START, |events: &[&Told]| events[events.len() / 2].position] {
                let marked: Vec<_> = sessions.iter().map(|(stream, events)| (id(stream), read(events))).collect();
                let counts = sessions.iter().map(|(stream, events)| (id(stream), unread(events, read(events), since)));
                let counts: BTreeMap<SessionId, usize> = counts.collect();
                self.0.push((Question::Unread { read: marked, since }, json(counts)));
            }
        }
    }

    fn asks(&mut self, oracle: &Oracle, asked: &Asked, order: SessionOrder) {
        let rows = find(oracle, asked, order.as_str());
        let page = SessionPage { filter: filter(asked), order, ..SessionPage::default() };
        self.0.push((Question::Find(Box::new(page)), json((&rows, rows.len(), &rows))));
    }
}

/// Each filter alone, and some together.
fn filters(oracle: &Oracle) -> Vec<Asked> {
    let rows = list(oracle, None);
    let middle = rows.get(rows.len() / 2).map(|row| row.updated_at);
    let mut all: Vec<Asked> =
        CUSTOMERS.map(|(customer, _)| Asked { customer: Some(customer), ..Asked::default() }).into();
    all.extend(["danger", "vip", "urgent", "normal"].map(|class| Asked { class: Some(class), ..Asked::default() }));
    let rules: BTreeSet<String> = rows.iter().filter_map(|row| Some(row.escalation.as_ref()?.1.clone())).collect();
    all.extend(rules.into_iter().map(|rule| Asked { rule: Some(rule), ..Asked::default() }));
    all.extend(agents(oracle).into_iter().map(|agent| Asked { agent: Some(Some(agent)), ..Asked::default() }));
    let tags: BTreeSet<String> = rows.iter().flat_map(|row| row.tags.iter().cloned()).collect();
    all.extend(tags.into_iter().map(|tag| Asked { tag: Some(tag), ..Asked::default() }));
    all.push(Asked { agent: Some(None), customer: Some("old"), ..Asked::default() });
    all.push(Asked { from: middle, class: Some("normal"), ..Asked::default() });
    all.push(Asked { to: middle, status: Some("closed"), ..Asked::default() });
    all
}

fn agents(oracle: &Oracle) -> BTreeSet<String> {
    list(oracle, None).into_iter().filter_map(|row| row.agent).collect()
}

fn filter(asked: &Asked) -> SessionFilter {
    let Asked { status, agent, customer, keyword, tag, class, rule, from, to } = asked.clone();
    let class_of = |text: &str| serde_json::from_value(text.into()).unwrap();
    SessionFilter {
        status: status.map(|status| Status::parse(status).unwrap()),
        agent: agent.map(|agent| match agent {
            Some(agent) => AgentFilter::Of(agent.parse::<AgentId>().unwrap()),
            None => AgentFilter::Nobody,
        }),
        customer: customer.map(|asked| CUSTOMERS.iter().find(|(name, _)| *name == asked).unwrap().1),
        keyword,
        tag: tag.map(|tag| Tag::parse(&tag).unwrap()),
        class: class.map(class_of),
        rule,
        from,
        to,
    }
}

/// Asks one state: all at once, and page by page.
pub(super) async fn ask(reading: &mut Reading, question: &Question) -> Result<Value, ViewsError> {
    Ok(match question {
        Question::Find(page) => {
            let found = reading.find(&SessionPage { limit: ALL, ..(**page).clone() }).await?;
            let rows: Vec<_> = found.sessions.into_iter().map(served::row).collect();
            json((rows, found.total, paged(reading, page).await?))
        }
        Question::Counts(agent) => json(served::counts(reading.session_counts(*agent).await?)),
        Question::QuickReplies => json(served::quick_replies(reading.quick_replies().await?)),
        Question::Unread { read, since } => {
            json(reading.unread(read, *since).await?.into_iter().collect::<BTreeMap<_, _>>())
        }
        other => unreachable!("{other:?} is asked elsewhere"),
    })
}

async fn paged(reading: &mut Reading, page: &SessionPage) -> Result<Value, ViewsError> {
    let (mut rows, mut after) = (Vec::new(), None);
    loop {
        let found = reading.find(&SessionPage { limit: ROWS, after, ..page.clone() }).await?;
        rows.extend(found.sessions.into_iter().map(served::row));
        after = found.next;
        if after.is_none() {
            return Ok(json(rows));
        }
    }
}
