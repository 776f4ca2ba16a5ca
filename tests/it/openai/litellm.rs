//! LiteLLM's proxy, a gateway that others wrote, with answers and errors of its own (`tests/litellm/config.yaml`).

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use domain::session::event::{FailureCode, Outcome};
use integrations::openai::OpenAiConfig;
use tests::http_client::client;

use super::{Given, KEY, TEXT, ask};
use crate::crash::until;

/// Importing all that it consists of takes a busy machine a while.
const PATIENCE: Duration = Duration::from_secs(180);

struct Proxy {
    child: Child,
    url: String,
}

impl Proxy {
    async fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("litellm/config.yaml");
        let mut command = Command::new(program());
        command.arg("--config").arg(config).args(["--host", "127.0.0.1", "--port", &port.to_string()]);
        // Its list of prices is in the package; it would fetch a newer one.
        command.env("LITELLM_LOCAL_MODEL_COST_MAP", "True").stdout(Stdio::null()).stderr(Stdio::null());
        let proxy = Self { child: command.spawn().unwrap(), url: format!("http://127.0.0.1:{port}") };
        let live = format!("{}/health/liveliness", proxy.url);
        until("LiteLLM is ready", PATIENCE, async || client().get(&live).send().await.is_ok()).await;
        proxy
    }

    async fn ask(&self, model: &str) -> Given {
        let key = Some(KEY.parse().unwrap());
        ask(OpenAiConfig { api_key: key, ..OpenAiConfig::new(&format!("{}/v1", self.url), model) }).await
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// LiteLLM, in the folder that everything is built into.
fn program() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let program = own.ancestors().map(|folder| folder.join("litellm/bin/litellm")).find(|path| path.exists());
    program.unwrap_or_else(|| {
        panic!(
            "LiteLLM is not installed: `make test` does it, or\n\
             python3 -m venv target/litellm && target/litellm/bin/pip install -r tests/litellm/requirements.txt"
        )
    })
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
