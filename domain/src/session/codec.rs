//! How the events of a session are stored.

use crate::{
    codec::{stored_events, upcast::Upcaster},
    session::event::{
        AfterHoursNoticeGiven, AgentTookOver, AssistantFailed, AssistantReplied, AssistantReplyWithheld,
        AssistantRunStarted, Closed, CommandConfirmed, ContextStarted, CustomerMessageSent, Escalated,
        EscalationCancelled, Event, Evidence, FailureDetail, Named, Opened, Released, Reopened, Reply, ReturnedToQueue,
        Withheld, Words,
    },
};

/// None yet: every event is still at its first schema.
const UPCASTERS: &[Upcaster] = &[];

stored_events! {
    Event;
    plain {
        ContextStarted = "session.context_started",
        AssistantRunStarted = "session.assistant_run_started",
        EscalationCancelled = "session.escalation_cancelled",
        AfterHoursNoticeGiven = "session.after_hours_notice_given",
        AgentTookOver = "session.agent_took_over",
        Released = "session.released",
        ReturnedToQueue = "session.returned_to_queue",
        Closed = "session.closed",
        Reopened = "session.reopened",
        CommandConfirmed = "session.command_confirmed",
    }
    personal {
        Opened = "session.opened", name: Named, Contact;
        CustomerMessageSent = "session.customer_message_sent", words: Words, Message;
        AssistantReplied = "session.assistant_replied", reply: Reply, Message;
        AssistantFailed = "session.assistant_failed", detail: FailureDetail, Message;
        AssistantReplyWithheld = "session.assistant_reply_withheld", withheld: Withheld, Message;
        Escalated = "session.escalated", evidence: Evidence, Message;
    }
}
