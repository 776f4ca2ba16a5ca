//! What agents keep for themselves: sealed, found again, and gone in time.

use std::sync::Arc;

use commands::{
    Workspace,
    process::store::{ProcessStore, WorkspaceKind},
    workspace::{DraftKind, KEPT},
};
use domain::{AgentId, SessionId, VisitorId, text::MessageText};
use event_store::{
    Clock as _, Position, Vault,
    clock::ManualClock,
    migration::migrate_policy,
    sql::{Access, Database},
};
use jiff::SignedDuration;
use uuid::Uuid;

const SESSION: (SessionId, VisitorId) = (SessionId(Uuid::from_u128(1)), VisitorId(Uuid::from_u128(2)));
const OTHER: (SessionId, VisitorId) = (SessionId(Uuid::from_u128(3)), VisitorId(Uuid::from_u128(4)));
const ANA: AgentId = AgentId(Uuid::from_u128(5));
const BO: AgentId = AgentId(Uuid::from_u128(6));

struct Fixture {
    workspace: Workspace,
    store: ProcessStore,
    vault: Arc<Vault>,
    clock: Arc<ManualClock>,
    _folder: tempfile::TempDir,
}

impl Fixture {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::sqlite(&folder.path().join("policies.db"), Access::Durable).await.unwrap();
        migrate_policy(&database).await.unwrap();
        let (store, vault) = (ProcessStore::new(database), Arc::new(Vault::in_memory()));
        let clock = Arc::new(ManualClock::new("2026-11-30T12:00:00Z".parse().unwrap()));
        let workspace = Workspace::new(store.clone(), vault.clone(), clock.clone());
        Self { workspace, store, vault, clock, _folder: folder }
    }

    fn later(&self, by: SignedDuration) {
        self.clock.advance(by);
    }

    async fn save(&self, of: (SessionId, VisitorId), agent: AgentId, kind: DraftKind) {
        let text = MessageText::parse("Sehr geehrte Frau Müller".to_owned()).unwrap();
        self.workspace.save_draft(of, agent, kind, &text).await.unwrap();
    }

    async fn has(&self, of: (SessionId, VisitorId), agent: AgentId, kind: DraftKind) -> bool {
        self.workspace.draft(of.0, agent, kind).await.unwrap().is_some()
    }

    async fn rows(&self, agent: AgentId, kind: WorkspaceKind) -> usize {
        self.store.workspace_rows(agent, kind, None).await.unwrap().len()
    }
}

#[tokio::test]
async fn a_marker_never_goes_back_and_is_the_agents_own() {
    let fixture = Fixture::new().await;
    let mark = async |agent, position| fixture.workspace.mark_read(SESSION, agent, Position(position)).await.unwrap();
    assert_eq!((mark(ANA, 7).await, mark(ANA, 3).await, mark(BO, 2).await), (Position(7), Position(7), Position(2)));
    let read = fixture.workspace.read_up_to(ANA, &[SESSION.0, OTHER.0]).await.unwrap();
    assert_eq!(read.into_iter().collect::<Vec<_>>(), [(SESSION.0, Position(7))]);
    assert!(fixture.workspace.read_up_to(BO, &[]).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_is_older_than_15_days_is_not_shown_and_removed() {
    let fixture = Fixture::new().await;
    fixture.save(SESSION, ANA, DraftKind::Reply).await;
    fixture.workspace.mark_read(SESSION, ANA, Position(1)).await.unwrap();
    fixture.later(KEPT);
    assert!(fixture.has(SESSION, ANA, DraftKind::Reply).await);
    fixture.save(OTHER, ANA, DraftKind::Note).await;
    fixture.later(SignedDuration::from_millis(1));
    let places = fixture.workspace.drafts(ANA).await.unwrap();
    assert_eq!(places.iter().map(|place| place.session).collect::<Vec<_>>(), [OTHER.0]);
    assert!(!fixture.has(SESSION, ANA, DraftKind::Reply).await);
    fixture.workspace.tidy_once().await.unwrap();
    assert_eq!((fixture.rows(ANA, WorkspaceKind::Read).await, fixture.rows(ANA, WorkspaceKind::Note).await), (0, 1));
}

#[tokio::test]
async fn what_an_erased_customer_was_about_to_be_told_is_gone() {
    let fixture = Fixture::new().await;
    for of in [SESSION, OTHER] {
        fixture.save(of, ANA, DraftKind::Reply).await;
        fixture.workspace.mark_read(of, ANA, Position(1)).await.unwrap();
    }
    fixture.vault.erase_subject(SESSION.1.0, fixture.clock.now()).await.unwrap();
    assert!(!fixture.has(SESSION, ANA, DraftKind::Reply).await && fixture.has(OTHER, ANA, DraftKind::Reply).await);
    assert_eq!(fixture.rows(ANA, WorkspaceKind::Reply).await, 1, "the row was removed when it was opened");
    assert_eq!(fixture.rows(ANA, WorkspaceKind::Read).await, 2);
    fixture.workspace.tidy_once().await.unwrap();
    assert_eq!(fixture.rows(ANA, WorkspaceKind::Read).await, 1);
    let text = MessageText::parse("again".to_owned()).unwrap();
    let refused = fixture.workspace.save_draft(SESSION, ANA, DraftKind::Reply, &text).await;
    assert!(matches!(refused, Err(commands::CommandError::Erased)), "{refused:?}");
}

#[tokio::test]
async fn a_row_in_another_place_is_not_shown() {
    let fixture = Fixture::new().await;
    fixture.save(SESSION, ANA, DraftKind::Reply).await;
    let rows = fixture.store.workspace_rows(ANA, WorkspaceKind::Reply, None).await.unwrap();
    let mut moved = rows[0].clone();
    moved.place.agent = BO;
    fixture.store.save_workspace_row(&moved).await.unwrap();
    assert!(!fixture.has(SESSION, BO, DraftKind::Reply).await && fixture.has(SESSION, ANA, DraftKind::Reply).await);
}
