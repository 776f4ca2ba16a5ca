//! Whether a command that comes again under its key says what it said the first time.

use domain::{
    Personal,
    session::{
        Command, Event,
        command::{AddNote, EditNote, Escalate, SendAgentMessage, Transfer},
        event::{NoteWords, TransferTarget},
    },
    text::MessageText,
};

/// Compares what a body says with what was recorded of it. A command that had nothing to change left nothing to compare, and
/// erased texts cannot be compared: then the first answer stands.
pub(super) fn says_the_same(command: &Command, recorded: &[Event]) -> bool {
    recorded.iter().all(|event| agrees(command, event))
}

fn agrees(command: &Command, event: &Event) -> bool {
    match (command, event) {
        (Command::SendAgentMessage(SendAgentMessage { text, quick_reply, .. }), Event::AgentMessageSent(sent)) => {
            sent.quick_reply == *quick_reply && is_same(&sent.words, |words| words.text == *text)
        }
        (Command::Escalate(Escalate { firing, .. }), Event::Escalated(escalated)) => {
            is_same(&escalated.evidence, |evidence| evidence.details == firing.details)
        }
        (Command::Transfer(wanted), Event::Transferred(done)) => {
            wanted.to == TransferTarget::Agent(done.to) && is_reason(wanted, &done.remark)
        }
        (Command::Transfer(Transfer { to, .. }), Event::ReturnedToQueue(done)) => {
            matches!((to, &done.group), (TransferTarget::Group(wanted), Some(group)) if wanted == group)
        }
        (Command::RequestTransfer { request, .. }, Event::TransferRequested(done)) => {
            request.to == done.to && is_reason(request, &done.remark)
        }
        (Command::AnswerTransfer { accept, .. }, Event::TransferAccepted(_)) => *accept,
        (Command::AnswerTransfer { accept, .. }, Event::TransferDeclined(_)) => !*accept,
        (Command::Release { reason, .. }, Event::Released(done)) => *reason == done.reason,
        (Command::Close { reason, .. }, Event::Closed(done)) => *reason == done.reason,
        (Command::AddNote(AddNote { mentions, text, .. }), Event::NoteAdded(done)) => {
            *mentions == done.mentions && is_same(&done.words, |words: &NoteWords| words.text == *text)
        }
        (Command::EditNote(EditNote { mentions, text, .. }), Event::NoteEdited(done)) => {
            *mentions == done.mentions && is_same(&done.words, |words: &NoteWords| words.text == *text)
        }
        (Command::ChangeTags { add, remove }, Event::TagsChanged(done)) => {
            done.added.iter().all(|tag| add.contains(tag)) && done.removed.iter().all(|tag| remove.contains(tag))
        }
        (Command::SetPriority { class }, Event::PriorityChanged(done)) => *class == done.class,
        (Command::Rate { score, comment, .. }, Event::RatingGiven(done)) => {
            *score == done.score && is_same(&done.remark, |remark| remark.comment == *comment)
        }
        _no_words_of_the_body => true,
    }
}

fn is_same<T>(part: &Personal<T>, says: impl FnOnce(&T) -> bool) -> bool {
    part.known().is_none_or(says)
}

fn is_reason(wanted: &Transfer, remark: &Personal<domain::session::event::Remark>) -> bool {
    let same = |reason: &MessageText| *reason == wanted.reason;
    is_same(remark, |remark| remark.reason.as_ref().is_none_or(same))
}
