//! A contract server, adapters that ask it, and what comes of a question.

use std::{path::Path, pin::pin, time::Duration};

use commands::assistant::{Assistant, AssistantError, Completion, Piece, Question};
use domain::{
    Language, RunId, SessionId,
    session::event::{Asked, Outcome},
};
use event_store::clock::SystemClock;
use futures::StreamExt;
use integrations::coze::{Coze, CozeAuth, CozeConfig, OAuthApp};
use serde_json::{Map, Value};
use tests::contract_server::ContractServer;
use uuid::Uuid;

pub(super) const PERSONAL_TOKEN: &str = "pat_of_a_developer";
const PRIVATE_KEY: &str = include_str!("../../../integrations/src/coze/tests/private_key.pem");

/// Which of Coze's two kinds of chat is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Endpoint {
    Workflow,
    Bot,
}

pub(super) const ENDPOINTS: [Endpoint; 2] = [Endpoint::Workflow, Endpoint::Bot];

pub(super) fn start() -> ContractServer {
    start_with(&[])
}

pub(super) fn start_with(more: &[&str]) -> ContractServer {
    let key = Path::new(env!("CARGO_MANIFEST_DIR")).join("../integrations/src/coze/tests/public_key.pem");
    let key = key.to_str().unwrap();
    let usual =
        ["--public-key", key, "--key-id", "kid-1", "--app-id", "310000000002", "--personal-token", PERSONAL_TOKEN];
    ContractServer::start("coze_server.py", &[&usual, more].concat())
}

pub(super) fn config(server: &ContractServer, endpoint: Endpoint) -> CozeConfig {
    let app = OAuthApp {
        client_id: "310000000002".to_owned(),
        public_key_id: "kid-1".to_owned(),
        private_key: PRIVATE_KEY.to_owned(),
    };
    let is_workflow = endpoint == Endpoint::Workflow;
    CozeConfig {
        api_base: server.url().to_owned(),
        workflow_id: is_workflow.then(|| "7442300000000000001".to_owned()),
        app_id: is_workflow.then(|| "7439828073000000001".to_owned()),
        bot_id: (!is_workflow).then(|| "7379462189365198898".to_owned()),
        auth: CozeAuth::OAuthJwt(app),
        connect_timeout: Duration::from_secs(5),
    }
}

pub(super) fn coze(server: &ContractServer, endpoint: Endpoint) -> Coze {
    made(&config(server, endpoint))
}

/// One that has a personal token.
pub(super) fn personal(server: &ContractServer, endpoint: Endpoint) -> Coze {
    made(&CozeConfig { auth: CozeAuth::PersonalToken(PERSONAL_TOKEN.to_owned()), ..config(server, endpoint) })
}

fn made(config: &CozeConfig) -> Coze {
    Coze::new(config, SystemClock::shared()).unwrap()
}

pub(super) fn question(text: &str) -> Question {
    Question {
        session: SessionId(Uuid::new_v4()),
        request: Uuid::new_v4(),
        run: RunId(Uuid::new_v4()),
        attempt: 1,
        messages: vec![text.to_owned()],
        history: Vec::new(),
        language: Language::En,
        parameters: Map::new(),
        assistant_context: None,
        earlier: None,
    }
}

/// What came of a question.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub(super) asked: Vec<Asked>,
    pub(super) texts: Vec<String>,
    pub(super) done: Option<Completion>,
    pub(super) error: Option<AssistantError>,
}

impl Answer {
    pub(super) fn text(&self) -> String {
        self.texts.concat()
    }

    pub(super) fn outcome(&self) -> Outcome {
        self.done.as_ref().unwrap_or_else(|| panic!("{:?}", self.error)).outcome
    }

    pub(super) fn error(&self) -> &AssistantError {
        self.error.as_ref().unwrap_or_else(|| panic!("it did not fail: {self:?}"))
    }

    /// All that is known of the chat.
    pub(super) fn last_asked(&self) -> Asked {
        self.asked.last().cloned().unwrap_or_default()
    }
}

/// Asks, and listens to the end.
pub(super) async fn ask(coze: &Coze, question: Question) -> Answer {
    let listening = tokio::time::timeout(Duration::from_secs(30), listen(coze, question, |_| false));
    listening.await.expect("it ends in time")
}

/// Asks, and leaves once what came so far is enough.
pub(super) async fn listen(coze: &Coze, question: Question, is_enough: impl Fn(&Answer) -> bool) -> Answer {
    let (mut answer, mut pieces) = (Answer::default(), pin!(coze.answer(question)));
    while let Some(piece) = pieces.next().await {
        assert!(answer.done.is_none() && answer.error.is_none(), "nothing follows the end");
        match piece {
            Ok(Piece::Asked(asked)) => answer.asked.push(asked),
            Ok(Piece::Text(text)) => answer.texts.push(text),
            Ok(Piece::Done(done)) => answer.done = Some(done),
            Err(error) => answer.error = Some(error),
        }
        if is_enough(&answer) {
            return answer;
        }
    }
    assert!(answer.done.is_some() || answer.error.is_some(), "it says how it ended");
    answer
}

/// The requests of one kind that the server took.
pub(super) async fn requests(server: &ContractServer, route: &str) -> Vec<Value> {
    let state = server.state().await;
    state["requests"].as_array().unwrap().iter().filter(|request| request["route"] == route).cloned().collect()
}

/// The answers of the newest chat, as the contract has them: a blank line between two.
pub(super) async fn recorded_answer(server: &ContractServer) -> String {
    let chats = server.state().await["chats"].as_array().unwrap().clone();
    let answers = chats.last().unwrap()["answers"].as_array().unwrap().clone();
    answers.iter().map(|answer| answer.as_str().unwrap()).collect::<Vec<_>>().join("\n\n")
}
