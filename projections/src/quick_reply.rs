//! The view of quick replies: one row for each that is not as the program brings it, and how often each was sent.
//!
//! Invariants: a removed one has no words, and nothing else of what it was; what the rows say of versions is what the domain's fold says at the same position (a
//! property test); a message counts once.

use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::{
    AgentId, Language, Personal, QuickReplyId, session,
    settings::{
        Event,
        quick_reply::{PersonalQuickReplySaved, QuickReplyRemoved, QuickReplySaved, QuickReplyWords, first_set},
    },
};
use event_store::sql::{Row, SqlError, Transaction, Value};
use jiff::Timestamp;
use journal::Decoded;

use crate::{error::ViewsError, projection::Projection, reading::Reading, rows};

/// A quick reply that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuickReplyView {
    /// Which.
    pub reply: QuickReplyId,
    /// Whose it is; `None` for the shop's.
    pub owner: Option<AgentId>,
    /// What it says.
    pub words: QuickReplyWords,
    /// What it is grouped by.
    pub category: String,
    /// The language of its text.
    pub language: Language,
    /// Its version.
    pub version: u32,
    /// When it was last changed; `None` as the program brings it.
    pub updated_at: Option<Timestamp>,
    /// How often agents sent it.
    pub uses: u64,
}

const ALL: &str = "select id, owner, title, content, category, language, version, updated_at from quick_reply";
const USES: &str = "select reply, uses from quick_reply_use";
const SAVE: &str =
    "insert into quick_reply (id, owner, title, content, category, language, version, updated_at, position)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    on conflict (id) do update set title = excluded.title, content = excluded.content, category = excluded.category,
    language = excluded.language, version = excluded.version, updated_at = excluded.updated_at,
    position = excluded.position
    where quick_reply.position < excluded.position";
const COUNT: &str = "insert into quick_reply_use (reply, uses, position) values ($1, 1, $2)
    on conflict (reply) do update set uses = quick_reply_use.uses + 1, position = excluded.position
    where quick_reply_use.position < excluded.position";
/// One of the first set may be removed without ever having had a row.
const REMOVE: &str =
    "insert into quick_reply (id, owner, title, content, category, language, version, updated_at, position)
    values ($1, null, null, null, $2, $3, $4, null, $5)
    on conflict (id) do update set owner = null, title = null, content = null, category = excluded.category,
    language = excluded.language, version = excluded.version, updated_at = null, position = excluded.position
    where quick_reply.position < excluded.position";

impl Reading {
    /// Every quick reply that is there: those of the first set in their order, then the others, oldest first by id. One whose words
    /// were erased is not.
    ///
    /// # Errors
    /// The views' database does not answer.
    pub async fn quick_replies(&mut self) -> Result<Vec<QuickReplyView>, ViewsError> {
        let mut known: BTreeMap<QuickReplyId, Option<QuickReplyView>> = BTreeMap::new();
        for row in self.rows.fetch(ALL, &[]).await? {
            known.insert(rows::id(&row, 0)?, QuickReplyView::from_row(&row)?);
        }
        let mut all: Vec<QuickReplyView> = Vec::new();
        for (reply, says) in first_set::all() {
            let brought = || Some(QuickReplyView::brought(*reply, says));
            all.extend(known.remove(reply).unwrap_or_else(brought));
        }
        all.extend(known.into_values().flatten());
        let uses = self.uses().await?;
        for view in &mut all {
            view.uses = uses.get(&view.reply).copied().unwrap_or_default();
        }
        Ok(all)
    }

    /// How often each was sent that was sent at all.
    async fn uses(&mut self) -> Result<BTreeMap<QuickReplyId, u64>, ViewsError> {
        let rows = self.rows.fetch(USES, &[]).await?;
        Ok(rows.iter().map(|row| Ok((rows::id(row, 0)?, row.count(1)?))).collect::<Result<_, SqlError>>()?)
    }
}

impl QuickReplyView {
    /// As the program brings it.
    fn brought(reply: QuickReplyId, says: &domain::settings::quick_reply::QuickReply) -> Self {
        Self {
            reply,
            owner: None,
            words: says.words.clone(),
            category: says.category.as_str().to_owned(),
            language: says.language,
            version: first_set::VERSION,
            updated_at: None,
            uses: 0,
        }
    }

    /// `None` once it is removed or erased.
    fn from_row(row: &Row) -> Result<Option<Self>, SqlError> {
        let (title, content) = (rows::optional_coded(row, 2)?, rows::optional_coded(row, 3)?);
        let (Some(title), Some(content)) = (title, content) else { return Ok(None) };
        Ok(Some(Self {
            reply: rows::id(row, 0)?,
            owner: rows::optional_id(row, 1)?,
            words: QuickReplyWords { title, content },
            category: row.text(4)?,
            language: rows::coded(row, 5)?,
            version: u32::try_from(row.int(6)?).map_err(rows::malformed)?,
            updated_at: rows::optional_time(row, 7)?,
            uses: 0,
        }))
    }
}

/// Folds quick replies and counts how often each is sent.
#[derive(Debug)]
pub struct QuickRepliesProjection;

const SCHEMA: &[&str] = &[include_str!("sql/quick_reply.sql"), include_str!("sql/quick_reply_use.sql")];
const PLAIN: &[&str] = &["id", "owner", "category", "language", "reply"];

#[async_trait]
impl Projection for QuickRepliesProjection {
    fn name(&self) -> &'static str {
        "quick_reply"
    }

    fn version(&self) -> u32 {
        2
    }

    fn schema(&self) -> &'static [&'static str] {
        SCHEMA
    }

    fn plain_columns(&self) -> &'static [&'static str] {
        PLAIN
    }

    async fn apply(&self, tx: &mut Transaction, events: &[Decoded]) -> Result<(), SqlError> {
        for decoded in events {
            let event = decoded.opened_event();
            if let Some((_, session::Event::AgentMessageSent(sent))) = event.session()
                && let Some(reply) = sent.quick_reply
            {
                count_use(tx, decoded, reply).await?;
            }
            let Some(event) = event.settings() else { continue };
            match event {
                Event::QuickReplySaved(saved) => save(tx, decoded, &Saved::of_shop(saved)).await?,
                Event::PersonalQuickReplySaved(saved) => save(tx, decoded, &Saved::of_agent(saved)).await?,
                Event::QuickReplyRemoved(removed) => remove(tx, decoded, removed).await?,
                Event::Published(_) | Event::RolledBack(_) | Event::BudgetReached(_) | Event::LogRestored(_) => {}
            }
        }
        Ok(())
    }
}

/// What both kinds of quick replies say.
struct Saved<'a> {
    reply: QuickReplyId,
    owner: Option<AgentId>,
    title: Option<&'a str>,
    content: Option<&'a str>,
    category: &'a str,
    language: Language,
    version: u32,
}

impl<'a> Saved<'a> {
    fn of_shop(saved: &'a QuickReplySaved) -> Self {
        Self {
            reply: saved.reply,
            owner: None,
            title: Some(saved.title.as_str()),
            content: Some(saved.content.as_str()),
            category: saved.category.as_str(),
            language: saved.language,
            version: saved.version,
        }
    }

    fn of_agent(saved: &'a PersonalQuickReplySaved) -> Self {
        let words = Personal::known(&saved.words);
        Self {
            reply: saved.reply,
            owner: Some(saved.owner),
            title: words.map(|words| words.title.as_str()),
            content: words.map(|words| words.content.as_str()),
            category: saved.category.as_str(),
            language: saved.language,
            version: saved.version,
        }
    }
}

async fn save(tx: &mut Transaction, decoded: &Decoded, saved: &Saved<'_>) -> Result<(), SqlError> {
    let (id, owner) = (saved.reply.to_string(), saved.owner.map(|owner| owner.to_string()));
    let values: [Value<'_>; 9] = [
        (&*id).into(),
        owner.as_deref().into(),
        saved.title.into(),
        saved.content.into(),
        saved.category.into(),
        saved.language.as_str().into(),
        u64::from(saved.version).into(),
        decoded.at_us().into(),
        decoded.position().0.into(),
    ];
    tx.execute(SAVE, &values).await.map(drop)
}

async fn count_use(tx: &mut Transaction, decoded: &Decoded, reply: QuickReplyId) -> Result<(), SqlError> {
    let reply = reply.to_string();
    tx.execute(COUNT, &[(&*reply).into(), decoded.position().0.into()]).await.map(drop)
}

async fn remove(tx: &mut Transaction, decoded: &Decoded, removed: &QuickReplyRemoved) -> Result<(), SqlError> {
    let (id, brought) = (removed.reply.to_string(), first_set::find(removed.reply));
    let values = [
        (&*id).into(),
        brought.map_or("", |says| says.category.as_str()).into(),
        brought.map_or(Language::Zh, |says| says.language).as_str().into(),
        u64::from(removed.version).into(),
        decoded.position().0.into(),
    ];
    tx.execute(REMOVE, &values).await.map(drop)
}
