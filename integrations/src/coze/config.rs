//! What Coze is asked with. Everything is checked before the first customer, and an error names the setting to change.

use std::time::Duration;

use reqwest::Url;

use super::{jwt::Signer, tokens::Identity};
use crate::http_client::is_protected;

/// Where Coze is, what answers there, and who we are to it. Holds secrets, so it has no `Debug`.
#[derive(Clone)]
pub struct CozeConfig {
    /// `https://api.coze.com`, `https://api.coze.cn`, or a Coze Studio of one's own.
    pub api_base: String,
    /// The chatflow that answers, with an app or a bot; without it the bot answers by itself.
    pub workflow_id: Option<String>,
    /// The app that the chatflow belongs to.
    pub app_id: Option<String>,
    /// The bot that answers, or that runs a chatflow of the library.
    pub bot_id: Option<String>,
    /// Who we are.
    pub auth: CozeAuth,
    /// The longest that connecting may take.
    pub connect_timeout: Duration,
}

/// Who we are to Coze.
#[derive(Clone)]
pub enum CozeAuth {
    /// An OAuth app that signs: every session has tokens of its own.
    OAuthJwt(OAuthApp),
    /// One personal access token for all sessions.
    PersonalToken(String),
}

/// An OAuth app of the kind "JWT".
#[derive(Clone)]
pub struct OAuthApp {
    /// Its id.
    pub client_id: String,
    /// The fingerprint of its public key.
    pub public_key_id: String,
    /// Its private key (RSA, PEM). Line ends may be spelled `\n`, as environment variables have them.
    pub private_key: String,
}

/// Coze cannot be asked with these settings. Quotes no secret.
#[derive(Debug, thiserror::Error)]
pub enum CozeConfigError {
    /// Something is not set, or blank.
    #[error("{setting} is missing")]
    Missing {
        /// What.
        setting: &'static str,
    },
    /// Something has a value that cannot be used.
    #[error("{setting} {problem}")]
    Invalid {
        /// What.
        setting: &'static str,
        /// Why.
        problem: &'static str,
    },
    /// The private key cannot sign.
    #[error("coze_oauth_private_key is no RSA private key in PEM")]
    PrivateKey(#[source] jsonwebtoken::errors::Error),
    /// The HTTP client cannot be made.
    #[error("no HTTP client can be made")]
    Client(#[source] reqwest::Error),
}

/// What answers.
#[derive(Debug, Clone)]
pub(super) enum Target {
    /// `POST /v1/workflows/chat`.
    Workflow {
        workflow_id: String,
        /// `app_id` or `bot_id`, exactly one.
        place: (&'static str, String),
    },
    /// `POST /v3/chat`.
    Bot { bot_id: String },
}

impl Target {
    pub(super) fn of(config: &CozeConfig) -> Result<Self, CozeConfigError> {
        let invalid = |setting, problem| Err(CozeConfigError::Invalid { setting, problem });
        let workflow_id = id(config.workflow_id.as_deref(), "workflow_id")?;
        let app_id = id(config.app_id.as_deref(), "app_id")?;
        let bot_id = id(config.bot_id.as_deref(), "coze_bot_id")?;
        match (workflow_id, app_id, bot_id) {
            (Some(_), Some(_), Some(_)) => invalid("app_id", "and coze_bot_id cannot both run workflow_id"),
            (Some(workflow_id), Some(app_id), None) => Ok(Self::Workflow { workflow_id, place: ("app_id", app_id) }),
            (Some(workflow_id), None, Some(bot_id)) => Ok(Self::Workflow { workflow_id, place: ("bot_id", bot_id) }),
            (Some(_), None, None) => invalid("workflow_id", "needs app_id or coze_bot_id"),
            (None, Some(_), _) => invalid("app_id", "needs workflow_id"),
            (None, None, Some(bot_id)) => Ok(Self::Bot { bot_id }),
            (None, None, None) => Err(CozeConfigError::Missing { setting: "workflow_id or coze_bot_id" }),
        }
    }

    /// The bot that a conversation is made for.
    pub(super) fn bot_id(&self) -> Option<&str> {
        match self {
            Self::Workflow { place: ("bot_id", bot_id), .. } | Self::Bot { bot_id } => Some(bot_id),
            Self::Workflow { .. } => None,
        }
    }
}

/// An id: `None` if it is not set or blank.
fn id(value: Option<&str>, setting: &'static str) -> Result<Option<String>, CozeConfigError> {
    match value.map(str::trim).filter(|value| !value.is_empty()) {
        Some(value) if value.contains(|c: char| c.is_whitespace() || c.is_control()) => {
            Err(CozeConfigError::Invalid { setting, problem: "is no id" })
        }
        value => Ok(value.map(str::to_owned)),
    }
}

fn required(value: &str, setting: &'static str) -> Result<String, CozeConfigError> {
    id(Some(value), setting)?.ok_or(CozeConfigError::Missing { setting })
}

/// The base URL, without a slash at its end.
pub(super) fn base(config: &CozeConfig) -> Result<Url, CozeConfigError> {
    let invalid = |problem| CozeConfigError::Invalid { setting: "coze_api_base", problem };
    let text = required(&config.api_base, "coze_api_base")?;
    let mut url: Url = text.parse().map_err(|_| invalid("is no URL"))?;
    if !is_protected(&url) {
        return Err(invalid("must begin with https:// (http:// only for this machine)"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid("must hold no credentials"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(invalid("must end before ? and #"));
    }
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    Ok(url)
}

/// Who we are, ready to sign or to send.
pub(super) fn identity(config: &CozeConfig, base: &Url) -> Result<Identity, CozeConfigError> {
    match &config.auth {
        CozeAuth::PersonalToken(token) => {
            let token = required(token, "coze_token")?;
            let problem = "has characters that no token has";
            Identity::personal(token).ok_or(CozeConfigError::Invalid { setting: "coze_token", problem })
        }
        CozeAuth::OAuthJwt(app) => {
            let client_id = required(&app.client_id, "coze_oauth_client_id")?;
            let key_id = required(&app.public_key_id, "coze_oauth_public_key_id")?;
            let key = app.private_key.replace("\\n", "\n");
            if key.trim().is_empty() {
                return Err(CozeConfigError::Missing { setting: "coze_oauth_private_key" });
            }
            let audience = base.host_str().unwrap_or_default().to_owned();
            let signer = Signer::new(client_id, key_id, &key, audience).map_err(CozeConfigError::PrivateKey)?;
            Ok(Identity::Signer(Box::new(signer)))
        }
    }
}
