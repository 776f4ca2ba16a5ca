//! The events that a killed node left: written through its use cases, without the process managers that would continue.

use std::sync::Arc;

use commands::{
    IdempotencyKey, Node, Rules, Sessions, SettingsInForce,
    event_id::CommandId,
    executor::CommandMetadata,
    process::ASSISTANT_RUN,
    sessions::{ReceiveMessage, Received, stream_of},
    settings::VersionZero,
};
use domain::{
    Incarnation, RunId, SessionId, VisitorId,
    session::{Command, command::StartRun, event::Recipient},
    text::{MessageText, SessionName},
};
use event_store::{Actor, Position, SystemClock, sql::Database};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tests::desk::Desk;
use uuid::Uuid;

use super::{Backend, customers::Request};

/// A killed node.
pub(crate) struct DeadNode {
    sessions: Sessions,
    node: Node,
}

impl DeadNode {
    /// On the data of a stopped server, or on a database shared with others.
    pub(crate) async fn beside(desk: &Desk, backend: &Backend, incarnation: Incarnation) -> Self {
        let (store, keys) = backend.open(desk).await;
        let log_id = store.identity().await.unwrap().log_id;
        let log = testkit::log_over(store, &keys, &desk.master_key_file()).await;
        Self { sessions: Sessions::new(log, log_id), node: Node { id: "dead".to_owned(), incarnation } }
    }

    /// It recorded a message and was killed before the run.
    pub(crate) async fn took(&self, visitor: VisitorId, request: &Request) -> Received {
        let message = ReceiveMessage {
            visitor,
            name: SessionName::parse(request.session.clone()).unwrap(),
            text: MessageText::parse(request.text.clone()).unwrap(),
            parameters: json!({"request": request.key}).as_object().cloned().unwrap(),
            recipient: Recipient::Assistant,
            page: None,
            is_vip: false,
            key: IdempotencyKey::parse(&request.key),
            correlation_id: Uuid::new_v4(),
        };
        let settings = SettingsInForce::starting_with(VersionZero::default(), Position::START).unwrap();
        let rules = Rules::new(Arc::new(settings), SystemClock::shared());
        self.sessions.receive_message(&self.node, &rules, message).await.unwrap()
    }

    /// It started a run and was killed before the reply.
    pub(crate) async fn began_to_answer(&self, session: SessionId) {
        let cause = Uuid::new_v4();
        let metadata = CommandMetadata {
            actor: Actor::new("policy", ASSISTANT_RUN),
            correlation_id: cause,
            causation_id: Some(cause),
            id: CommandId::reaction(self.sessions.log_id(), ASSISTANT_RUN, cause, 0),
        };
        let run = StartRun {
            run: RunId(Uuid::new_v4()),
            incarnation: self.node.incarnation,
            assistant: "faq".to_owned(),
            variant: None,
            deadline: Timestamp::now() + SignedDuration::from_secs(120),
        };
        self.sessions.execute(session, &metadata, Command::StartRun(run)).await.unwrap();
    }

    /// It stored the timer of the message's session, as the program before did: without what is open there.
    pub(crate) async fn noted_what_is_open(&self, policies: &Database, visitor: VisitorId, request: &Request) {
        let stream = stream_of(SessionId::of(visitor, &request.session));
        let reader = self.sessions.log().reader();
        let (identity, head) = (reader.identity().await.unwrap(), reader.head().await.unwrap());
        let hash = reader.read_at(head).await.unwrap().unwrap().hash;
        let mut tx = policies.begin().await.unwrap();
        let cursor =
            "update checkpoint set position = $1, hash = $2, log_id = $3, history_until = null where policy = $4";
        let values = [head.0.into(), hash.as_slice().into(), identity.log_id.into(), ASSISTANT_RUN.into()];
        assert_eq!(tx.execute(cursor, &values).await.unwrap(), 1);
        let timer = "insert into timer (policy, stream, key, due_at, payload, life) values ($1, $2, $1, 0, '{}', $3)";
        let values = [ASSISTANT_RUN.into(), stream.as_str().into(), self.node.incarnation.0.into()];
        tx.execute(timer, &values).await.unwrap();
        tx.commit().await.unwrap();
    }
}
