//! How the events of a session are stored.

use serde_json::{Map, Value, json};

use crate::{
    codec::{stored_events, upcast::Upcaster},
    session::event::{
        AfterHoursNoticeGiven, AgentMessageSent, AgentTookOver, AgentWords, Asked, AssistantAsked, AssistantFailed,
        AssistantReplied, AssistantReplyWithheld, AssistantRunStarted, Closed, CommandConfirmed, ContactDetails,
        ContextStarted, CustomerMessageSent, Escalated, EscalationCancelled, Event, Evidence, FailureDetail,
        MailFailed, MailRequested, MailSent, Named, NoteAdded, NoteEdited, NoteRemoved, NoteWords, NoticeGiven,
        OfferAccepted, OfferExpired, OfferMade, Opened, PriorityChanged, ProfileChanged, RatingGiven, RatingRemark,
        Released, Remark, Reopened, Reply, ReturnedToQueue, TagsChanged, TransferAccepted, TransferDeclined,
        TransferRequested, Transferred, Withheld, Words,
    },
};

/// Before their second schema messages went to the assistant, rules left no signals, queues had neither class nor group, and of
/// what failed or was withheld nobody counted the cost, and agents had no prepared answers. Before its third a reply had neither
/// suggestions nor a cost.
const UPCASTERS: &[Upcaster] = &[
    second_schema("session.customer_message_sent", |plain| with(plain, "recipient", json!("assistant"))),
    second_schema("session.assistant_replied", unchanged),
    third_schema("session.assistant_replied", unchanged),
    second_schema("session.assistant_run_started", unchanged),
    second_schema("session.assistant_failed", unchanged),
    second_schema("session.assistant_reply_withheld", unchanged),
    second_schema("session.escalated", |plain| with(with(plain, "class", json!("normal")), "language", json!("zh"))),
    second_schema("session.released", |plain| with(plain, "reason", json!("resolved"))),
    second_schema("session.returned_to_queue", unchanged),
    second_schema("session.agent_message_sent", unchanged),
];

const fn second_schema(event_type: &'static str, plain: fn(Map<String, Value>) -> Map<String, Value>) -> Upcaster {
    Upcaster { event_type, from_schema: 1, plain, personal: unchanged }
}

const fn third_schema(event_type: &'static str, plain: fn(Map<String, Value>) -> Map<String, Value>) -> Upcaster {
    Upcaster { event_type, from_schema: 2, plain, personal: unchanged }
}

fn unchanged(part: Map<String, Value>) -> Map<String, Value> {
    part
}

fn with(mut part: Map<String, Value>, field: &str, value: Value) -> Map<String, Value> {
    part.insert(field.to_owned(), value);
    part
}

stored_events! {
    Event;
    plain {
        ContextStarted = "session.context_started",
        AssistantRunStarted = "session.assistant_run_started" 2,
        EscalationCancelled = "session.escalation_cancelled",
        AfterHoursNoticeGiven = "session.after_hours_notice_given",
        AgentTookOver = "session.agent_took_over",
        NoticeGiven = "session.notice_given",
        TransferAccepted = "session.transfer_accepted",
        TransferDeclined = "session.transfer_declined",
        OfferMade = "session.offer_made",
        OfferAccepted = "session.offer_accepted",
        OfferExpired = "session.offer_expired",
        MailRequested = "session.mail_requested",
        MailSent = "session.mail_sent",
        MailFailed = "session.mail_failed",
        PriorityChanged = "session.priority_changed",
        NoteRemoved = "session.note_removed",
        TagsChanged = "session.tags_changed",
        Released = "session.released" 2,
        ReturnedToQueue = "session.returned_to_queue" 2,
        Closed = "session.closed",
        Reopened = "session.reopened",
        CommandConfirmed = "session.command_confirmed",
    }
    personal {
        Opened = "session.opened", name: Named, Contact;
        CustomerMessageSent = "session.customer_message_sent" 2, words: Words, Message;
        AssistantAsked = "session.assistant_asked", asked: Asked, Message;
        AssistantReplied = "session.assistant_replied" 3, reply: Reply, Message;
        AssistantFailed = "session.assistant_failed" 2, detail: FailureDetail, Message;
        AssistantReplyWithheld = "session.assistant_reply_withheld" 2, withheld: Withheld, Message;
        Escalated = "session.escalated" 2, evidence: Evidence, Message;
        AgentMessageSent = "session.agent_message_sent" 2, words: AgentWords, Message;
        TransferRequested = "session.transfer_requested", remark: Remark, Note;
        Transferred = "session.transferred", remark: Remark, Note;
        ProfileChanged = "session.profile_changed", contact: ContactDetails, Contact;
        NoteAdded = "session.note_added", words: NoteWords, Note;
        NoteEdited = "session.note_edited", words: NoteWords, Note;
        RatingGiven = "session.rating_given", remark: RatingRemark, Message;
    }
}
