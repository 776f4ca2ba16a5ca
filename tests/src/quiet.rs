//! The server without the policies that have messages answered, in this process, with one administrator who is signed in: for
//! tests and measurements of what is read.

use std::{collections::HashMap, sync::Arc};

use api::{
    app::App,
    departures::Departures,
    settings::Settings,
    sign_in::{
        access::StaffAccess,
        identity::{IdentityKeys, IdentityTokens},
        passwords::Passwords,
        staff_tokens::StaffTokens,
        visitor::VisitorTokens,
    },
    staff_frames::StaffFrames,
};
use commands::{AccessLog, Accounts, Customers, LiveReplies, LoginThrottle, Node, Sessions, live::InProcess};
use domain::{
    AgentId, SignInId, VisitorId,
    agent::{Account, Role, SignIn, State},
};
use event_store::{
    EventStore, Log, Vault, checkpoint,
    memory::MemoryStore,
    migration::migrate_policy,
    sql::{Access, Database},
};
use jiff::{SignedDuration, Timestamp};
use journal::Tail;
use projections::Views;
use tokio::sync::watch;
use uuid::Uuid;

/// Signs the tokens.
const KEY: [u8; 32] = [7; 32];
const ADMINISTRATOR: AgentId = AgentId(Uuid::from_u128(0xad));
const SIGN_IN: SignInId = SignInId(Uuid::from_u128(0x51));

/// The administrator's token, good for a quarter of an hour.
#[must_use]
pub fn staff_token() -> String {
    StaffTokens::new(&[KEY.to_vec()]).access(ADMINISTRATOR, SIGN_IN, Timestamp::now())
}

/// A visitor's token.
#[must_use]
pub fn visitor_token(visitor: VisitorId) -> String {
    VisitorTokens::new(&[KEY.to_vec()]).issue(visitor, Timestamp::now()).token
}

/// What the routes need, over what is open already.
///
/// # Panics
/// The store does not answer, or the data directory cannot be written.
pub async fn app(
    store: Arc<dyn EventStore>,
    log: Log,
    views: Arc<Views>,
    settings: Settings,
    stopping: watch::Receiver<bool>,
) -> App {
    let identity = store.identity().await.expect("the store answers");
    let head = store.head().await.expect("the store answers");
    let live: Arc<dyn LiveReplies> = Arc::new(InProcess::default());
    let tail = Tail::start(store, head);
    let access = StaffAccess::beginning_with(HashMap::from([(ADMINISTRATOR, administrator())]), head);
    tokio::spawn(access.clone().follow(tail.clone(), log.reader()));
    let policies = Database::sqlite(&settings.data_dir.join("policies.db"), Access::Durable).await;
    let policies = policies.expect("the data directory can be written");
    migrate_policy(&policies).await.expect("the policies' store can be made");
    App {
        sessions: Arc::new(Sessions::new(log.clone(), identity.log_id)),
        accounts: Arc::new(Accounts::new(log.clone(), identity.log_id)),
        customers: Arc::new(Customers::new(log.clone(), identity.log_id)),
        departures: Departures::start(&tail, head),
        identity_tokens: IdentityTokens::new(String::new(), IdentityKeys::default()),
        tail,
        views,
        live,
        node: Node::new("quiet"),
        identity,
        checkpoints: watch::channel(checkpoint::Status::default()).1,
        visitor_tokens: VisitorTokens::new(&[KEY.to_vec()]),
        access_log: AccessLog::new(elsewhere(), identity.log_id),
        access,
        staff_tokens: StaffTokens::new(&[KEY.to_vec()]),
        passwords: Passwords::new(),
        failures: LoginThrottle::new(policies),
        log,
        staff_frames: StaffFrames::default(),
        settings,
        stopping,
    }
}

/// What is looked at is not in the log that is looked at.
fn elsewhere() -> Log {
    Log::new(Arc::new(MemoryStore::default()), Arc::new(Vault::in_memory()))
}

fn administrator() -> State {
    let mut account = Account::nameless(Role::Admin);
    let since = Timestamp::now();
    let expires_at = since + SignedDuration::from_hours(24);
    account.sign_ins.insert(SIGN_IN, SignIn { device: None, since, number: 0, renewed_at: since, expires_at });
    State::Existing(Box::new(account))
}
