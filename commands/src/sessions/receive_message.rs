//! A customer writes. The message is on disk when this answers; having it answered is the dispatcher's business.

use std::sync::Arc;

use domain::{
    Language, MessageId, SessionId, VisitorId,
    policy::{Customer, Message},
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

use super::{
    CommandMetadata, Execution, MESSAGE_SENT, Sessions, customer_metadata,
    heard::{Asked, COMPARED, Fingerprint, Heard},
    opening, stream_of,
};
use crate::{
    error::CommandError,
    event_id::IdempotencyKey,
    executor::{Executed, Tries, Turn, pause},
    node::Node,
    rules::Rules,
};

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
        let ReceiveMessage { visitor, name, key, correlation_id, .. } = &request;
        let session = SessionId::of(*visitor, name.as_str());
        let (key, correlation_id) = (key.as_ref(), *correlation_id);
        let metadata = customer_metadata(self.log_id(), *visitor, session, "send_message", key, correlation_id);
        let turn = self.turn(session).await?;
        let mut tries = Tries::begin();
        let execution = loop {
            match self.try_message(&turn, node, rules, &request, &metadata).await {
                Err(CommandError::Contention | CommandError::KeyReused) if tries.may_go_on() => pause().await,
                answer => break answer?,
            }
        };
        let message = MessageId(metadata.id.derive_id("message"));
        let position = match execution {
            Execution::Done(done) => self.position_of_message(session, &done).await?,
            Execution::Repeated(first) => {
                let sent = self.message_event(&metadata, first).await?;
                self.refuse_other_words(&sent, &Words { text: request.text, parameters: request.parameters }).await?;
                sent.position
            }
        };
        Ok(Received { session, message, position })
    }

    /// One try: the rules read the message as it follows on what the session is now.
    async fn try_message(
        &self,
        turn: &Turn<'_>,
        node: &Node,
        rules: &Rules,
        request: &ReceiveMessage,
        metadata: &CommandMetadata,
    ) -> Result<Execution, CommandError> {
        let session = SessionId::of(request.visitor, request.name.as_str());
        let policy = rules.policy();
        let read = Message::new(request.text.as_str());
        let question = rules.heard().fingerprint(&read);
        let before = self.heard_before(rules, session).await?;
        let language = Language::decide(request.text.as_str(), before.language, request.page);
        let customer = Customer { is_vip: request.is_vip, is_listed: policy.lists(request.visitor) };
        let is_repeated = before.asked.is_some_and(|asked| asked.contains(question));
        let message = SendMessage {
            opening: opening(request.visitor, &request.name, &metadata.id),
            message: MessageId(metadata.id.derive_id("message")),
            language,
            words: Words { text: request.text.clone(), parameters: request.parameters.clone() },
            incarnation: node.incarnation,
            recipient: request.recipient,
            signals: policy.read_message(&read, is_repeated, language, customer),
            urgency: policy.urgency(&read),
            email: EmailAddress::find(request.text.as_str()),
            circumstances: rules.circumstances(metadata.id.derive_id("message")),
        };
        let command = Command::SendMessage(message);
        let execution = self.execute_at(turn, session, metadata, command, before.version).await?;
        if let Execution::Done(done) = &execution {
            before.remember(rules.heard(), session, question, done);
        }
        Ok(execution)
    }

    /// What the session was before a message.
    async fn heard_before(&self, rules: &Rules, session: SessionId) -> Result<Before, CommandError> {
        let known = match self.remembered(session).await {
            Some(known) => known,
            None => self.current(session).await?,
        };
        let version = known.version;
        let is_compared = rules.policy().compares_texts();
        let Some(open) = known.state.session() else {
            return Ok(Before { version, language: None, asked: is_compared.then(|| Asked::nothing(version)) });
        };
        let asked = match is_compared {
            true if open.episode_began => Some(self.asked_until(rules.heard(), session, version).await?),
            true => Some(Asked::nothing(version)),
            false => None,
        };
        Ok(Before { version, language: open.language, asked })
    }

    /// What the customer asked up to this version. What is not remembered is opened for this one message, and its text kept nowhere.
    async fn asked_until(
        &self,
        heard: &Heard,
        session: SessionId,
        version: StreamVersion,
    ) -> Result<Asked, CommandError> {
        let looked_at = StreamVersion(version.0.saturating_sub(LOOKED_AT));
        let known = heard.of(session).filter(|asked| asked.through >= looked_at);
        let mut asked = known.unwrap_or_else(|| Asked::nothing(looked_at));
        if asked.through >= version {
            return Ok(asked);
        }
        let events = self.journal().whole_stream(&stream_of(session), asked.through).await?;
        let is_said = |event: &&Decoded| matches!(event.event().session(), Some((_, Event::CustomerMessageSent(_))));
        let mut said: Vec<Decoded> = events.iter().rev().filter(is_said).take(COMPARED).cloned().collect();
        said.reverse();
        self.journal().open_all(&said).await?;
        for text in said.iter().filter_map(text_of) {
            asked = asked.and(heard.fingerprint(&Message::new(text)), asked.through);
        }
        asked.through = events.last().map_or(asked.through, |last| last.recorded().version);
        Ok(asked)
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

/// Events in which earlier messages are looked for.
const LOOKED_AT: u64 = 24;

/// What a session was before a message.
struct Before {
    version: StreamVersion,
    language: Option<Language>,
    /// Where a rule compares questions.
    asked: Option<Asked>,
}

impl Before {
    /// Remembers the new message's question.
    fn remember(&self, heard: &Heard, session: SessionId, question: Fingerprint, done: &Executed<State, Event>) {
        if let Some(asked) = self.asked.filter(|asked| asked.through == self.version) {
            heard.remember(session, asked.and(question, done.state.version));
        }
    }
}

/// The text of a customer's message that was opened.
fn text_of(decoded: &Decoded) -> Option<&str> {
    match decoded.opened_event().session()?.1 {
        Event::CustomerMessageSent(sent) => Some(sent.words.known()?.text.as_str()),
        _other => None,
    }
}
