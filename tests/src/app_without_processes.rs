//! The server without the policies that have messages answered, in this process, with one administrator who is signed in: for
//! tests and measurements of what is read.

use std::{collections::HashMap, net::TcpListener, path::Path, sync::Arc};

use api::{
    agent_names::NameLookup,
    auth::{
        identity::{IdentityKeys, IdentityTokens},
        passwords::Passwords,
        staff_directory::StaffDirectory,
        staff_services::StaffServices,
        staff_tokens::StaffTokens,
        visitor::{CookieName, VisitorTokens, Visitors},
    },
    routes::background_work::BackgroundWork,
    server::http,
    services::{Services, Started},
    session_owners::SessionOwners,
    settings::{Layers, Settings},
    startup::followers,
    supervision::Supervisor,
    visitor_revocation::VisitorRevocation,
};
use commands::{
    AccessLog, Accounts, Customers, LoginThrottle, Node, PublishedSettings, QuickReplies, Rules, Sessions,
    SettingsInForce, Workspace,
    assistant::{Answering, Assistant, Question},
    assistants::{Assistants, Budgets},
    process::{OutcomesHandle, ProcessStore, SignsOfLife},
    settings::VersionZero,
};
use domain::{
    AgentId, SignInId, VisitorId,
    agent::{Account, Role, SignIn, State},
};
use event_store::{
    EventStore, Log, Position, SystemClock, Vault, checkpoint,
    memory::MemoryStore,
    migration::migrate_policy,
    sql::{Access, Database},
};
use integrations::{Faq, faq::FaqSettings};
use jiff::{SignedDuration, Timestamp};
use journal::{Journal, Tail};
use projections::{Views, ViewsLocation};
use tempfile::TempDir;
use tokio::sync::watch;
use uuid::Uuid;

/// Signs the tokens.
const KEY: [u8; 32] = [7; 32];
const ADMINISTRATOR: AgentId = AgentId(Uuid::from_u128(0xad));
const SIGN_IN: SignInId = SignInId(Uuid::from_u128(0x51));

/// The administrator's token, good for a quarter of an hour.
#[must_use]
pub fn staff_token() -> String {
    token_of(ADMINISTRATOR, SIGN_IN)
}

/// The token of a sign-in, good for a quarter of an hour.
#[must_use]
pub fn token_of(agent: AgentId, sign_in: SignInId) -> String {
    StaffTokens::new(&[KEY.to_vec()]).access(agent, sign_in, Timestamp::now())
}

/// A visitor's token.
#[must_use]
pub fn visitor_token(visitor: VisitorId) -> String {
    VisitorTokens::new(&[KEY.to_vec()]).issue(visitor, Timestamp::now()).token
}

/// A server that is there as long as this is.
pub struct Served {
    /// What its routes use.
    pub services: Arc<Services>,
    /// Where it listens.
    pub url: String,
    _folder: TempDir,
    _stop: watch::Sender<bool>,
}

/// Serves an empty log in memory.
///
/// # Panics
/// There is no room for the views, or no port.
pub async fn serve_in_memory() -> Served {
    let folder = tempfile::tempdir().expect("there is room");
    let mut layers = Layers::default();
    layers.flag("data_dir", Some(folder.path().display().to_string()));
    let settings = Settings::parse(&layers).expect("a data directory is enough");
    let store: Arc<dyn EventStore> = Arc::new(MemoryStore::default());
    let vault = Arc::new(Vault::in_memory());
    let log = Log::new(store.clone(), vault.clone());
    let tail = Tail::start(store.clone(), Position::START);
    let place = ViewsLocation::Folder(folder.path().to_owned());
    let views = Views::open(place, Journal::new(log.reader(), vault), tail).await.expect("there is room");
    let (stop, stopping) = watch::channel(false);
    let services = Arc::new(app(store, log, views, settings, stopping).await);
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a port");
    listener.set_nonblocking(true).expect("a socket can be set so");
    let url = format!("http://{}", listener.local_addr().expect("it listens"));
    tokio::spawn(http(listener, services.clone()).expect("it can be served"));
    Served { services, url, _folder: folder, _stop: stop }
}

fn shipped_faq() -> Faq {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../integrations/faq");
    Faq::open(FaqSettings { folder, last_good: None, meaning: None }).expect("the program's own entries are good")
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
) -> Services {
    let identity = store.identity().await.expect("the store answers");
    let head = store.head().await.expect("the store answers");
    let clock = SystemClock::shared();
    let tail = Tail::new(store, head);
    let directory =
        StaffDirectory::starting_with(HashMap::from([(ADMINISTRATOR, administrator())]), head, clock.clone());
    let policies = Database::sqlite(&settings.data_dir.join("policies.db"), Access::Durable).await;
    let policies = policies.expect("the data directory can be written");
    migrate_policy(&policies).await.expect("the policies' store can be made");
    let customers = Arc::new(Customers::new(log.clone(), identity.log_id));
    let revocation = Arc::new(VisitorRevocation::after(head));
    let supervisor = Arc::new(Supervisor::default());
    supervisor.start(followers::tail(tail.clone()));
    supervisor.start(followers::staff_directory(directory.clone(), tail.clone(), log.reader()));
    supervisor.start(followers::visitor_revocation(revocation.clone(), tail.clone()));
    let session_owners = SessionOwners::starting_with(HashMap::new(), Position::START);
    supervisor.start(followers::session_owners(session_owners.clone(), tail.clone()));
    let published = Arc::new(PublishedSettings::new(log.clone(), identity.log_id));
    let in_force = SettingsInForce::load(published.journal(), head, VersionZero::default()).await;
    let in_force = in_force.expect("the settings can be read");
    supervisor.start(followers::settings(in_force.clone(), tail.clone()));
    let visitors = Visitors {
        customers: customers.clone(),
        tokens: VisitorTokens::new(&[KEY.to_vec()]),
        clock: clock.clone(),
        revocation: revocation.clone(),
        cookie: CookieName::of(identity.log_id),
        legacy_log_id: None,
    };
    let workspace = Workspace::new(ProcessStore::new(policies.clone()), log.vault().clone(), clock.clone());
    let staff = StaffServices {
        accounts: Arc::new(Accounts::new(log.clone(), identity.log_id)),
        directory: directory.clone(),
        tokens: StaffTokens::new(&[KEY.to_vec()]),
        passwords: Passwords::new(),
        login_throttle: LoginThrottle::new(policies.clone()),
        signs_of_life: SignsOfLife::new(ProcessStore::new(policies.clone()), settings.agent_lost_after),
        second_factor_roles: settings.second_factor_roles.clone(),
        clock: clock.clone(),
        log_id: identity.log_id,
    };
    Services {
        sessions: Arc::new(Sessions::new(log.clone(), identity.log_id)),
        customers,
        workspace: Arc::new(workspace),
        quick_replies: Arc::new(QuickReplies::new(log.clone(), identity.log_id)),
        queue_places: Arc::default(),
        published,
        in_force: in_force.clone(),
        session_owners,
        revocation,
        visitors: Arc::new(visitors),
        staff: Arc::new(staff),
        identity_tokens: Arc::new(IdentityTokens::new(String::new(), IdentityKeys::default())),
        tail,
        views: views.clone(),
        ephemeral: Arc::default(),
        assistants: Arc::new(Assistants::only(Arc::new(Silent))),
        coze_tokens: Arc::default(),
        faq: Arc::new(shipped_faq()),
        rules: Arc::new(Rules::new(in_force.clone(), clock.clone())),
        budgets: Arc::new(Budgets::new(
            settings.budgets.clone(),
            settings.assistant_budget_then,
            settings.time_zone.clone(),
            in_force.clone(),
            clock.clone(),
        )),
        node: Node::new("without-processes"),
        started: Started::now(&*clock),
        metrics: Arc::default(),
        background: Arc::new(BackgroundWork::none(ProcessStore::new(policies))),
        supervisor,
        identity,
        checkpoints: watch::channel(checkpoint::Status::default()).1,
        mail_outcomes: OutcomesHandle::default(),
        access_log: Arc::new(AccessLog::new(elsewhere(), identity.log_id)),
        directory,
        agent_names: Arc::new(NameLookup::new(views.clone(), settings.time_zone.clone())),
        log,
        staff_frames: Arc::default(),
        clock,
        settings: Arc::new(settings),
        stopping,
    }
}

/// Nobody is answered here.
struct Silent;

impl Assistant for Silent {
    fn name(&self) -> &'static str {
        "silent"
    }

    fn answer(&self, _: Question) -> Answering {
        Box::pin(futures::stream::pending())
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
    let exchanged = Vec::new();
    account
        .sign_ins
        .insert(SIGN_IN, SignIn { device: None, since, number: 0, renewed_at: since, expires_at, exchanged });
    State::Existing(Box::new(account))
}
