//! The assistant behind OpenAI's chat completions, against a server written from the documents of all servers that speak it, and
//! against LiteLLM's proxy, which others wrote.

mod dialects;
mod failures;
mod litellm;
mod rounds;

use std::sync::Arc;

use async_trait::async_trait;
use commands::{Assistant as _, AssistantError, Completion, Piece, Question, Speaker, Turn};
use domain::{Language, RunId, SessionId};
use futures::StreamExt as _;
use integrations::{
    Grounding, OpenAi, Passage,
    openai::{ApiKey, OpenAiConfig},
};
use serde_json::{Map, Value, json};
use tests::contract_server::ContractServer;
use uuid::Uuid;

/// What the server says unless it is told otherwise.
const TEXT: &str = "您可以在 30 天内退货 🚲, free of charge.";
const KEY: &str = "sk-key-of-the-shop";

/// Knows one entry for each question.
struct Shop;

#[async_trait]
impl Grounding for Shop {
    async fn passages(&self, text: &str, _: Language, most: usize) -> Vec<Passage> {
        let key = if text.contains("退货") { "returns" } else { "other" };
        let passage = Passage { key: key.to_owned(), question: text.to_owned(), answer: "30 天内".to_owned() };
        vec![passage].into_iter().take(most).collect()
    }
}

/// A server that speaks this dialect and takes only our key.
fn server(dialect: &str) -> ContractServer {
    ContractServer::start("openai_server.py", &["--dialect", dialect, "--key", KEY])
}

/// As an operator would set it for that server.
fn config(server: &ContractServer, path: &str) -> OpenAiConfig {
    let key: ApiKey = KEY.parse().unwrap();
    OpenAiConfig { api_key: Some(key), ..OpenAiConfig::new(&format!("{}{path}", server.url()), "test-model") }
}

/// A question with a conversation before it, in which the same side spoke twice.
fn question(text: &str) -> Question {
    let turn = |(speaker, text): (Speaker, &str)| Turn { speaker, text: text.to_owned() };
    let history = [
        (Speaker::Assistant, "Welcome!"),
        (Speaker::Customer, "Hallo"),
        (Speaker::Customer, "<b>jemand da?</b>"),
        (Speaker::Assistant, "Ja."),
        (Speaker::Customer, "gut"),
    ];
    Question {
        session: SessionId(Uuid::from_u128(1)),
        request: Uuid::from_u128(3),
        run: RunId(Uuid::from_u128(2)),
        attempt: 1,
        messages: vec![text.to_owned()],
        history: history.map(turn).to_vec(),
        language: Language::De,
        parameters: Map::from_iter([("page".to_owned(), json!("/bikes/c11"))]),
        assistant_context: None,
        earlier: None,
    }
}

/// All that an answer gave.
#[derive(Debug)]
struct Given {
    text: String,
    end: Result<Completion, AssistantError>,
}

impl Given {
    /// The text of an answer that ended, and how.
    fn answered(&self) -> (&str, &Completion) {
        (&self.text, self.end.as_ref().unwrap_or_else(|error| panic!("{error:?}")))
    }

    /// The error of an answer that failed.
    fn failed(&self) -> &AssistantError {
        self.end.as_ref().expect_err("it fails")
    }
}

async fn ask(config: OpenAiConfig) -> Given {
    let mut answer = OpenAi::new(config, Arc::new(Shop)).unwrap().answer(question("Wie gebe ich es zurück?"));
    let mut text = String::new();
    loop {
        match answer.next().await.expect("an answer ends with its end") {
            Ok(Piece::Asked(_)) => {}
            Ok(Piece::Text(more)) => text.push_str(&more),
            Ok(Piece::Done(completion)) => return Given { text, end: Ok(completion) },
            Err(error) => return Given { text, end: Err(error) },
        }
    }
}

/// What comes of a question that this behaviour answers.
async fn ask_for(server: &ContractServer, behaviour: impl Into<Value>) -> Given {
    server.tell(json!({"clear_script": true, "default": behaviour.into()})).await;
    ask(config(server, "/v1")).await
}
