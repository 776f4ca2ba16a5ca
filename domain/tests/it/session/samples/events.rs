//! What has happened.

use domain::{
    Language, MessageId, Personal,
    policy::{Firing, Rule},
    session::{
        Event,
        command::{Answer, Opening, StartRun},
        event::{
            AfterHoursNoticeGiven, AgentMessageSent, AgentTookOver, AgentWords, AssistantAsked, AssistantFailed,
            AssistantReplied, AssistantReplyWithheld, AssistantRunStarted, CancelReason, CloseReason, Closed,
            ContactDetails, ContextStarted, CustomerMessageSent, Escalated, EscalationCancelled, Evidence, FailureCode,
            FailureDetail, MailFailed, MailFailure, MailKind, MailRequested, MailSent, Named, NoteAdded, NoteEdited,
            NoteRemoved, NoteWords, NoticeGiven, OfferAccepted, OfferEnd, OfferExpired, OfferMade, Opened,
            PriorityChanged, ProfileChanged, RatingGiven, RatingRemark, Recipient, Released, Remark, Reopened, Reply,
            ReturnReason, ReturnedToQueue, TagsChanged, TransferAccepted, TransferDeclined, TransferEnd, TransferKind,
            TransferRequested, TransferTarget, Transferred, Withheld, WithheldReason,
        },
        notice::Notice,
        priority::PriorityClass,
    },
    text::Skill,
};

use super::{
    NODE, address, agent, answer, context_id, firing, mail_id, message_id, monday, noon, note_id, notice_id, notice_of,
    offer_id, opening, other_sides_names, resolved, run_id, score, start, tags, text, transfer_id, words,
};

fn ids(numbers: &[u32]) -> Vec<MessageId> {
    numbers.iter().copied().map(message_id).collect()
}

pub(crate) fn opened() -> Event {
    let Opening { visitor, name, context } = opening();
    Event::Opened(Opened { visitor, context, name: Personal::Known(Named { session_name: name }) })
}

pub(crate) fn said_in_episode(n: u32, episode: u32) -> Event {
    Event::CustomerMessageSent(CustomerMessageSent {
        message: message_id(n),
        episode,
        language: Language::Zh,
        incarnation: NODE,
        recipient: Recipient::Assistant,
        rule_signals: Vec::new(),
        words: Personal::Known(words()),
    })
}

fn changed(mut said: Event, change: impl FnOnce(&mut CustomerMessageSent)) -> Event {
    if let Event::CustomerMessageSent(sent) = &mut said {
        change(sent);
    }
    said
}

/// With what rules read in it.
pub(crate) fn said_with(n: u32, rules: &[Rule]) -> Event {
    changed(said(n), |sent| sent.rule_signals = rules.to_vec())
}

/// To a person.
pub(crate) fn said_to_person(n: u32, rules: &[Rule]) -> Event {
    changed(said_with(n, rules), |sent| sent.recipient = Recipient::Person)
}

pub(crate) fn said(n: u32) -> Event {
    said_in_episode(n, 1)
}

pub(crate) fn context_started(n: u8) -> Event {
    Event::ContextStarted(ContextStarted { context: context_id(n), cleared: false })
}

pub(crate) fn cleared(n: u8) -> Event {
    Event::ContextStarted(ContextStarted { context: context_id(n), cleared: true })
}

pub(crate) fn run_started(run: u32, attempt: u32, messages: &[u32]) -> Event {
    let StartRun { run, incarnation, assistant, variant, deadline } = start(run);
    let messages = ids(messages);
    Event::AssistantRunStarted(AssistantRunStarted {
        run,
        attempt,
        incarnation,
        assistant,
        variant,
        deadline,
        messages,
    })
}

pub(crate) fn asked(run: u32, attempt: u32) -> Event {
    let asked = Personal::Known(other_sides_names());
    Event::AssistantAsked(AssistantAsked { run: run_id(run), attempt, asked })
}

pub(crate) fn replied(run: u32, attempt: u32, answers: &[u32]) -> Event {
    let said = answer(run, attempt);
    Event::AssistantReplied(AssistantReplied {
        run: said.run,
        attempt,
        message: said.message,
        answers: ids(answers),
        outcome: said.outcome,
        language: said.language,
        confidence_permille: said.confidence_permille,
        tokens: said.tokens,
        cost: said.cost,
        sources: said.sources,
        rule_signals: Vec::new(),
        reply: Personal::Known(Reply {
            text: said.text,
            suggestions: said.suggestions,
            assistant_context: said.assistant_context,
        }),
    })
}

pub(crate) fn failed(run: u32, attempt: u32, retries: bool) -> Event {
    Event::AssistantFailed(AssistantFailed {
        run: run_id(run),
        attempt,
        code: FailureCode::Unavailable,
        error_code: Some("503".to_owned()),
        retries,
        tokens: None,
        cost: None,
        detail: Personal::Known(FailureDetail { text: "upstream said 503".to_owned() }),
    })
}

pub(crate) fn withheld(run: u32, attempt: u32, reason: WithheldReason) -> Event {
    let Answer { run, tokens, cost, text, shown, .. } = answer(run, attempt);
    let withheld = Personal::Known(Withheld { text, shown });
    Event::AssistantReplyWithheld(AssistantReplyWithheld { run, attempt, reason, tokens, cost, withheld })
}

pub(crate) fn escalated(messages: &[u32]) -> Event {
    escalated_by(&firing(), messages)
}

pub(crate) fn escalated_by(firing: &Firing, messages: &[u32]) -> Event {
    let Firing { rule, reason, severity, class, group, details } = firing.clone();
    Event::Escalated(Escalated {
        reason,
        rule: rule.as_str().to_owned(),
        severity,
        policy_version: 0,
        class,
        group,
        language: Language::Zh,
        messages: ids(messages),
        evidence: Personal::Known(Evidence { details }),
    })
}

fn notice(message: MessageId, notice: Notice) -> Event {
    Event::NoticeGiven(NoticeGiven { message, language: Language::Zh, notice })
}

/// Its id comes with the command.
pub(crate) fn told(what: Notice) -> Event {
    notice(notice_id(), what)
}

/// Its id is made of the circumstances'.
pub(crate) fn told_at_once(which: &str, what: Notice) -> Event {
    notice(notice_of(mail_id(1), which), what)
}

pub(crate) fn queued() -> Event {
    told_at_once("queued", Notice::Queued)
}

/// What the customer and the team hear when nobody works.
pub(crate) fn told_that_nobody_works(asks_for_email: bool) -> [Event; 2] {
    let told = Notice::AfterHours { opens_at: Some(monday()), asks_for_email };
    [told_at_once("after_hours", told), mail_requested(1, MailKind::Escalation)]
}

pub(crate) fn cancelled() -> Event {
    Event::EscalationCancelled(EscalationCancelled { reason: CancelReason::NobodyCame })
}

pub(crate) fn after_hours_notice_given() -> Event {
    Event::AfterHoursNoticeGiven(AfterHoursNoticeGiven { opens_at: Some(monday()) })
}

pub(crate) fn taken_over(by: u8, messages: &[u32]) -> Event {
    Event::AgentTookOver(AgentTookOver { agent: agent(by), messages: ids(messages) })
}

pub(crate) fn released(by: u8) -> Event {
    Event::Released(Released { agent: agent(by), reason: resolved() })
}

pub(crate) fn returned(by: u8, reason: ReturnReason, group: Option<Skill>) -> Event {
    Event::ReturnedToQueue(ReturnedToQueue { agent: agent(by), reason, group })
}

pub(crate) fn handed_back(by: u8) -> Event {
    returned(by, ReturnReason::HandedBack, None)
}

pub(crate) fn lost(by: u8) -> Event {
    returned(by, ReturnReason::AgentLost, None)
}

pub(crate) fn closed(messages: &[u32]) -> Event {
    closed_for(CloseReason::Resolved, messages)
}

pub(crate) fn closed_for(reason: CloseReason, messages: &[u32]) -> Event {
    Event::Closed(Closed { reason, messages: ids(messages) })
}

pub(crate) fn reopened() -> Event {
    Event::Reopened(Reopened {})
}

pub(crate) const AGENTS_WORDS: &str = "我来帮您看刹车。";
pub(crate) const REMARK: &str = "knows batteries better";

pub(crate) fn written_as(by: u8, n: u32) -> Event {
    let words = Personal::Known(AgentWords { text: text(AGENTS_WORDS) });
    Event::AgentMessageSent(AgentMessageSent { message: message_id(n), agent: agent(by), quick_reply: None, words })
}

fn remark() -> Personal<Remark> {
    Personal::Known(Remark { reason: Some(text(REMARK)) })
}

pub(crate) fn transfer_requested(n: u8, from: u8, to: TransferTarget) -> Event {
    let (transfer, from) = (transfer_id(n), agent(from));
    Event::TransferRequested(TransferRequested { transfer, from, to, expires_at: noon(), remark: remark() })
}

pub(crate) fn transfer_accepted(n: u8, by: u8) -> Event {
    Event::TransferAccepted(TransferAccepted { transfer: transfer_id(n), by: agent(by) })
}

pub(crate) fn transfer_ended(n: u8, reason: TransferEnd) -> Event {
    Event::TransferDeclined(TransferDeclined { transfer: transfer_id(n), reason })
}

/// The notice and the change; only who hands over at once says why.
pub(crate) fn transferred(from: u8, to: u8, how: TransferKind) -> [Event; 2] {
    let (from, to) = (agent(from), agent(to));
    let remark = if how == TransferKind::Immediate { remark() } else { Personal::Known(Remark { reason: None }) };
    [told(Notice::Transferred { from, to }), Event::Transferred(Transferred { from, to, how, remark })]
}

pub(crate) fn offer_made(n: u8, to: u8) -> Event {
    Event::OfferMade(OfferMade { offer: offer_id(n), agent: agent(to), expires_at: noon() })
}

pub(crate) fn offer_accepted(n: u8) -> Event {
    Event::OfferAccepted(OfferAccepted { offer: offer_id(n) })
}

pub(crate) fn offer_ended(n: u8, reason: OfferEnd) -> Event {
    Event::OfferExpired(OfferExpired { offer: offer_id(n), reason })
}

pub(crate) fn mail_requested(n: u8, kind: MailKind) -> Event {
    Event::MailRequested(MailRequested { mail: mail_id(n), kind })
}

pub(crate) fn mail_sent(n: u8) -> Event {
    Event::MailSent(MailSent { mail: mail_id(n), attempts: 2 })
}

pub(crate) fn mail_failed(n: u8, code: MailFailure) -> Event {
    Event::MailFailed(MailFailed { mail: mail_id(n), attempts: 2, code })
}

pub(crate) fn raised_to_danger() -> Event {
    Event::PriorityChanged(PriorityChanged { class: PriorityClass::Danger, rule: Some(Rule::R0) })
}

pub(crate) fn address_noted() -> [Event; 2] {
    let contact = Personal::Known(ContactDetails { email: address() });
    [Event::ProfileChanged(ProfileChanged { contact }), told_at_once("email_noted", Notice::EmailNoted)]
}

pub(crate) const NOTE: &str = "客户上周也问过刹车";
pub(crate) const COMMENT: &str = "很快就解决了";

fn note_words() -> Personal<NoteWords> {
    Personal::Known(NoteWords { text: text(NOTE) })
}

pub(crate) fn note_added(n: u8, by: u8) -> Event {
    let (note, author, mentions) = (note_id(n), agent(by), vec![agent(super::BO)]);
    Event::NoteAdded(NoteAdded { note, author, mentions, words: note_words() })
}

pub(crate) fn note_edited(n: u8, version: u32) -> Event {
    Event::NoteEdited(NoteEdited { note: note_id(n), version, mentions: Vec::new(), words: note_words() })
}

pub(crate) fn note_removed(n: u8) -> Event {
    Event::NoteRemoved(NoteRemoved { note: note_id(n) })
}

pub(crate) fn tags_changed(added: &[&str], removed: &[&str]) -> Event {
    Event::TagsChanged(TagsChanged { added: tags(added), removed: tags(removed) })
}

pub(crate) fn priority_set(class: PriorityClass) -> Event {
    Event::PriorityChanged(PriorityChanged { class, rule: None })
}

/// At [`noon`], with a service that ends.
pub(crate) fn rating_asked() -> Event {
    let id = MessageId(uuid::Uuid::new_v5(&notice_id().0, b"rating_asked"));
    notice(id, Notice::RatingAsked { open_until: noon() + jiff::SignedDuration::from_hours(168) })
}

pub(crate) fn rated(n: u8, episode: u32, helped_by: u8) -> Event {
    let remark = Personal::Known(RatingRemark { comment: Some(text(COMMENT)) });
    Event::RatingGiven(RatingGiven { score: score(n), episode, agent: agent(helped_by), remark })
}
