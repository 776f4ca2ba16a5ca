//! What an agent keeps for itself in a session: how far it has read, and what it was about to write. No events: rows beside the
//! timers, sealed by the keys of the session's customer, so that they are gone with that customer.
//!
//! Invariants: nobody but its agent is shown a row; a row that cannot be opened any more is removed, not answered; nothing is older
//! than [`KEPT`].

use std::{collections::HashMap, convert::Infallible, sync::Arc, time::Duration};

use domain::{AgentId, SessionId, VisitorId, text::MessageText};
use event_store::{
    Clock, KeyClass, PersonalPart, Position, Vault,
    vault::{Unsealed, VaultError},
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    error::CommandError,
    process::store::{ProcessStore, StoreError, WorkspaceKind, WorkspacePlace, WorkspaceRow},
};

/// How long a row is kept without being written again.
pub const KEPT: SignedDuration = SignedDuration::from_hours(15 * 24);
/// Between two rounds in which what is too old, or was erased, is removed.
const ROUND: Duration = Duration::from_secs(60 * 60);

/// What agents were about to write, and how far they have read.
pub struct Workspace {
    store: ProcessStore,
    vault: Arc<Vault>,
    clock: Arc<dyn Clock>,
}

/// A draft of an agent.
#[derive(Clone, PartialEq, Eq)]
pub struct Draft {
    /// Its text.
    pub text: String,
    /// When it was last saved.
    pub updated_at: Timestamp,
}

impl std::fmt::Debug for Draft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Draft").field("updated_at", &self.updated_at).finish_non_exhaustive()
    }
}

/// Where an agent has a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DraftPlace {
    /// In which session.
    pub session: SessionId,
    /// Of what.
    pub kind: DraftKind,
    /// When it was last saved.
    pub updated_at: Timestamp,
}

/// What is drafted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DraftKind {
    /// A message to the customer.
    Reply,
    /// An internal note.
    Note,
}

impl DraftKind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Reply, Self::Note];

    /// As on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        WorkspaceKind::from(self).as_str()
    }

    /// From the wire.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

impl From<DraftKind> for WorkspaceKind {
    fn from(kind: DraftKind) -> Self {
        match kind {
            DraftKind::Reply => Self::Reply,
            DraftKind::Note => Self::Note,
        }
    }
}

/// How far somebody has read, as it is sealed.
#[derive(Serialize, Deserialize)]
struct Marker {
    position: u64,
}

/// A draft, as it is sealed.
#[derive(Serialize, Deserialize)]
struct Drafted {
    text: String,
}

impl Workspace {
    /// Over the process managers' store and the vault.
    #[must_use]
    pub fn new(store: ProcessStore, vault: Arc<Vault>, clock: Arc<dyn Clock>) -> Self {
        Self { store, vault, clock }
    }

    /// Notes how far an agent has read a session; what was read before stays read. Answers how far that is.
    ///
    /// # Errors
    /// The session's customer was erased, or store or vault are away.
    pub async fn mark_read(
        &self,
        (session, visitor): (SessionId, VisitorId),
        agent: AgentId,
        position: Position,
    ) -> Result<Position, CommandError> {
        let place = WorkspacePlace { session, agent, kind: WorkspaceKind::Read };
        let before = self.open::<Marker>(self.store.workspace_row(&place).await?).await?;
        let position = before.map_or(position, |(marker, _)| position.max(Position(marker.position)));
        self.save(place, visitor, &Marker { position: position.0 }).await?;
        Ok(position)
    }

    /// How far an agent has read each of these sessions, where it has.
    ///
    /// # Errors
    /// Store or vault are away.
    pub async fn read_up_to(
        &self,
        agent: AgentId,
        sessions: &[SessionId],
    ) -> Result<HashMap<SessionId, Position>, CommandError> {
        let rows = self.store.workspace_rows(agent, WorkspaceKind::Read, Some(sessions)).await?;
        let keys = rows.iter().map(|row| row.sealed.key_id.clone()).collect();
        self.vault.fetch_row_keys(keys).await?;
        let mut read = HashMap::new();
        for row in rows {
            let session = row.place.session;
            if let Some((marker, _)) = self.open::<Marker>(Some(row)).await? {
                read.insert(session, Position(marker.position));
            }
        }
        Ok(read)
    }

    /// Since when messages count as unread: markers are not kept for longer.
    #[must_use]
    pub fn unread_since(&self) -> Timestamp {
        before(self.clock.now())
    }

    /// Saves a draft in the place of the one before.
    ///
    /// # Errors
    /// The session's customer was erased, or store or vault are away.
    pub async fn save_draft(
        &self,
        (session, visitor): (SessionId, VisitorId),
        agent: AgentId,
        kind: DraftKind,
        text: &MessageText,
    ) -> Result<Timestamp, CommandError> {
        let place = WorkspacePlace { session, agent, kind: kind.into() };
        self.save(place, visitor, &Drafted { text: text.as_str().to_owned() }).await
    }

    /// A draft, if there is one.
    ///
    /// # Errors
    /// Store or vault are away.
    pub async fn draft(
        &self,
        session: SessionId,
        agent: AgentId,
        kind: DraftKind,
    ) -> Result<Option<Draft>, CommandError> {
        let place = WorkspacePlace { session, agent, kind: kind.into() };
        let opened = self.open::<Drafted>(self.store.workspace_row(&place).await?).await?;
        Ok(opened.map(|(Drafted { text }, updated_at)| Draft { text, updated_at }))
    }

    /// Removes a draft, if there is one.
    ///
    /// # Errors
    /// The store is away.
    pub async fn remove_draft(&self, session: SessionId, agent: AgentId, kind: DraftKind) -> Result<(), CommandError> {
        Ok(self.store.remove_workspace_row(&WorkspacePlace { session, agent, kind: kind.into() }).await?)
    }

    /// Where an agent has drafts, the newest first. None is opened.
    ///
    /// # Errors
    /// The store is away.
    pub async fn drafts(&self, agent: AgentId) -> Result<Vec<DraftPlace>, CommandError> {
        let (mut drafts, since) = (Vec::new(), before(self.clock.now()));
        for kind in DraftKind::ALL {
            let rows = self.store.workspace_rows(agent, kind.into(), None).await?;
            let fresh = rows.into_iter().filter(|row| row.updated_at >= since);
            drafts.extend(fresh.map(|WorkspaceRow { place, updated_at, .. }| DraftPlace {
                session: place.session,
                kind,
                updated_at,
            }));
        }
        drafts.sort_by_key(|draft| (std::cmp::Reverse(draft.updated_at), draft.session));
        Ok(drafts)
    }

    /// Removes for ever, once in an hour, what is too old or was erased.
    ///
    /// # Errors
    /// Store or vault are away.
    pub async fn tidy(&self) -> Result<Infallible, CommandError> {
        loop {
            self.tidy_once().await?;
            tokio::time::sleep(ROUND).await;
        }
    }

    /// Removes what is too old or was erased.
    ///
    /// # Errors
    /// Store or vault are away.
    pub async fn tidy_once(&self) -> Result<(), CommandError> {
        self.store.remove_old_workspace_rows(before(self.clock.now())).await?;
        for key_id in self.vault.fetch_row_keys(self.store.workspace_keys().await?).await? {
            self.store.remove_workspace_rows_of(&key_id).await?;
        }
        Ok(())
    }

    async fn save(
        &self,
        place: WorkspacePlace,
        visitor: VisitorId,
        what: &impl Serialize,
    ) -> Result<Timestamp, CommandError> {
        let json = serde_json::to_string(what).expect("texts and numbers are JSON");
        let part = PersonalPart { subject: visitor.0, class: KeyClass::Note, json };
        // As the row keeps it.
        let now = self.clock.now();
        let updated_at = Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now);
        let sealed = self.vault.seal_row(&place.bytes(), &part, updated_at).await?;
        self.store.save_workspace_row(&WorkspaceRow { place, sealed, updated_at }).await?;
        Ok(updated_at)
    }

    /// What a row says; one that is too old, or that nobody can open any more, is removed.
    async fn open<T: for<'de> Deserialize<'de>>(
        &self,
        row: Option<WorkspaceRow>,
    ) -> Result<Option<(T, Timestamp)>, CommandError> {
        let Some(WorkspaceRow { place, sealed, updated_at }) = row else { return Ok(None) };
        let opened = match self.vault.open_row(&place.bytes(), &sealed).await {
            Ok(Unsealed::Known(json)) if updated_at >= before(self.clock.now()) => serde_json::from_str(&json).ok(),
            Ok(Unsealed::Known(_) | Unsealed::Erased | Unsealed::Nothing) => None,
            Err(error @ (VaultError::Damaged(_) | VaultError::KeyMissing { .. })) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(session.id = %place.session, agent.id = %place.agent, error, "a row cannot be opened");
                None
            }
            Err(error) => return Err(error.into()),
        };
        if opened.is_none() {
            self.store.remove_workspace_row(&place).await?;
        }
        Ok(opened.map(|opened| (opened, updated_at)))
    }
}

/// What was written before then is too old.
fn before(now: Timestamp) -> Timestamp {
    now.checked_sub(KEPT).unwrap_or(Timestamp::MIN)
}

/// Whatever went wrong there, the same may well be taken a little later.
impl From<StoreError> for CommandError {
    fn from(error: StoreError) -> Self {
        Self::Unavailable(Arc::new(error))
    }
}
