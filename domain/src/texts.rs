//! Every text that the server itself writes to a customer, in every language.
//!
//! A text is a template with named places; whoever renders one brings the names of agents and the shop's time zone, for events
//! hold ids and points in time only. The Chinese texts of the original (joined, transferred, released, and whether people are
//! there) are kept to the letter.
//!
//! Invariants: a language lacks no text (the table is a `struct`); what is filled in is never read as a template.

mod de;
mod en;
mod es;
mod fr;
mod it;
mod names;
mod table;
mod template;
mod when;
mod zh;

use jiff::Timestamp;

pub use names::Names;
use table::Texts;
use template::fill;

use crate::{AgentId, Language, session::notice::Notice};

/// A notice as the customer reads it.
#[must_use]
pub fn notice(notice: &Notice, language: Language, names: &Names) -> String {
    let texts = of(language);
    match *notice {
        Notice::Danger => texts.danger.to_owned(),
        Notice::Queued => texts.queued.to_owned(),
        Notice::AgentJoined { agent } => agent_joined(texts, names.agent(agent)),
        Notice::Transferred { from, to } => transferred(texts, names.agent(from), names.agent(to)),
        Notice::TransferredToGroup { from: _ } => texts.transferred_to_group.to_owned(),
        Notice::AgentLost => texts.agent_lost.to_owned(),
        Notice::BackInQueue => texts.back_in_queue.to_owned(),
        Notice::Released => texts.released.to_owned(),
        Notice::EscalationCancelled => texts.escalation_cancelled.to_owned(),
        Notice::NobodyCame => texts.nobody_came.to_owned(),
        Notice::AfterHours { opens_at, asks_for_email } => {
            with_opening(texts.after_hours, language, opens_at, asks_for_email, names)
        }
        Notice::NobodyFree { opens_at, asks_for_email } => {
            with_opening(texts.nobody_free, language, opens_at, asks_for_email, names)
        }
        Notice::OffersPerson => texts.offers_person.to_owned(),
        Notice::EmailNoted => texts.email_noted.to_owned(),
        Notice::Closed => texts.closed.to_owned(),
        Notice::RatingAsked { .. } => texts.rating_asked.to_owned(),
    }
}

/// The agents whose names a notice shows.
pub fn agents_in(notice: &Notice) -> impl Iterator<Item = AgentId> + use<> {
    let (first, second) = match *notice {
        Notice::AgentJoined { agent } => (Some(agent), None),
        Notice::Transferred { from, to } => (Some(from), Some(to)),
        Notice::TransferredToGroup { from: _ }
        | Notice::Danger
        | Notice::Queued
        | Notice::AgentLost
        | Notice::BackInQueue
        | Notice::Released
        | Notice::EscalationCancelled
        | Notice::NobodyCame
        | Notice::AfterHours { .. }
        | Notice::NobodyFree { .. }
        | Notice::OffersPerson
        | Notice::EmailNoted
        | Notice::Closed
        | Notice::RatingAsked { .. } => (None, None),
    };
    first.into_iter().chain(second)
}

/// A notice as staff reads it: with the reason that somebody gave for a transfer.
#[must_use]
pub fn notice_for_staff(shown: &Notice, language: Language, names: &Names, reason: Option<&str>) -> String {
    let mut text = notice(shown, language, names);
    if let Some(reason) = reason {
        text += &fill(of(language).reason, &[("reason", reason)]);
    }
    text
}

/// What the customer is told at once when a person is asked for.
#[must_use]
pub fn queued(language: Language) -> &'static str {
    of(language).queued
}

/// The fallback reply: no assistant can answer.
#[must_use]
pub fn unavailable(language: Language) -> &'static str {
    of(language).unavailable
}

/// The assistant has no answer; it says so, and how to reach a person.
#[must_use]
pub fn do_not_know(language: Language) -> &'static str {
    of(language).do_not_know
}

/// The assistant is not sure; questions to choose from follow, each on a line of its own.
#[must_use]
pub fn did_you_mean(language: Language) -> &'static str {
    of(language).did_you_mean
}

/// An answer in another language than the customer's follows.
#[must_use]
pub fn in_another_language(language: Language) -> &'static str {
    of(language).in_another_language
}

/// The assistant asks for a person.
#[must_use]
pub fn hands_over(language: Language) -> &'static str {
    of(language).hands_over
}

/// The assistant may not speak about it; it says how to reach a person.
#[must_use]
pub fn blocked(language: Language) -> &'static str {
    of(language).blocked
}

/// Whether people answer now.
#[must_use]
pub fn staffed(is_open: bool, language: Language) -> &'static str {
    let texts = of(language);
    if is_open { texts.people_are_there } else { texts.nobody_is_there }
}

fn of(language: Language) -> &'static Texts {
    match language {
        Language::Zh => &zh::TEXTS,
        Language::En => &en::TEXTS,
        Language::De => &de::TEXTS,
        Language::Fr => &fr::TEXTS,
        Language::Es => &es::TEXTS,
        Language::It => &it::TEXTS,
    }
}

fn agent_joined(texts: &Texts, agent: Option<&str>) -> String {
    match agent {
        Some(agent) => fill(texts.agent_joined, &[("agent", agent)]),
        None => texts.somebody_joined.to_owned(),
    }
}

fn transferred(texts: &Texts, from: Option<&str>, to: Option<&str>) -> String {
    match (from, to) {
        (Some(from), Some(to)) => fill(texts.transferred, &[("from", from), ("to", to)]),
        (None, Some(to)) => fill(texts.transferred_to, &[("to", to)]),
        (Some(_) | None, None) => texts.transferred_to_somebody.to_owned(),
    }
}

/// A text with the next opening and the question for an address, where there are such.
fn with_opening(
    begin: &str,
    language: Language,
    opens_at: Option<Timestamp>,
    asks_for_email: bool,
    names: &Names,
) -> String {
    let texts = of(language);
    let opens_at = opens_at.map(|at| fill(texts.opens_at, &[("opens_at", &when::local(at, names.zone(), language))]));
    let email = asks_for_email.then(|| texts.asks_for_email.to_owned());
    let sentences = [Some(begin.to_owned()), opens_at, email];
    sentences.into_iter().flatten().collect::<Vec<_>>().join(texts.between_sentences)
}

#[cfg(test)]
mod tests;
