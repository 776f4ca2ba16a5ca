//! Which server is asked, and how. A plain struct: whoever reads the settings fills it, and [`OpenAiConfig::check`] says which of
//! them cannot be used.
//!
//! Invariant: the key shows itself to nobody but the server.

use std::{fmt, str::FromStr, time::Duration};

use serde_json::{Map, Value};

/// A server, a model, and what to tell it.
#[derive(Debug, Clone)]
pub struct OpenAiConfig {
    /// The name that events carry.
    pub name: String,
    /// `openai_base_url`: what stands before `/chat/completions`; with `azure_api_version` the resource's address.
    pub base_url: String,
    /// `openai_model`: the model; with `azure_api_version` the deployment.
    pub model: String,
    /// `openai_api_key` or `openai_api_key_file`. Servers in the own network often want none.
    pub api_key: Option<ApiKey>,
    /// `openai_azure_api_version`: Azure OpenAI's own URLs and header, with this `api-version`.
    pub azure_api_version: Option<String>,
    /// `openai_allow_http`: without TLS to more than this machine.
    pub allow_http: bool,
    /// `openai_system_prompt_file`: its text, unchanged. `None`: the built-in one.
    pub system_prompt: Option<String>,
    /// `openai_context_tokens`: the most that a request may hold, as estimated (`budget.rs`); the answer comes on top.
    pub context_tokens: u32,
    /// `openai_passages`: the most entries of the FAQ that go along with a question, and that one look-up gives.
    pub passages: u32,
    /// `openai_temperature`, 0 to 2. `None`: the server's.
    pub temperature: Option<f64>,
    /// `openai_max_tokens`: the longest answer, which ends there as cut off. `None`: the server's limit.
    pub max_tokens: Option<u32>,
    /// `openai_max_completion_tokens`: sends that limit under this newer name, which OpenAI's reasoning models require.
    pub max_completion_tokens: bool,
    /// `openai_include_usage`: asks for the tokens that an answer cost. Off for servers that refuse `stream_options`.
    pub include_usage: bool,
    /// `openai_tools`: offers tools. Off for servers or models that refuse `tools`; then the model cannot hand over.
    pub tools: bool,
    /// `openai_extra_body`: fields that are added to each request.
    pub extra_body: ExtraBody,
    /// `assistant_connect_seconds`: the longest that connecting may take.
    pub connect_timeout: Duration,
}

impl OpenAiConfig {
    /// This model of this server, and the defaults for the rest.
    #[must_use]
    pub fn new(base_url: &str, model: &str) -> Self {
        Self {
            name: "openai".to_owned(),
            base_url: base_url.to_owned(),
            model: model.to_owned(),
            api_key: None,
            azure_api_version: None,
            allow_http: false,
            system_prompt: None,
            // Fits a model with a context of 8,192 tokens together with its answer.
            context_tokens: 6_000,
            passages: 4,
            temperature: Some(0.3),
            max_tokens: Some(1_024),
            max_completion_tokens: false,
            include_usage: true,
            tools: true,
            extra_body: ExtraBody::default(),
            connect_timeout: Duration::from_secs(5),
        }
    }

    /// Whether values are within their bounds; URL, key and prompt are checked where they are used.
    pub(super) fn check(&self) -> Result<(), OpenAiConfigError> {
        if self.temperature.is_some_and(|temperature| !(0.0..=2.0).contains(&temperature)) {
            return Err(OpenAiConfigError::Temperature);
        }
        if self.max_tokens == Some(0) {
            return Err(OpenAiConfigError::Zero { setting: "openai_max_tokens" });
        }
        if self.connect_timeout.is_zero() {
            return Err(OpenAiConfigError::Zero { setting: "assistant_connect_seconds" });
        }
        let own = self.extra_body.0.keys().find(|field| OWN_FIELDS.contains(&field.as_str()));
        own.map_or(Ok(()), |field| Err(OpenAiConfigError::OwnField { field: field.clone() }))
    }
}

/// What each request says already, or must not say: the answer is read as one stream of one choice.
const OWN_FIELDS: [&str; 12] = [
    "model",
    "messages",
    "stream",
    "stream_options",
    "temperature",
    "max_tokens",
    "max_completion_tokens",
    "tools",
    "tool_choice",
    "functions",
    "function_call",
    "n",
];

/// A key that a server knows us by.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(String);

impl ApiKey {
    /// The key itself, for the header.
    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl FromStr for ApiKey {
    type Err = OpenAiConfigError;

    /// White space around it, as files have it, is not part of it.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let key = text.trim();
        let is_key = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_graphic());
        if is_key { Ok(Self(key.to_owned())) } else { Err(OpenAiConfigError::ApiKey) }
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(…)")
    }
}

/// Fields that are added to each request, such as `{"enable_thinking": false}`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ExtraBody(pub Map<String, Value>);

impl FromStr for ExtraBody {
    type Err = serde_json::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        serde_json::from_str(text).map(Self)
    }
}

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenAiConfigError {
    /// The base URL is no URL of a server.
    #[error("openai_base_url must be a URL like https://api.openai.com/v1")]
    BaseUrl,
    /// The base URL names user or password, which belong into the key.
    #[error("openai_base_url must not hold user or password; the key goes into openai_api_key_file")]
    UserInUrl,
    /// The base URL has a query or a fragment.
    #[error("openai_base_url must not have a query or fragment; for Azure there is openai_azure_api_version")]
    QueryInUrl,
    /// The base URL is the whole address.
    #[error("openai_base_url must end before /chat/completions")]
    WholeUrl,
    /// Texts of customers would go over a network in the clear.
    #[error("openai_base_url must be https, unless openai_allow_http allows http to other machines than this")]
    PlainHttp,
    /// There is no model.
    #[error("openai_model must name a model")]
    Model,
    /// The API version is empty.
    #[error("openai_azure_api_version must be a version like 2024-10-21")]
    AzureApiVersion,
    /// The key is empty, or no header can carry it.
    #[error("openai_api_key must be a key of visible ASCII characters")]
    ApiKey,
    /// The temperature is out of bounds.
    #[error("openai_temperature must be between 0 and 2")]
    Temperature,
    /// Zero makes no sense there.
    #[error("{setting} must not be 0")]
    Zero {
        /// Which setting.
        setting: &'static str,
    },
    /// A field of the request has a setting of its own.
    #[error("openai_extra_body must not set {field:?}")]
    OwnField {
        /// Which field.
        field: String,
    },
    /// The system prompt is empty.
    #[error("openai_system_prompt_file must not be empty")]
    EmptyPrompt,
    /// The system prompt leaves no room for a conversation.
    #[error("the system prompt has about {tokens} tokens, more than half of openai_context_tokens")]
    PromptTooLong {
        /// Its size as estimated.
        tokens: usize,
    },
    /// The HTTP client cannot be made.
    #[error("the HTTP client cannot be made")]
    Client(#[source] reqwest::Error),
}
