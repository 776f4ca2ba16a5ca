//! LiteLLM's proxy, a gateway that others wrote, with answers and errors of its own (`tests/litellm/config.yaml`).

use std::{path::Path, time::Duration};

use domain::session::event::{FailureCode, Outcome};
use integrations::openai::OpenAiConfig;
use tests::{http_client::client, installed_server::InstalledServer};

use super::{Given, KEY, TEXT, ask};
use crate::crash::until;

/// Importing all that it consists of takes a busy machine a while.
const PATIENCE: Duration = Duration::from_secs(180);

struct Proxy(InstalledServer);

impl Proxy {
    async fn start() -> Self {
        let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("litellm/config.yaml");
        let proxy = Self(InstalledServer::start("litellm", "litellm", |command| {
            // Its list of prices is in the package; it would fetch a newer one.
            command.arg("--config").arg(config).env("LITELLM_LOCAL_MODEL_COST_MAP", "True");
        }));
        let live = format!("{}/health/liveliness", proxy.0.url());
        until("LiteLLM is ready", PATIENCE, async || client().get(&live).send().await.is_ok()).await;
        proxy
    }

    async fn ask(&self, model: &str) -> Given {
        let key = Some(KEY.parse().unwrap());
        ask(OpenAiConfig { api_key: key, ..OpenAiConfig::new(&format!("{}/v1", self.0.url()), model) }).await
    }
}

#[tokio::test]
async fn litellm_answers_and_its_refusals_count_as_what_they_are() {
    let proxy = Proxy::start().await;
    let given = proxy.ask("shop").await;
    let (text, end) = given.answered();
    assert_eq!((text, end.outcome), (&*format!("{TEXT}\n\n1. Pack it.\n2. Send it."), Outcome::Answered));
    assert!(end.tokens.is_some_and(|tokens| tokens.input > 0 && tokens.output > 0), "{:?}", end.tokens);
    let refusals = [
        ("busy", FailureCode::RateLimited),
        ("small", FailureCode::Rejected),
        ("broken", FailureCode::Unavailable),
        ("not in its list", FailureCode::Rejected),
    ];
    for (model, code) in refusals {
        let given = proxy.ask(model).await;
        assert_eq!(given.failed().code, code, "{model}: {:?}", given.failed());
        assert!(given.failed().log_id.is_some(), "{model}");
    }
}
