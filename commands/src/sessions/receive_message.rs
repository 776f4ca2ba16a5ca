//! A customer writes. The message is on disk when this answers; having it answered is the dispatcher's business.

use std::sync::Arc;

use domain::{
    Language, MessageId, SessionId, VisitorId,
    policy::{Customer, Policy},
    session::{
        Command, Event, State,
        command::SendMessage,
        event::{CustomerMessageSent, Recipient, Words},
    },
    text::{EmailAddress, MessageText, SessionName},
};
use event_store::{Position, RecordedEvent, StreamVersion};
use journal::{Decoded, JournalError};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{CommandMetadata, Execution, MESSAGE_SENT, Sessions, customer_metadata, opening, stream_of};
use crate::{error::CommandError, event_id::IdempotencyKey, executor::Executed, node::Node, rules::Rules};

/// A customer's message.
#[derive(Debug, Clone)]
pub struct ReceiveMessage {
    /// Who.
    pub visitor: VisitorId,
    /// In which session; it is opened if need be.
    pub name: SessionName,
    /// What is said.
    pub text: MessageText,
    /// What the shop's page passes along.
    pub parameters: Map<String, Value>,
    /// Who is to answer it.
    pub recipient: Recipient,
    /// The language of the shop's page, for a text that tells none.
    pub page: Option<Language>,
    /// Whether the shop counts the customer among its best.
    pub is_vip: bool,
    /// The client's key.
    pub key: Option<IdempotencyKey>,
    /// The request.
    pub correlation_id: Uuid,
}

/// The message is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Received {
    /// The session.
    pub session: SessionId,
    /// The message.
    pub message: MessageId,
    /// The position of its event.
    pub position: Position,
}

impl Sessions {
    /// Records a customer's message, once per key.
    ///
    /// # Errors
    /// A person has the session, the key was used with another text, or the log did not take it.
    pub async fn receive_message(
        &self,
        node: &Node,
        rules: &Rules,
        request: ReceiveMessage,
    ) -> Result<Received, CommandError> {
        let ReceiveMessage { visitor, name, text, parameters, recipient, page, is_vip, key, correlation_id } = request;
        let session = SessionId::of(visitor, name.as_str());
        let metadata = customer_metadata(self.log_id(), visitor, session, "send_message", key.as_ref(), correlation_id);
        let policy = rules.policy();
        let before = self.heard_before(&policy, session).await?;
        let language = Language::decide(text.as_str(), before.language, page);
        let customer = Customer { is_vip, is_listed: policy.lists(visitor) };
        let earlier: Vec<&str> = before.texts.iter().map(String::as_str).collect();
        let signals = policy.read_message(text.as_str(), &earlier, language, customer);
        let urgency = policy.urgency(text.as_str());
        let words = Words { text, parameters };
        let message = SendMessage {
            opening: opening(visitor, &name, &metadata.id),
            message: MessageId(metadata.id.derive_id("message")),
            language,
            words: words.clone(),
            incarnation: node.incarnation,
            recipient,
            signals,
            urgency,
            email: EmailAddress::find(words.text.as_str()),
            circumstances: rules.circumstances(metadata.id.derive_id("message")),
        };
        let received = Received { session, message: message.message, position: Position::START };
        match self.execute(session, &metadata, Command::SendMessage(message)).await? {
            Execution::Done(done) => {
                let position = self.position_of_message(session, &done).await?;
                Ok(Received { position, ..received })
            }
            Execution::Repeated(first) => {
                let sent = self.message_event(&metadata, first).await?;
                self.refuse_other_words(&sent, &words).await?;
                Ok(Received { position: sent.position, ..received })
            }
        }
    }

    /// What the customer said before, for rules that compare texts: opened for this one message, kept nowhere.
    async fn heard_before(&self, policy: &Policy, session: SessionId) -> Result<Before, CommandError> {
        let known = match self.remembered(session).await {
            Some(known) => known,
            None => self.current(session).await?,
        };
        let Some(open) = known.state.session() else { return Ok(Before::default()) };
        let are_compared = open.episode_began && policy.compares_texts();
        let texts = if are_compared { self.last_texts(session, known.version).await? } else { Vec::new() };
        Ok(Before { language: open.language, texts })
    }

    /// The customer's last messages up to about this version, the newest first.
    async fn last_texts(&self, session: SessionId, version: StreamVersion) -> Result<Vec<String>, CommandError> {
        let after = StreamVersion(version.0.saturating_sub(LOOKED_AT));
        let events = self.journal().whole_stream(&stream_of(session), after).await?;
        let is_said = |event: &Decoded| matches!(event.event().session(), Some((_, Event::CustomerMessageSent(_))));
        let said: Vec<Decoded> = events.into_iter().rev().filter(is_said).take(COMPARED).collect();
        self.journal().open_all(&said).await?;
        let text = |decoded: &Decoded| match decoded.opened_event().session()?.1 {
            Event::CustomerMessageSent(sent) => Some(sent.words.known()?.text.as_str().to_owned()),
            _other => None,
        };
        Ok(said.iter().filter_map(text).collect())
    }

    /// Where the message stands: what a rule brought with it comes after it.
    async fn position_of_message(
        &self,
        session: SessionId,
        done: &Executed<State, Event>,
    ) -> Result<Position, CommandError> {
        let is_sent = |event: &Event| matches!(event, Event::CustomerMessageSent(_));
        let behind = done.events.iter().rev().position(is_sent).unwrap_or_default() as u64;
        if behind == 0 {
            return Ok(done.position);
        }
        let before = StreamVersion(done.state.version.0.saturating_sub(behind + 1));
        let events = self.log().reader().read_stream(&stream_of(session), before, 1).await?;
        Ok(events.first().map_or(done.position, |sent| sent.position))
    }

    /// The message is the command's first event, or its second behind `opened` or `reopened`.
    async fn message_event(
        &self,
        metadata: &CommandMetadata,
        first: Arc<RecordedEvent>,
    ) -> Result<Arc<RecordedEvent>, CommandError> {
        if &*first.event.event_type == MESSAGE_SENT {
            return Ok(first);
        }
        self.log().reader().find(&first.stream, metadata.id.event(1)).await?.ok_or(CommandError::KeyReused)
    }

    /// Erased words cannot be compared: then the first answer stands.
    async fn refuse_other_words(&self, sent: &Arc<RecordedEvent>, words: &Words) -> Result<(), CommandError> {
        let decoded = Decoded::decode(sent.clone()).map_err(JournalError::from)?;
        self.journal().open(&decoded).await?;
        match decoded.opened_event().session().map(|(_, event)| event) {
            Some(Event::CustomerMessageSent(CustomerMessageSent { words: said, .. })) => match said.known() {
                Some(said) if said != words => Err(CommandError::KeyReused),
                Some(_) | None => Ok(()),
            },
            _other => Err(CommandError::KeyReused),
        }
    }
}

/// Earlier messages that rules compare with, at most.
const COMPARED: usize = 3;
/// Events in which they are looked for.
const LOOKED_AT: u64 = 24;

/// What a session was before a message.
#[derive(Default)]
struct Before {
    language: Option<Language>,
    /// The newest first.
    texts: Vec<String>,
}
