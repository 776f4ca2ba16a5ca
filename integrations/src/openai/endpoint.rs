//! The one address that is asked, with the client that asks it.
//!
//! Invariants: the key goes to this address only, for redirects are not followed; no proxy is taken from the environment.

use commands::AssistantError;
use domain::session::event::FailureCode;
use reqwest::{
    Client, Response, Url,
    header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue},
};
use serde::Serialize;

use super::{
    config::{ApiKey, OpenAiConfig, OpenAiConfigError},
    failure::causes,
};
use crate::http_client::{CLIENT_REQUEST_ID, http_client, is_protected};

/// Where Azure OpenAI looks for the key.
const AZURE_KEY: HeaderName = HeaderName::from_static("api-key");

/// Where questions go.
pub(super) struct Endpoint {
    url: Url,
    headers: HeaderMap,
    client: Client,
}

impl Endpoint {
    /// The address of a configuration.
    pub(super) fn new(config: &OpenAiConfig) -> Result<Self, OpenAiConfigError> {
        let client = http_client(config.connect_timeout).map_err(OpenAiConfigError::Client)?;
        Ok(Self { url: address(config)?, headers: headers(config)?, client })
    }

    /// Sends a request that came of the customer's request of this id; what comes back may be a refusal.
    pub(super) async fn post(&self, came_of: &str, body: &impl Serialize) -> Result<Response, AssistantError> {
        let request = self.client.post(self.url.clone()).headers(self.headers.clone());
        let sent = request.header(CLIENT_REQUEST_ID, came_of).json(body).send().await;
        sent.map_err(|error| {
            let code = if error.is_timeout() { FailureCode::TimedOut } else { FailureCode::Unavailable };
            AssistantError::new(code, causes(&error.without_url()))
        })
    }
}

fn address(config: &OpenAiConfig) -> Result<Url, OpenAiConfigError> {
    let mut url = base(config)?;
    if config.model.trim().is_empty() {
        return Err(OpenAiConfigError::Model);
    }
    let mut path = url.path_segments_mut().map_err(|()| OpenAiConfigError::BaseUrl)?;
    path.pop_if_empty();
    if config.azure_api_version.is_some() {
        path.extend(["openai", "deployments", config.model.as_str()]);
    }
    path.extend(["chat", "completions"]);
    drop(path);
    if let Some(version) = &config.azure_api_version {
        if version.trim().is_empty() {
            return Err(OpenAiConfigError::AzureApiVersion);
        }
        url.query_pairs_mut().append_pair("api-version", version.trim());
    }
    Ok(url)
}

fn base(config: &OpenAiConfig) -> Result<Url, OpenAiConfigError> {
    let url = Url::parse(config.base_url.trim()).map_err(|_| OpenAiConfigError::BaseUrl)?;
    let is_http = matches!(url.scheme(), "http" | "https") && url.has_host();
    if !is_http {
        return Err(OpenAiConfigError::BaseUrl);
    }
    if !config.allow_http && !is_protected(&url) {
        return Err(OpenAiConfigError::PlainHttp);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(OpenAiConfigError::UserInUrl);
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(OpenAiConfigError::QueryInUrl);
    }
    if url.path().trim_end_matches('/').ends_with("/chat/completions") {
        return Err(OpenAiConfigError::WholeUrl);
    }
    Ok(url)
}

fn headers(config: &OpenAiConfig) -> Result<HeaderMap, OpenAiConfigError> {
    let Some(key) = config.api_key.as_ref().map(ApiKey::reveal) else { return Ok(HeaderMap::new()) };
    let (name, value) = match config.azure_api_version {
        Some(_) => (AZURE_KEY, key.to_owned()),
        None => (AUTHORIZATION, format!("Bearer {key}")),
    };
    let mut value = HeaderValue::try_from(value).map_err(|_| OpenAiConfigError::ApiKey)?;
    value.set_sensitive(true);
    Ok(HeaderMap::from_iter([(name, value)]))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
