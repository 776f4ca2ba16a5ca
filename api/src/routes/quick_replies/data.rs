//! Quick replies on the wire.

use domain::{
    Language,
    settings::quick_reply::{QuickReply, QuickReplyWords, first_set::CATEGORIES, variables},
    text::{MessageText, QuickReplyCategory, QuickReplyTitle},
};
use event_store::event::time_text;
use projections::QuickReplyView;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    body::field::{QuickReplyScope, optional, required},
    openapi::{texts, words},
    wire::{People, Person},
};

/// A quick reply.
#[derive(Serialize, ToSchema)]
pub struct QuickReplyData {
    #[schema(format = "uuid")]
    id: String,
    title: String,
    /// With variables like `{{customer.name}}` in it.
    content: String,
    category: String,
    #[schema(value_type = words::Language)]
    language: &'static str,
    #[schema(value_type = words::QuickReplyScope)]
    scope: &'static str,
    /// Whose it is; null for the shop's.
    owner: Option<Person>,
    /// The variables in its content, each once.
    variables: Vec<String>,
    /// How often agents sent it.
    use_count: u64,
    /// For `If-Match`.
    version: u32,
    /// When it was last changed; null as the program brings it.
    #[schema(format = DateTime)]
    updated_at: Option<String>,
}

impl QuickReplyData {
    pub(super) fn new(view: QuickReplyView, people: &People) -> Self {
        let QuickReplyView { reply, owner, words, category, language, version, updated_at, uses } = view;
        Self {
            id: reply.to_string(),
            title: words.title.as_str().to_owned(),
            variables: variables::names(words.content.as_str()).into_iter().collect(),
            content: words.content.as_str().to_owned(),
            category,
            language: language.as_str(),
            scope: if owner.is_some() { "personal" } else { "shared" },
            owner: owner.map(|agent| people.person(agent)),
            use_count: uses,
            version,
            updated_at: updated_at.map(time_text),
        }
    }
}

impl QuickReplyData {
    /// For the ETag.
    pub(super) fn version(&self) -> u32 {
        self.version
    }
}

/// The quick replies that fit.
#[derive(Serialize, ToSchema)]
pub struct QuickRepliesAnswer {
    pub(super) success: bool,
    pub(super) data: QuickRepliesData,
    /// How far the views had read the log.
    pub(super) position: u64,
}

/// They and how many.
#[derive(Serialize, ToSchema)]
pub struct QuickRepliesData {
    pub(super) items: Vec<QuickReplyData>,
    pub(super) total: usize,
}

/// One quick reply.
#[derive(Serialize, ToSchema)]
pub struct QuickReplyAnswer {
    pub(super) success: bool,
    pub(super) data: QuickReplyData,
    /// Where the log stood.
    pub(super) position: u64,
}

/// One that was removed.
#[derive(Serialize, ToSchema)]
pub struct RemovedAnswer {
    pub(super) success: bool,
    pub(super) data: RemovedData,
    /// Where the log stood.
    pub(super) position: u64,
}

/// Which.
#[derive(Serialize, ToSchema)]
pub struct RemovedData {
    #[schema(format = "uuid")]
    pub(super) id: String,
    /// The version that it ended with.
    pub(super) version: u32,
}

/// What quick replies are grouped by.
#[derive(Serialize, ToSchema)]
pub struct CategoriesAnswer {
    pub(super) success: bool,
    /// Those of the first set in their order, then the others.
    pub(super) data: Vec<CategoryData>,
    /// How far the views had read the log.
    pub(super) position: u64,
}

/// One category.
#[derive(Serialize, ToSchema)]
pub struct CategoryData {
    key: String,
    /// As the original called it; of any other category its key.
    label: String,
    count: usize,
}

impl CategoryData {
    /// The categories of these, those of the first set first.
    pub(super) fn of(all: &[QuickReplyView]) -> Vec<Self> {
        let mut others: Vec<&str> = all.iter().map(|view| view.category.as_str()).collect();
        others.retain(|key| CATEGORIES.iter().all(|(known, _)| known != key));
        others.sort_unstable();
        others.dedup();
        let others = others.into_iter().map(|key| (key, key));
        let count = |key: &str| all.iter().filter(|view| view.category == key).count();
        let category = |(key, label): (&str, &str)| {
            let count = count(key);
            Self { key: key.to_owned(), label: label.to_owned(), count }
        };
        CATEGORIES.into_iter().chain(others).map(category).collect()
    }
}

/// A quick reply to be written.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuickReplyRequest {
    /// What it is found by.
    #[serde(deserialize_with = "required")]
    #[schema(value_type = texts::ReplyTitle)]
    title: QuickReplyTitle,
    /// What is sent.
    #[serde(deserialize_with = "required")]
    #[schema(value_type = texts::Text)]
    content: MessageText,
    /// greeting, product, after_sales, closing, or the shop's own.
    #[serde(deserialize_with = "required")]
    #[schema(value_type = texts::ReplyCategory)]
    category: QuickReplyCategory,
    /// By default zh.
    #[serde(default, deserialize_with = "optional")]
    #[schema(value_type = Option<words::Language>)]
    language: Option<Language>,
    /// By default personal. It stays what it was when the quick reply was written.
    #[serde(default, deserialize_with = "optional")]
    #[schema(value_type = Option<words::QuickReplyScope>)]
    pub(super) scope: Option<QuickReplyScope>,
}

impl QuickReplyRequest {
    pub(super) fn says(self) -> QuickReply {
        let Self { title, content, category, language, scope: _ } = self;
        QuickReply { words: QuickReplyWords { title, content }, category, language: language.unwrap_or_default() }
    }
}

/// A quick reply to be filled in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RenderRequest {
    /// The session that it is for: its id, or a name that one customer alone uses.
    #[serde(deserialize_with = "required")]
    #[schema(value_type = texts::Name)]
    pub(super) session: String,
}

/// The text to be sent.
#[derive(Serialize, ToSchema)]
pub struct RenderAnswer {
    pub(super) success: bool,
    pub(super) data: RenderData,
    /// How far the views had read the log.
    pub(super) position: u64,
}

/// The text to be sent.
#[derive(Serialize, ToSchema)]
pub struct RenderData {
    pub(super) text: String,
    /// Variables without a value: they stand in the text as they are written.
    pub(super) missing: Vec<String>,
}
