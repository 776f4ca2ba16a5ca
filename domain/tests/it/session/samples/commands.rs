//! What can be asked.

use domain::{
    Language, MessageId,
    policy::{Firing, Rule},
    session::{
        Command,
        command::{
            AddNote, Answer, Circumstances, EditNote, Escalate, Failure, SendAgentMessage, SendMessage, StartRun,
            Transfer,
        },
        event::{
            Asked, CancelReason, CloseReason, Cost, EscalationReason, FailureCode, FailureDetail, MailFailure,
            MailKind, OfferEnd, Outcome, Recipient, ReturnReason, Severity, Tokens, TransferEnd, TransferTarget,
        },
        priority::PriorityClass,
        rating::Score,
    },
    text::{Skill, Tag},
};

use super::{
    AGENTS_WORDS, BO, COMMENT, EVIDENCE, NODE, NOTE, REMARK, agent, context_id, mail_id, message_id, monday, noon,
    note_id, notice_id, offer_id, open_shop, opening, reply_id, resolved, run_id, staff, text, transfer_id, words,
};

pub(crate) fn open() -> Command {
    Command::Open(opening())
}

/// A message to the assistant, in which no rule read anything, while somebody works.
pub(crate) fn sending(n: u32) -> SendMessage {
    SendMessage {
        opening: opening(),
        message: message_id(n),
        words: words(),
        language: Language::Zh,
        incarnation: NODE,
        recipient: Recipient::Assistant,
        signals: Vec::new(),
        urgency: None,
        email: None,
        circumstances: open_shop(),
    }
}

pub(crate) fn send(n: u32) -> Command {
    Command::SendMessage(sending(n))
}

pub(crate) fn send_to_person(n: u32) -> Command {
    Command::SendMessage(SendMessage { recipient: Recipient::Person, ..sending(n) })
}

pub(crate) fn new_context(n: u8) -> Command {
    Command::StartContext { opening: opening(), context: context_id(n), clear: false }
}

pub(crate) fn clear(n: u8) -> Command {
    Command::StartContext { opening: opening(), context: context_id(n), clear: true }
}

pub(crate) fn start(run: u32) -> StartRun {
    StartRun { run: run_id(run), incarnation: NODE, assistant: "faq".to_owned(), variant: None, deadline: noon() }
}

pub(crate) fn start_run(run: u32) -> Command {
    Command::StartRun(start(run))
}

pub(crate) fn retake_run(run: u32, attempt: u32) -> Command {
    Command::RetakeRun { attempt, start: start(run) }
}

pub(crate) fn cost() -> Cost {
    Cost { micros: 1_250, currency: "EUR".to_owned() }
}

pub(crate) fn answer(run: u32, attempt: u32) -> Answer {
    Answer {
        run: run_id(run),
        attempt,
        message: reply_id(run, attempt),
        outcome: Outcome::Answered,
        language: Language::Zh,
        confidence_permille: Some(870),
        tokens: Some(Tokens { input: 120, output: 40 }),
        cost: Some(cost()),
        sources: vec!["brakes/squeal".to_owned()],
        text: text("请先清洁刹车盘。"),
        suggestions: vec!["刹车片多久换一次？".to_owned()],
        assistant_context: Some("7543".to_owned()),
        shown: "请先清洁".to_owned(),
        signals: Vec::new(),
        circumstances: open_shop(),
    }
}

pub(crate) fn reply(run: u32, attempt: u32) -> Command {
    Command::Reply(answer(run, attempt))
}

fn failure(run: u32, attempt: u32, last_words: Option<Answer>) -> Command {
    let detail = FailureDetail { text: "upstream said 503".to_owned() };
    Command::Fail(Failure {
        run: run_id(run),
        attempt,
        code: FailureCode::Unavailable,
        error_code: Some("503".to_owned()),
        tokens: None,
        cost: None,
        detail,
        last_words,
    })
}

pub(crate) fn note_asked(run: u32, attempt: u32) -> Command {
    Command::NoteAsked { run: run_id(run), attempt, asked: other_sides_names() }
}

pub(crate) fn other_sides_names() -> Asked {
    Asked { context: Some("7543".to_owned()), chat: Some("7382".to_owned()), log_id: None }
}

pub(crate) fn fail(run: u32, attempt: u32) -> Command {
    failure(run, attempt, None)
}

pub(crate) fn fail_for_good(run: u32, attempt: u32) -> Command {
    failure(run, attempt, Some(answer(run, attempt)))
}

/// The house's own answer was written for another run.
pub(crate) fn fail_with_the_words_of(other: u32, run: u32, attempt: u32) -> Command {
    let words = Answer { run: run_id(other), attempt: 9, ..answer(run, attempt) };
    failure(run, attempt, Some(words))
}

/// What the policy says of a message that asks for a person.
pub(crate) fn firing() -> Firing {
    Firing {
        rule: Rule::R1,
        reason: EscalationReason::Keyword,
        severity: Severity::High,
        class: PriorityClass::Normal,
        group: None,
        details: EVIDENCE.to_owned(),
    }
}

/// By staff, while somebody works.
pub(crate) fn escalating() -> Escalate {
    Escalate { opening: None, firing: firing(), language: None, circumstances: open_shop() }
}

pub(crate) fn escalate() -> Command {
    Command::Escalate(escalating())
}

/// By the customer's button, which also opens or reopens a session.
pub(crate) fn press_button(circumstances: Circumstances) -> Command {
    Command::Escalate(Escalate { opening: Some(opening()), circumstances, ..escalating() })
}

pub(crate) fn enter_queue() -> Command {
    Command::EnterQueue { policy_version: 3 }
}

pub(crate) fn cancel() -> Command {
    Command::CancelEscalation { reason: CancelReason::NobodyCame, notice: notice_id() }
}

pub(crate) fn give_after_hours_notice() -> Command {
    Command::GiveAfterHoursNotice { opens_at: Some(monday()), is_open: false, mail: mail_id(1) }
}

pub(crate) fn take_over(by: u8) -> Command {
    Command::TakeOver { agent: agent(by), from_any: false, notice: notice_id() }
}

pub(crate) fn take_over_from_any(by: u8) -> Command {
    Command::TakeOver { agent: agent(by), from_any: true, notice: notice_id() }
}

pub(crate) fn steal(by: u8) -> Command {
    Command::Steal { by: agent(by), notice: notice_id() }
}

pub(crate) fn write_as(by: u8, n: u32) -> Command {
    let (agent, message) = (agent(by), message_id(n));
    Command::SendAgentMessage(SendAgentMessage { agent, message, text: text(AGENTS_WORDS), quick_reply: None })
}

fn transfer(by: u8, to: TransferTarget) -> Transfer {
    Transfer { by: staff(by), to, reason: text(REMARK), notice: notice_id() }
}

pub(crate) fn transfer_to(by: u8, to: TransferTarget) -> Command {
    Command::Transfer(transfer(by, to))
}

pub(crate) fn request_transfer(n: u8, by: u8, to: TransferTarget) -> Command {
    Command::RequestTransfer { transfer: transfer_id(n), request: transfer(by, to), expires_at: noon() }
}

/// By somebody without a group.
pub(crate) fn answer_transfer(n: u8, by: u8, accept: bool) -> Command {
    answer_transfer_of(n, by, &[], accept)
}

pub(crate) fn answer_transfer_of(n: u8, by: u8, groups: &[Skill], accept: bool) -> Command {
    let (transfer, groups) = (transfer_id(n), groups.to_vec());
    Command::AnswerTransfer { transfer, agent: agent(by), groups, accept, notice: notice_id() }
}

/// Its time is over, or this one takes it back.
pub(crate) fn end_transfer(n: u8, by: Option<u8>) -> Command {
    let reason = if by.is_some() { TransferEnd::Withdrawn } else { TransferEnd::Expired };
    Command::EndTransfer { transfer: transfer_id(n), reason, by: by.map(staff) }
}

pub(crate) fn make_offer(n: u8, to: u8) -> Command {
    Command::MakeOffer { offer: offer_id(n), agent: agent(to), expires_at: noon() }
}

pub(crate) fn end_offer(n: u8, reason: OfferEnd) -> Command {
    Command::EndOffer { offer: offer_id(n), reason }
}

pub(crate) fn release(by: u8) -> Command {
    Command::Release { by: staff(by), reason: resolved(), notice: notice_id(), at: noon() }
}

fn give_back(by: u8, reason: ReturnReason, group: Option<Skill>) -> Command {
    Command::ReturnToQueue { agent: agent(by), reason, group, notice: notice_id() }
}

pub(crate) fn hand_back(by: u8) -> Command {
    give_back(by, ReturnReason::HandedBack, None)
}

pub(crate) fn hand_back_to(by: u8, group: Skill) -> Command {
    give_back(by, ReturnReason::HandedBack, Some(group))
}

pub(crate) fn lose(by: u8) -> Command {
    give_back(by, ReturnReason::AgentLost, None)
}

pub(crate) fn request_mail(n: u8) -> Command {
    Command::RequestMail { mail: mail_id(n), kind: MailKind::ByHand }
}

pub(crate) fn record_mail(n: u8, failure: Option<MailFailure>) -> Command {
    Command::RecordMail { mail: mail_id(n), attempts: 2, failure }
}

/// By the customer or a policy.
pub(crate) fn close() -> Command {
    Command::Close { reason: CloseReason::Resolved, notice: notice_id(), by: None, at: noon() }
}

pub(crate) fn close_as(by: u8) -> Command {
    Command::Close { reason: CloseReason::Resolved, notice: notice_id(), by: Some(staff(by)), at: noon() }
}

pub(crate) fn close_idle(last_written: Option<MessageId>) -> Command {
    Command::CloseIdle { last_written, notice: notice_id(), at: noon() }
}

pub(crate) fn add_note(n: u8, by: u8) -> Command {
    Command::AddNote(AddNote { note: note_id(n), author: agent(by), mentions: vec![agent(BO)], text: text(NOTE) })
}

pub(crate) fn edit_note(n: u8, by: u8, seen: u32) -> Command {
    Command::EditNote(EditNote { note: note_id(n), by: agent(by), seen, mentions: Vec::new(), text: text(NOTE) })
}

pub(crate) fn remove_note(n: u8, by: u8, seen: u32) -> Command {
    Command::RemoveNote { note: note_id(n), by: staff(by), seen }
}

pub(crate) fn tags(names: &[&str]) -> Vec<Tag> {
    names.iter().map(|name| Tag::parse(name).unwrap()).collect()
}

pub(crate) fn change_tags(add: &[&str], remove: &[&str]) -> Command {
    Command::ChangeTags { add: tags(add), remove: tags(remove) }
}

pub(crate) fn set_priority(class: PriorityClass) -> Command {
    Command::SetPriority { class }
}

pub(crate) fn score(n: u8) -> Score {
    Score::try_from(n).unwrap()
}

/// So long after [`noon`].
pub(crate) fn rate(n: u8, later: jiff::SignedDuration) -> Command {
    Command::Rate { score: score(n), comment: Some(text(COMMENT)), at: noon() + later }
}
