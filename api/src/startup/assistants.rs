//! The assistants that the settings ask for, in their order.

use std::{fs, sync::Arc};

use commands::{
    Assistant,
    assistants::{Budgets, Guarded, Limits},
    process::{ConversationDeletion, ConversationStore, Delivery},
};
use event_store::Clock;
use integrations::{
    FaqAssistant,
    coze::{Coze, CozeAuth, CozeConfig, OAuthApp},
    grounding::Grounding,
    openai::{OpenAi, OpenAiConfig},
};

use super::{
    AnyError,
    secret_file::{self, unreadable},
};
use crate::settings::{AssistantKind, CozeAuthMode, Settings, TokenPrice};

/// Places at the FAQ: it is in this program and answers at once, so nobody is to wait for one.
const FAQ_AT_ONCE: usize = 10_000;

/// All assistants in their order, and Coze by itself for the routes about its tokens.
pub(crate) struct Built {
    pub(crate) members: Vec<Arc<Guarded>>,
    pub(super) coze: Option<Coze>,
}

/// Makes them; without a FAQ where it has no entries yet, and without budgets where none are counted.
///
/// # Errors
/// One cannot be used with what is set; the error names the setting.
pub(crate) fn build(
    settings: &Settings,
    faq: Option<FaqAssistant>,
    grounding: &Arc<dyn Grounding>,
    budgets: Option<&Arc<Budgets>>,
    clock: &Arc<dyn Clock>,
) -> Result<Built, AnyError> {
    let (mut members, mut coze) = (Vec::new(), None);
    let order = settings.assistant_order();
    let price = |price: Option<TokenPrice>| price.map(|price| price.with(&settings.assistant_currency));
    let outside = |assistant: Arc<dyn Assistant>, price| {
        let guarded = Guarded::new(assistant, limits(settings), price).with_clock(clock.clone());
        match budgets {
            Some(budgets) => guarded.within(budgets.clone()),
            None => guarded,
        }
    };
    for kind in &order {
        let member = match kind {
            AssistantKind::Coze => {
                let made = Coze::new(&coze_config(settings)?, clock.clone())?;
                coze = Some(made.clone());
                outside(Arc::new(made), price(settings.coze_price))
            }
            AssistantKind::OpenAi => {
                let made = OpenAi::new(openai_config(settings)?, grounding.clone())?;
                outside(Arc::new(made), price(settings.openai_price))
            }
            AssistantKind::Faq => {
                let Some(faq) = &faq else { continue };
                Guarded::new(Arc::new(faq.clone()), limits_of_faq(settings), None).with_clock(clock.clone())
            }
        };
        members.push(Arc::new(member));
    }
    let names: Vec<&str> = order.iter().map(|kind| kind.as_str()).collect();
    tracing::info!(assistants = names.join(","), "assistants are asked in this order");
    Ok(Built { members, coze })
}

/// Deletes what assistants elsewhere store of a conversation.
pub(super) fn conversation_deletion(coze: Option<&Coze>) -> Arc<dyn Delivery> {
    let stores = coze.map(|coze| Arc::new(coze.clone()) as Arc<dyn ConversationStore>);
    Arc::new(ConversationDeletion::new(stores.into_iter().collect()))
}

fn limits(settings: &Settings) -> Limits {
    Limits {
        total: settings.assistant_limit_seconds,
        first_piece: settings.assistant_silence_seconds,
        idle: settings.assistant_silence_seconds,
        at_once: settings.assistant_at_once,
        queue: settings.assistant_queue,
        queue_time: settings.assistant_queue_seconds,
        attempts: settings.assistant_attempts,
    }
}

fn limits_of_faq(settings: &Settings) -> Limits {
    Limits { at_once: FAQ_AT_ONCE, ..limits(settings) }
}

fn coze_config(settings: &Settings) -> Result<CozeConfig, AnyError> {
    Ok(CozeConfig {
        api_base: settings.coze_api_base.clone(),
        workflow_id: settings.coze_workflow_id(),
        app_id: settings.coze_app_id(),
        bot_id: settings.coze_bot_id.clone(),
        auth: coze_auth(settings)?,
        connect_timeout: settings.assistant_connect_seconds,
    })
}

fn coze_auth(settings: &Settings) -> Result<CozeAuth, AnyError> {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    if settings.coze_auth_mode == CozeAuthMode::Token {
        return Ok(CozeAuth::PersonalToken(text(&settings.coze_token)));
    }
    let private_key = match (&settings.coze_oauth_private_key, &settings.coze_oauth_private_key_file) {
        (Some(key), _) => key.clone(),
        (None, Some(path)) => secret_file::read("coze_oauth_private_key_file", path)?,
        (None, None) => String::new(),
    };
    let (client_id, public_key_id) = (text(&settings.coze_oauth_client_id), text(&settings.coze_oauth_public_key_id));
    Ok(CozeAuth::OAuthJwt(OAuthApp { client_id, public_key_id, private_key }))
}

fn openai_config(settings: &Settings) -> Result<OpenAiConfig, AnyError> {
    let url = settings.openai_base_url.clone().unwrap_or_default();
    let model = settings.openai_model.clone().unwrap_or_default();
    let key = match (&settings.openai_api_key, &settings.openai_api_key_file) {
        (Some(key), _) => Some(key.clone()),
        (None, Some(path)) => Some(secret_file::read("openai_api_key_file", path)?),
        (None, None) => None,
    };
    let prompt = settings.openai_system_prompt_file.as_ref();
    let prompt = prompt
        .map(|path| fs::read_to_string(path).map_err(|error| unreadable("openai_system_prompt_file", path, &error)));
    let extra = settings.openai_extra_body.as_deref().map(str::parse).transpose();
    Ok(OpenAiConfig {
        api_key: key.map(|key| key.parse()).transpose()?,
        azure_api_version: settings.openai_azure_api_version.clone(),
        allow_http: settings.openai_allow_http,
        system_prompt: prompt.transpose()?,
        context_tokens: settings.openai_context_tokens,
        passages: settings.openai_passages,
        temperature: settings.openai_temperature.0,
        max_tokens: Some(settings.openai_max_tokens).filter(|most| *most > 0),
        max_completion_tokens: settings.openai_max_completion_tokens,
        include_usage: settings.openai_include_usage,
        tools: settings.openai_tools,
        extra_body: extra.map_err(|error| format!("openai_extra_body is no JSON object: {error}"))?.unwrap_or_default(),
        connect_timeout: settings.assistant_connect_seconds,
        ..OpenAiConfig::new(&url, &model)
    })
}
