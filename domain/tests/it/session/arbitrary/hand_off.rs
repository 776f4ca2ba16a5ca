//! Any event between a customer and persons, and any of a mail.

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
        rating::Score,
    },
    text::{EmailAddress, Tag},
};
use proptest::{collection::vec, option, prelude::*, sample::select};

use super::{class, group, id, text, time};

fn agent() -> impl Strategy<Value = AgentId> + Clone {
    id().prop_map(AgentId)
}

pub(super) fn between_people() -> impl Strategy<Value = Event> {
    let said = (id(), agent(), text(), option::of(id())).prop_map(|(message, agent, text, quick_reply)| {
        let (message, words) = (MessageId(message), Personal::Known(AgentWords { text }));
        Event::AgentMessageSent(AgentMessageSent { message, agent, quick_reply: quick_reply.map(QuickReplyId), words })
    });
    let told = (id(), select(Language::ALL.to_vec()), notice()).prop_map(|(message, language, notice)| {
        Event::NoticeGiven(NoticeGiven { message: MessageId(message), language, notice })
    });
    let class = (class(), option::of(select(Rule::ALL.to_vec())))
        .prop_map(|(class, rule)| Event::PriorityChanged(PriorityChanged { class, rule }));
    prop_oneof![1 => said, 2 => told, 4 => transfer(), 3 => offer(), 1 => class]
}

pub(super) fn notice() -> impl Strategy<Value = Notice> {
    let plain = vec![
        Notice::Danger,
        Notice::Queued,
        Notice::AgentLost,
        Notice::BackInQueue,
        Notice::Released,
        Notice::EscalationCancelled,
        Notice::NobodyCame,
        Notice::EmailNoted,
        Notice::Closed,
    ];
    prop_oneof![
        5 => select(plain),
        1 => agent().prop_map(|agent| Notice::AgentJoined { agent }),
        1 => (agent(), agent()).prop_map(|(from, to)| Notice::Transferred { from, to }),
        1 => agent().prop_map(|from| Notice::TransferredToGroup { from }),
        1 => (option::of(time()), any::<bool>())
            .prop_map(|(opens_at, asks_for_email)| Notice::AfterHours { opens_at, asks_for_email }),
        1 => time().prop_map(|open_until| Notice::RatingAsked { open_until }),
    ]
}

fn remark() -> impl Strategy<Value = Personal<Remark>> {
    option::of(text()).prop_map(|reason| Personal::Known(Remark { reason }))
}

fn transfer() -> impl Strategy<Value = Event> {
    let target = prop_oneof![agent().prop_map(TransferTarget::Agent), group().prop_map(TransferTarget::Group)];
    let requested = (id(), agent(), target, time(), remark()).prop_map(|(transfer, from, to, expires_at, remark)| {
        let transfer = TransferId(transfer);
        Event::TransferRequested(TransferRequested { transfer, from, to, expires_at, remark })
    });
    let accepted = (id(), agent())
        .prop_map(|(transfer, by)| Event::TransferAccepted(TransferAccepted { transfer: TransferId(transfer), by }));
    let ends = vec![TransferEnd::Declined, TransferEnd::Expired, TransferEnd::Withdrawn];
    let declined = (id(), select(ends)).prop_map(|(transfer, reason)| {
        Event::TransferDeclined(TransferDeclined { transfer: TransferId(transfer), reason })
    });
    let kinds = vec![TransferKind::Immediate, TransferKind::Accepted, TransferKind::Stolen];
    let transferred = (agent(), agent(), select(kinds), remark())
        .prop_map(|(from, to, how, remark)| Event::Transferred(Transferred { from, to, how, remark }));
    prop_oneof![requested, accepted, declined, transferred]
}

fn offer() -> impl Strategy<Value = Event> {
    let offer = id().prop_map(OfferId);
    let made = (offer.clone(), agent(), time())
        .prop_map(|(offer, agent, expires_at)| Event::OfferMade(OfferMade { offer, agent, expires_at }));
    let accepted = offer.clone().prop_map(|offer| Event::OfferAccepted(OfferAccepted { offer }));
    let ends = vec![OfferEnd::Declined, OfferEnd::Expired, OfferEnd::Withdrawn];
    let ended = (offer, select(ends)).prop_map(|(offer, reason)| Event::OfferExpired(OfferExpired { offer, reason }));
    prop_oneof![made, accepted, ended]
}

pub(super) fn mails() -> impl Strategy<Value = Event> {
    let mail = id().prop_map(MailId);
    let requested = (mail.clone(), select(vec![MailKind::Escalation, MailKind::ByHand]))
        .prop_map(|(mail, kind)| Event::MailRequested(MailRequested { mail, kind }));
    let sent = (mail.clone(), any::<u32>()).prop_map(|(mail, attempts)| Event::MailSent(MailSent { mail, attempts }));
    let codes = vec![
        MailFailure::NotConfigured,
        MailFailure::Unavailable,
        MailFailure::Refused,
        MailFailure::Rejected,
        MailFailure::Malformed,
    ];
    let failed = (mail, any::<u32>(), select(codes))
        .prop_map(|(mail, attempts, code)| Event::MailFailed(MailFailed { mail, attempts, code }));
    let address = "[a-z]{1,9}@[a-z]{1,9}[.]com".prop_map(|address| EmailAddress::parse(&address).unwrap());
    let changed = address
        .prop_map(|email| Event::ProfileChanged(ProfileChanged { contact: Personal::Known(ContactDetails { email }) }));
    prop_oneof![requested, sent, failed, changed]
}

/// A tag as the edge takes it.
pub(super) fn tag() -> impl Strategy<Value = Tag> {
    "[A-Za-z电池 -]{1,40}".prop_filter_map("it is a tag", |tag| Tag::parse(&tag).ok())
}

pub(super) fn notes() -> impl Strategy<Value = Event> {
    let note = || id().prop_map(NoteId);
    let words = || text().prop_map(|text| Personal::Known(NoteWords { text }));
    let added = (note(), agent(), vec(agent(), 0..3), words())
        .prop_map(|(note, author, mentions, words)| Event::NoteAdded(NoteAdded { note, author, mentions, words }));
    let edited = (note(), any::<u32>(), vec(agent(), 0..3), words())
        .prop_map(|(note, version, mentions, words)| Event::NoteEdited(NoteEdited { note, version, mentions, words }));
    let removed = note().prop_map(|note| Event::NoteRemoved(NoteRemoved { note }));
    let tags = (vec(tag(), 0..4), vec(tag(), 0..4))
        .prop_map(|(added, removed)| Event::TagsChanged(TagsChanged { added, removed }));
    let rated = (1..=5u8, any::<u32>(), agent(), option::of(text())).prop_map(|(score, episode, agent, comment)| {
        let (score, remark) = (Score::try_from(score).unwrap(), Personal::Known(RatingRemark { comment }));
        Event::RatingGiven(RatingGiven { score, episode, agent, remark })
    });
    prop_oneof![added, edited, removed, tags, rated]
}
