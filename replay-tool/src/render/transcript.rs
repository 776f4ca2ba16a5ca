//! Describes events in words: one line, and below it personal parts and lists of messages.

mod hand_off;
mod notes;

use domain::{
    MessageId, Personal, RunId,
    policy::Rule,
    session::{
        Event,
        event::{
            Asked, AssistantAsked, AssistantFailed, AssistantReplied, AssistantReplyWithheld, AssistantRunStarted,
            Cost, CustomerMessageSent, Escalated, NoticeGiven, Recipient, Reply, Tokens, Words,
        },
    },
    texts::{self, Names},
};
use serde::Serialize;

/// The description of an event.
pub struct Description {
    /// One line without personal data.
    pub what: String,
    /// The parts below it.
    pub parts: Vec<Part>,
}

/// A labelled text under an event.
pub struct Part {
    /// May be empty.
    pub label: &'static str,
    /// May have several lines.
    pub text: String,
}

fn line(what: impl Into<String>) -> Description {
    Description { what: what.into(), parts: Vec::new() }
}

impl Description {
    fn part<T>(mut self, label: &'static str, of: &Personal<T>, text: impl FnOnce(&T) -> String) -> Self {
        let text = match of {
            Personal::Known(value) => text(value),
            Personal::Erased => "[erased]".to_owned(),
            Personal::Sealed => "[sealed]".to_owned(),
        };
        self.parts.push(Part { label, text });
        self
    }

    fn messages(mut self, label: &'static str, messages: &[MessageId]) -> Self {
        if !messages.is_empty() {
            let text = messages.iter().map(MessageId::to_string).collect::<Vec<_>>().join(", ");
            self.parts.push(Part { label, text });
        }
        self
    }
}

const MILLION: u64 = 1_000_000;

/// Describes an event.
#[must_use]
pub fn describe(event: &Event, names: &Names) -> Description {
    match event {
        Event::Opened(opened) => {
            let description =
                line(format!("session opened for visitor {}, context {}", opened.visitor, opened.context));
            description.part("name", &opened.name, |named| named.session_name.as_str().to_owned())
        }
        Event::CustomerMessageSent(sent) => customer_wrote(sent),
        Event::ContextStarted(started) if started.cleared => {
            line(format!("screen cleared, context {}", started.context))
        }
        Event::ContextStarted(started) => line(format!("context {} started", started.context)),
        Event::AssistantRunStarted(started) => run_started(started),
        Event::AssistantAsked(asked) => assistant_asked(asked),
        Event::AssistantReplied(replied) => assistant_replied(replied),
        Event::AssistantFailed(failed) => assistant_failed(failed),
        Event::AssistantReplyWithheld(withheld) => reply_withheld(withheld),
        Event::Escalated(escalated) => asked_for_a_person(escalated),
        Event::EscalationCancelled(cancelled) => line(format!("escalation ended: {}", word(&cancelled.reason))),
        Event::AfterHoursNoticeGiven(given) => match given.opens_at {
            Some(opens_at) => line(format!("after-hours notice given, open again at {opens_at}")),
            None => line("after-hours notice given"),
        },
        Event::AgentTookOver(taken) => {
            line(format!("taken over by agent {}", taken.agent)).messages("messages handed on", &taken.messages)
        }
        Event::AgentMessageSent(sent) => {
            let made_of = sent.quick_reply.map(|id| format!(", made of quick reply {id}")).unwrap_or_default();
            line(format!("message {} of agent {}{made_of}", sent.message, sent.agent))
                .part("", &sent.words, |words| words.text.as_str().to_owned())
        }
        Event::NoticeGiven(given) => notice_given(given, names),
        Event::TransferRequested(asked) => hand_off::transfer_requested(asked),
        Event::TransferAccepted(accepted) => {
            line(format!("transfer {} accepted by agent {}", accepted.transfer, accepted.by))
        }
        Event::TransferDeclined(ended) => line(format!("transfer {} ended: {}", ended.transfer, word(&ended.reason))),
        Event::Transferred(transferred) => hand_off::transferred(transferred),
        Event::OfferMade(made) => {
            line(format!("offer {} to agent {}, until {}", made.offer, made.agent, made.expires_at))
        }
        Event::OfferAccepted(accepted) => line(format!("offer {} accepted", accepted.offer)),
        Event::OfferExpired(ended) => line(format!("offer {} ended: {}", ended.offer, word(&ended.reason))),
        Event::MailRequested(asked) => {
            line(format!("mail {} to the team asked for: {}", asked.mail, word(&asked.kind)))
        }
        Event::MailSent(sent) => line(format!("mail {} sent at attempt {}", sent.mail, sent.attempts)),
        Event::MailFailed(failed) => {
            line(format!("mail {} given up after {} attempts: {}", failed.mail, failed.attempts, word(&failed.code)))
        }
        Event::PriorityChanged(changed) => {
            let by = changed.rule.map_or(", set by staff".to_owned(), |rule| format!(", by rule {}", rule.as_str()));
            line(format!("priority is now {}{by}", changed.class.as_str()))
        }
        Event::ProfileChanged(changed) => {
            line("the customer's address was noted")
                .part("e-mail", &changed.contact, |contact| contact.email.as_str().to_owned())
        }
        Event::NoteAdded(added) => notes::added(added),
        Event::NoteEdited(edited) => notes::edited(edited),
        Event::NoteRemoved(removed) => line(format!("internal note {} removed", removed.note)),
        Event::TagsChanged(changed) => notes::tags_changed(changed),
        Event::RatingGiven(given) => notes::rated(given),
        Event::Released(left) => {
            line(format!("released to the assistant by agent {}: {}", left.agent, left.reason.as_str()))
        }
        Event::ReturnedToQueue(left) => {
            let mut what = format!("returned to the queue from agent {}: {}", left.agent, word(&left.reason));
            if let Some(group) = &left.group {
                what += &format!(", for {}", group.as_str());
            }
            line(what)
        }
        Event::Closed(closed) => {
            line(format!("closed: {}", word(&closed.reason))).messages("messages left unanswered", &closed.messages)
        }
        Event::Reopened(_) => line("reopened"),
        Event::CommandConfirmed(confirmed) => line(format!("{} confirmed, nothing to change", confirmed.command)),
    }
}

fn customer_wrote(sent: &CustomerMessageSent) -> Description {
    let CustomerMessageSent { message, episode, language, incarnation: _, recipient, rule_signals, words } = sent;
    let mut what = format!("message {message}, episode {episode}, {}", language.as_str());
    match recipient {
        Recipient::Assistant => {}
        Recipient::Person => what += ", to a person",
    }
    what += &signals(rule_signals);
    let description = line(what).part("", words, |words: &Words| words.text.as_str().to_owned());
    match words.known() {
        Some(Words { parameters, .. }) if !parameters.is_empty() => {
            description.part("parameters", words, |words| serde_json::Value::from(words.parameters.clone()).to_string())
        }
        Some(_) | None => description,
    }
}

fn run_started(started: &AssistantRunStarted) -> Description {
    let AssistantRunStarted { run, attempt, incarnation: _, assistant, variant, deadline, messages } = started;
    let variant = variant.as_ref().map(|variant| format!(", variant {variant}")).unwrap_or_default();
    let what = format!("{} begins, assistant {assistant}{variant}, until {deadline}", run_name(*run, *attempt));
    line(what).messages("to answer", messages)
}

/// The names are those of the other side.
fn assistant_asked(asked: &AssistantAsked) -> Description {
    let what = format!("{} is known to the assistant", run_name(asked.run, asked.attempt));
    line(what).part("as", &asked.asked, |Asked { context, chat, log_id }| {
        let named = [("context", context), ("chat", chat), ("log id", log_id)];
        let said = named.iter().filter_map(|(what, name)| Some(format!("{what} {}", name.as_ref()?)));
        said.collect::<Vec<_>>().join(", ")
    })
}

/// What an attempt took of its assistant.
fn spent(tokens: Option<Tokens>, cost: Option<&Cost>) -> String {
    let tokens = tokens.map(|tokens| format!(", tokens {} + {}", tokens.input, tokens.output)).unwrap_or_default();
    let cost =
        cost.map(|Cost { micros, currency }| format!(", cost {}.{:06} {currency}", micros / MILLION, micros % MILLION));
    tokens + &cost.unwrap_or_default()
}

fn assistant_replied(replied: &AssistantReplied) -> Description {
    let mut what = format!("reply {} of {}", replied.message, run_name(replied.run, replied.attempt));
    what += &format!(": {}, {}", word(&replied.outcome), replied.language.as_str());
    if let Some(permille) = replied.confidence_permille {
        what += &format!(", confidence {:.3}", f64::from(permille) / 1000.0);
    }
    what += &spent(replied.tokens, replied.cost.as_ref());
    if !replied.sources.is_empty() {
        what += &format!(", from {}", replied.sources.join(", "));
    }
    what += &signals(&replied.rule_signals);
    let description = line(what).part("", &replied.reply, |reply: &Reply| reply.text.as_str().to_owned());
    let description = description.messages("answers", &replied.answers);
    let description = match replied.reply.known() {
        Some(reply) if !reply.suggestions.is_empty() => {
            description.part("to choose from", &replied.reply, |reply| reply.suggestions.join("\n"))
        }
        Some(_) | None => description,
    };
    match replied.reply.known() {
        Some(Reply { assistant_context: Some(_), .. }) => {
            description.part("assistant's context", &replied.reply, |reply| {
                reply.assistant_context.clone().unwrap_or_default()
            })
        }
        Some(_) | None => description,
    }
}

fn assistant_failed(failed: &AssistantFailed) -> Description {
    let then = if failed.retries { "another attempt follows" } else { "the fallback reply follows" };
    let code = failed.error_code.as_ref().map(|code| format!(" ({code})")).unwrap_or_default();
    let spent = spent(failed.tokens, failed.cost.as_ref());
    let what = format!("{} failed: {}{code}{spent}; {then}", run_name(failed.run, failed.attempt), word(&failed.code));
    line(what).part("detail", &failed.detail, |detail| detail.text.clone())
}

fn reply_withheld(late: &AssistantReplyWithheld) -> Description {
    let spent = spent(late.tokens, late.cost.as_ref());
    let what = format!("reply of {} WITHHELD: {}{spent}", run_name(late.run, late.attempt), word(&late.reason));
    line(what).part("not given", &late.withheld, |withheld| withheld.text.as_str().to_owned()).part(
        "already seen of it",
        &late.withheld,
        |withheld| withheld.shown.clone(),
    )
}

fn asked_for_a_person(escalated: &Escalated) -> Description {
    let Escalated { reason, rule, severity, policy_version, class, group, language: _, messages, evidence } = escalated;
    let (reason, severity) = (word(reason), word(severity));
    let mut what = format!("ESCALATED: {reason}, rule {rule} of policy {policy_version}, severity {severity}");
    what += &format!(", class {}", class.as_str());
    if let Some(group) = group {
        what += &format!(", for {}", group.as_str());
    }
    line(what).part("evidence", evidence, |evidence| evidence.details.clone()).messages("messages handed on", messages)
}

/// What the policy's rules read in a text.
fn signals(rules: &[Rule]) -> String {
    let read: Vec<&str> = rules.iter().map(|rule| rule.as_str()).collect();
    if read.is_empty() { String::new() } else { format!(", signals of {}", read.join(" and ")) }
}

fn run_name(run: RunId, attempt: u32) -> String {
    format!("run {run} attempt {attempt}")
}

/// The code, and below it what the customer read.
fn notice_given(given: &NoticeGiven, names: &Names) -> Description {
    let NoticeGiven { message, language, notice } = given;
    let code = serde_json::to_value(notice).ok().and_then(|stored| stored["code"].as_str().map(str::to_owned));
    let mut description = line(format!("notice {message}: {}, {}", code.unwrap_or_default(), language.as_str()));
    description.parts.push(Part { label: "", text: texts::notice(notice, *language, names) });
    description
}

/// The stored form of a reason: `agent_lost`.
#[must_use]
pub fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _other => String::new(),
    }
}
