//! A log in files, written through the same log, vault and codec as by desk, and the program run on it.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use domain::{
    AgentId, ContextId, Incarnation, Language, MessageId, Personal, RunId, SessionId, VisitorId,
    session::{
        Event, encode,
        event::{
            AgentTookOver, AssistantReplied, AssistantReplyWithheld, AssistantRunStarted, ContextStarted,
            CustomerMessageSent, Escalated, EscalationReason, Evidence, Named, Opened, Outcome, Recipient, Released,
            Reply, Severity, Withheld, WithheldReason, Words,
        },
        priority::PriorityClass,
    },
    text::{MessageText, ReasonCode, SessionName},
};
use event_store::{Actor, Expected, Log, StreamName};
use jiff::Timestamp;
use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use tempfile::TempDir;
use uuid::Uuid;

/// The customer's message: two lines, and a sequence that would clear a terminal.
pub(crate) const QUESTION: &str = "刹车异响\u{1b}[2J\u{9b}1m\n怎么办？";
pub(crate) const ANSWER: &str = "请先清洁刹车盘。";
pub(crate) const WITHHELD: &str = "第二个回答";
pub(crate) const NAME: &str = "session_1763899200_xiaoming";

pub(crate) struct Shop {
    folder: TempDir,
    log: Log,
}

/// The n-th visitor; each has a session of the same name.
pub(crate) fn visitor(n: u8) -> VisitorId {
    VisitorId(Uuid::from_u128(0xa000 + u128::from(n)))
}

pub(crate) fn session_of(n: u8) -> SessionId {
    SessionId::of(visitor(n), NAME)
}

pub(crate) fn agent() -> AgentId {
    AgentId(Uuid::from_u128(0xc001))
}

pub(crate) fn id(n: u128) -> Uuid {
    Uuid::from_u128(0xe000_0000 + n)
}

impl Shop {
    /// An empty log.
    pub(crate) async fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = testkit::log_in(folder.path(), &folder.path().join("master-key")).await;
        Self { folder, log }
    }

    /// A log with one session of ten events: asked, answered, escalated, withheld, taken over, released.
    pub(crate) async fn with_a_session() -> Self {
        let shop = Self::empty().await;
        shop.tell(1).await;
        shop
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn events_db(&self) -> PathBuf {
        self.folder().join("events.db")
    }

    pub(crate) fn master_key(&self) -> PathBuf {
        self.folder().join("master-key")
    }

    /// Appends the ten events to the session of this visitor.
    pub(crate) async fn tell(&self, n: u8) {
        for (actor, event) in session_events(n) {
            self.append(n, actor, &event).await;
        }
    }

    pub(crate) async fn append(&self, n: u8, actor: Actor, event: &Event) {
        let new = testkit::new_event(encode(event), visitor(n).0, actor);
        self.log.append(&StreamName::of("session", session_of(n).0), Expected::Any, &[new]).await.unwrap();
    }

    /// An event of an agent's account.
    pub(crate) async fn append_to_account(&self, agent: AgentId, event: &domain::agent::Event) {
        let new = testkit::new_event(domain::agent::encode(event), agent.0, Actor::new("system", "desk"));
        self.log.append(&StreamName::of("agent", agent.0), Expected::Any, &[new]).await.unwrap();
    }

    /// Erases a customer, on record.
    pub(crate) async fn erase(&self, n: u8) {
        let key_ids = self.keys_of(visitor(n).0).await;
        let erased = domain::customer::event::DataErased { key_ids, cause: domain::ErasureCause::Request };
        let encoded = domain::customer::encode(&domain::customer::Event::DataErased(erased));
        let new = testkit::new_event(encoded, visitor(n).0, Actor::new("system", "erasure"));
        self.log.append(&StreamName::of("customer", visitor(n).0), Expected::Any, &[new]).await.unwrap();
        self.erase_without_record(n).await;
    }

    /// Destroys a customer's keys, and nothing says so.
    pub(crate) async fn erase_without_record(&self, n: u8) {
        self.log.vault().erase_subject(visitor(n).0, Timestamp::now()).await.unwrap();
    }

    /// Erases an agent, on record.
    pub(crate) async fn erase_agent(&self, agent: AgentId) {
        let key_ids = self.keys_of(agent.0).await;
        let erased = domain::agent::event::DataErased { key_ids, cause: domain::ErasureCause::Request };
        self.append_to_account(agent, &domain::agent::Event::DataErased(erased)).await;
        self.log.vault().erase_subject(agent.0, Timestamp::now()).await.unwrap();
    }

    async fn keys_of(&self, subject: uuid::Uuid) -> Vec<String> {
        let key_ids = self.log.vault().close_subject(subject, Timestamp::now()).await.unwrap();
        key_ids.iter().map(ToString::to_string).collect()
    }

    /// The times at which the events were recorded, in order.
    pub(crate) async fn times(&self) -> Vec<Timestamp> {
        let events = self.log.reader().read_all(event_store::Position::START, 100).await.unwrap();
        events.iter().map(|event| event.recorded_at).collect()
    }

    /// Another connection to the log file.
    pub(crate) async fn connection(&self) -> SqliteConnection {
        SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(self.events_db())).await.unwrap()
    }

    /// A copy of log and vault as after a clean stop: only the database files.
    pub(crate) async fn closed_copy(&self) -> TempDir {
        let copy = tempfile::tempdir().unwrap();
        for file in ["events.db", "keys.db"] {
            let options = SqliteConnectOptions::new().filename(self.folder().join(file));
            let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
            sqlx::query("pragma wal_checkpoint(truncate)").execute(&mut connection).await.unwrap();
            std::fs::copy(self.folder().join(file), copy.path().join(file)).unwrap();
        }
        copy
    }

    /// The program on this log, without the master key.
    pub(crate) fn replay<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Run {
        finish(program(self.folder()).args(arguments))
    }

    /// The program on this log, with the master key.
    pub(crate) fn replay_with_key<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Run {
        finish(program(self.folder()).arg("--master-key").arg(self.master_key()).args(arguments))
    }
}

/// The program with only the log's location.
pub(crate) fn program(store: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_desk-replay"));
    command.env_clear().env("DESK_STORE", store).stdin(Stdio::null());
    command
}

/// The result of a run.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

pub(crate) fn finish(command: &mut Command) -> Run {
    let Output { status, stdout, stderr } = command.output().unwrap();
    Run { code: status.code(), out: String::from_utf8(stdout).unwrap(), err: String::from_utf8(stderr).unwrap() }
}

impl Run {
    #[track_caller]
    pub(crate) fn ok(self) -> String {
        assert_eq!(self.code, Some(0), "{self:?}");
        assert_eq!(self.err, "", "{self:?}");
        self.out
    }

    #[track_caller]
    pub(crate) fn json(self) -> serde_json::Value {
        serde_json::from_str(&self.ok()).unwrap()
    }

    #[track_caller]
    pub(crate) fn failed(self, code: i32) -> String {
        assert_eq!(self.code, Some(code), "{self:?}");
        self.err
    }
}

/// The names of the files in a folder.
pub(crate) fn files(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

pub(crate) fn text(said: &str) -> MessageText {
    MessageText::parse(said.to_owned()).unwrap()
}

pub(crate) fn customer(n: u8) -> Actor {
    Actor::new("customer", &visitor(n).to_string())
}

pub(crate) fn customer_says(n: u128, said: &str) -> Event {
    Event::CustomerMessageSent(CustomerMessageSent {
        message: MessageId(id(n)),
        episode: 1,
        language: Language::Zh,
        incarnation: Incarnation(id(900)),
        recipient: Recipient::Assistant,
        rule_signals: Vec::new(),
        words: Personal::Known(Words { text: text(said), parameters: serde_json::Map::new() }),
    })
}

pub(crate) fn staff() -> Actor {
    Actor::new("agent", &agent().to_string())
}

pub(crate) fn opened(n: u8) -> Event {
    let session_name = SessionName::parse(NAME.to_owned()).unwrap();
    let name = Personal::Known(Named { session_name });
    Event::Opened(Opened { visitor: visitor(n), context: ContextId(id(800)), name })
}

pub(crate) fn escalated(message: u128) -> Event {
    Event::Escalated(Escalated {
        reason: EscalationReason::Manual,
        rule: "R1".to_owned(),
        severity: Severity::High,
        policy_version: 3,
        class: PriorityClass::Normal,
        group: None,
        language: Language::Zh,
        messages: vec![MessageId(id(message))],
        evidence: Personal::Known(Evidence { details: "命中关键词: 人工".to_owned() }),
    })
}

pub(crate) fn screen_cleared() -> Event {
    Event::ContextStarted(ContextStarted { context: ContextId(id(801)), cleared: true })
}

fn run_started(run: u128, answers: u128) -> Event {
    Event::AssistantRunStarted(AssistantRunStarted {
        run: RunId(id(run)),
        attempt: 1,
        incarnation: Incarnation(id(900)),
        assistant: "faq".to_owned(),
        variant: None,
        deadline: Timestamp::constant(1_763_899_200, 0),
        messages: vec![MessageId(id(answers))],
    })
}

/// Positions and versions 1 to 10 of a shop's first session.
fn session_events(n: u8) -> Vec<(Actor, Event)> {
    let (faq, policy) = (Actor::new("assistant", "faq"), Actor::new("policy", "run"));
    let replied = AssistantReplied {
        run: RunId(id(100)),
        attempt: 1,
        message: MessageId(id(2)),
        answers: vec![MessageId(id(1))],
        outcome: Outcome::Answered,
        language: Language::Zh,
        confidence_permille: Some(870),
        tokens: None,
        cost: None,
        sources: vec!["brakes/squeal".to_owned()],
        rule_signals: Vec::new(),
        reply: Personal::Known(Reply { text: text(ANSWER), suggestions: Vec::new(), assistant_context: None }),
    };
    let withheld = AssistantReplyWithheld {
        run: RunId(id(101)),
        attempt: 1,
        reason: WithheldReason::HandedOver,
        tokens: None,
        cost: None,
        withheld: Personal::Known(Withheld { text: text(WITHHELD), shown: "第二".to_owned() }),
    };
    vec![
        (customer(n), opened(n)),
        (customer(n), customer_says(1, QUESTION)),
        (policy.clone(), run_started(100, 1)),
        (faq.clone(), Event::AssistantReplied(replied)),
        (customer(n), customer_says(3, "人工")),
        (policy.clone(), run_started(101, 3)),
        (policy, escalated(3)),
        (faq, Event::AssistantReplyWithheld(withheld)),
        (staff(), Event::AgentTookOver(AgentTookOver { agent: agent(), messages: Vec::new() })),
        (staff(), Event::Released(Released { agent: agent(), reason: ReasonCode::parse("resolved").unwrap() })),
    ]
}
