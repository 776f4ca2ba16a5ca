//! One event of every type that persons, offers and mails bring into a session.

use domain::{
    AgentId, Language, MailId, MessageId, NoteId, OfferId, Personal, QuickReplyId, TransferId,
    policy::Rule,
    session::{
        Event,
        event::{
            AgentMessageSent, AgentWords, ContactDetails, MailFailed, MailFailure, MailKind, MailRequested, MailSent,
            NoteAdded, NoteEdited, NoteRemoved, NoteWords, NoticeGiven, OfferAccepted, OfferEnd, OfferExpired,
            OfferMade, PriorityChanged, ProfileChanged, RatingGiven, RatingRemark, Remark, TagsChanged,
            TransferAccepted, TransferDeclined, TransferEnd, TransferKind, TransferRequested, TransferTarget,
            Transferred,
        },
        notice::Notice,
        priority::PriorityClass,
        rating::Score,
    },
    text::{EmailAddress, Tag},
};
use uuid::uuid;

use super::{AGENT, group, noon, text};

pub(crate) const OTHER_AGENT: AgentId = AgentId(uuid!("f4a1b2c3-d4e5-4f60-8172-93a4b5c6d766"));
const TRANSFER: TransferId = TransferId(uuid!("7d0e6f5a-1b2c-4d3e-8f90-a1b2c3d4e599"));
const OFFER: OfferId = OfferId(uuid!("8e1f7a6b-2c3d-4e4f-9fa1-b2c3d4e5f6aa"));
const MAIL: MailId = MailId(uuid!("9f2a8b7c-3d4e-4f5a-afb2-c3d4e5f6a7bb"));
const AGENTS_MESSAGE: MessageId = MessageId(uuid!("11111111-2222-4333-8444-555555555599"));
const NOTE: NoteId = NoteId(uuid!("a03b9c8d-4e5f-4a6b-b0c3-d4e5f6a7b8cc"));
const QUICK_REPLY: QuickReplyId = QuickReplyId(uuid!("b14cad9e-5f60-4b7c-81d4-e5f6a7b8c9dd"));
const NOTICE: MessageId = MessageId(uuid!("11111111-2222-4333-8444-5555555555aa"));

pub(super) fn between_people() -> Vec<Event> {
    let remark = || Personal::Known(Remark { reason: Some(text("王小明 asks about the battery’s warranty")) });
    let words = Personal::Known(AgentWords { text: text("您好，王小明！\n我来帮您看刹车。") });
    let notice = Notice::AfterHours { opens_at: Some(noon()), asks_for_email: true };
    vec![
        Event::AgentMessageSent(AgentMessageSent {
            message: AGENTS_MESSAGE,
            agent: AGENT,
            quick_reply: Some(QUICK_REPLY),
            words,
        }),
        Event::NoticeGiven(NoticeGiven { message: NOTICE, language: Language::En, notice }),
        Event::TransferRequested(TransferRequested {
            transfer: TRANSFER,
            from: AGENT,
            to: TransferTarget::Group(group()),
            expires_at: noon(),
            remark: remark(),
        }),
        Event::TransferAccepted(TransferAccepted { transfer: TRANSFER, by: OTHER_AGENT }),
        Event::TransferDeclined(TransferDeclined { transfer: TRANSFER, reason: TransferEnd::Expired }),
        Event::Transferred(Transferred {
            from: AGENT,
            to: OTHER_AGENT,
            how: TransferKind::Immediate,
            remark: remark(),
        }),
        Event::OfferMade(OfferMade { offer: OFFER, agent: AGENT, expires_at: noon() }),
        Event::OfferAccepted(OfferAccepted { offer: OFFER }),
        Event::OfferExpired(OfferExpired { offer: OFFER, reason: OfferEnd::Declined }),
        Event::PriorityChanged(PriorityChanged { class: PriorityClass::Danger, rule: Some(Rule::R0) }),
    ]
}

pub(super) fn mails() -> Vec<Event> {
    let contact = Personal::Known(ContactDetails { email: EmailAddress::parse("xiaoming@example.com").unwrap() });
    vec![
        Event::MailRequested(MailRequested { mail: MAIL, kind: MailKind::Escalation }),
        Event::MailSent(MailSent { mail: MAIL, attempts: 2 }),
        Event::MailFailed(MailFailed { mail: MAIL, attempts: 5, code: MailFailure::Unavailable }),
        Event::ProfileChanged(ProfileChanged { contact }),
    ]
}

pub(super) fn notes() -> Vec<Event> {
    let words = |said| Personal::Known(NoteWords { text: text(said) });
    let tag = |name: &str| Tag::parse(name).unwrap();
    let remark = Personal::Known(RatingRemark { comment: Some(text("谢谢！王小明")) });
    vec![
        Event::NoteAdded(NoteAdded {
            note: NOTE,
            author: AGENT,
            mentions: vec![OTHER_AGENT],
            words: words("王小明 asked about “刹车” before\n@bo please have a look"),
        }),
        Event::NoteEdited(NoteEdited {
            note: NOTE,
            version: 2,
            mentions: vec![AGENT, OTHER_AGENT],
            words: words("王小明 asked about his brakes twice"),
        }),
        Event::NoteRemoved(NoteRemoved { note: NOTE }),
        Event::TagsChanged(TagsChanged {
            added: vec![tag("refund"), tag("电池")], removed: vec![tag("e-mail later")]
        }),
        Event::RatingGiven(RatingGiven { score: Score::try_from(4).unwrap(), episode: 2, agent: OTHER_AGENT, remark }),
    ]
}
