//! What a node wrote before it died, written as it writes: through the use cases, with nobody behind them who would go on.

use std::sync::Arc;

use commands::{
    IdempotencyKey, Node, Sessions,
    event_id::CommandId,
    executor::CommandMetadata,
    process::ASSISTANT_RUN,
    sessions::{ReceiveMessage, Received, stream_of},
};
use domain::{
    Incarnation, RunId, SessionId, VisitorId,
    session::{Command, command::StartRun},
    text::{MessageText, SessionName},
};
use event_store::{
    Log, Vault,
    event::Actor,
    migration::migrate_vault,
    sql::Database,
    vault::{MasterKey, SqlKeys},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tests::desk::Desk;
use uuid::Uuid;

use super::{Ground, customers::Request};

/// A node that is no more.
pub(crate) struct DeadNode {
    sessions: Sessions,
    node: Node,
}

impl DeadNode {
    /// On the data of a server that does not run, or on a database that others use as well.
    pub(crate) async fn beside(desk: &Desk, ground: &Ground, incarnation: Incarnation) -> Self {
        let (store, keys) = ground.open(desk).await;
        migrate_vault(&keys).await.unwrap();
        let log_id = store.identity().await.unwrap().log_id;
        let master = MasterKey::read(&desk.master_key_file()).unwrap();
        let vault = Arc::new(Vault::new(Arc::new(SqlKeys::new(keys)), master));
        let node = Node { id: "dead".to_owned(), incarnation };
        Self { sessions: Sessions::new(Log::new(store, vault), log_id), node }
    }

    /// It took a message, and died before anything else.
    pub(crate) async fn took(&self, visitor: VisitorId, request: &Request) -> Received {
        let message = ReceiveMessage {
            visitor,
            name: SessionName::parse(request.session.clone()).unwrap(),
            text: MessageText::parse(request.text.clone()).unwrap(),
            parameters: json!({"request": request.key}).as_object().cloned().unwrap(),
            key: IdempotencyKey::parse(&request.key),
            correlation_id: Uuid::new_v4(),
        };
        self.sessions.receive_message(&self.node, message).await.unwrap()
    }

    /// It began to answer, and died before it had an answer.
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
            deadline: Timestamp::now() + SignedDuration::from_secs(120),
        };
        self.sessions.execute(session, &metadata, Command::StartRun(run)).await.unwrap();
    }

    /// It noted in its store that the message's session is being answered, as the program before did: with one timer for the
    /// session.
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
