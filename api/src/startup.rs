//! Builds everything from the settings: stores, vault, read side, process managers. Order matters: locks and secrets first,
//! then the log, then its followers, and only then the server.

mod alone;
pub(crate) mod assistants;
mod databases;
mod faq;
pub mod followers;
mod keys;
mod lost_parts;
pub(crate) mod mail;
mod reactions;
mod secret_file;

use std::{sync::Arc, time::Duration};

use commands::{
    AccessLog, Accounts, Customers, Ephemeral, Erasure, LoginThrottle, Node, PublishedSettings, QuickReplies, Rules,
    Sessions, SettingsInForce, Workspace,
    assistants::Assistants,
    ephemeral::{FrameKeys, Relay},
    process::{Context, OutcomesHandle, ProcessStore, Processes, RunSettings, Runner, SignsOfLife},
};
use event_store::{Clock, EventStore, Log, Position, SystemClock, Vault, postgres::check_server, sql::Database};
use integrations::{FaqAssistant, Grounding, faq::Watch};
use journal::{Cursor, Journal, Tail};
use projections::Views;
use tokio::sync::watch;

use crate::{
    agent_names::NameLookup,
    auth::{
        bootstrap_admin::make_administrator,
        passwords::Passwords,
        staff_directory::StaffDirectory,
        staff_services::StaffServices,
        staff_tokens::StaffTokens,
        visitor::{CookieName, VisitorTokens, Visitors},
    },
    checkpoints,
    clock_file::FileClock,
    data_dir::DataDir,
    metrics::Metrics,
    routes::{background_work::BackgroundWork, tokens::CozeTokens},
    services::{Services, Started},
    session_owners::SessionOwners,
    settings::Settings,
    supervision::Supervisor,
    visitor_revocation::VisitorRevocation,
};
use assistants::Built;
use databases::{open_log, open_policies, views_location};
use keys::{identity_tokens, node_id, token_keys};
use reactions::{budgets, managers, version_zero};

pub use alone::{open_accounts, open_log_alone};
pub(crate) use databases::{log_import, log_reader, open_vault, server_urls, vault_reader};
pub(crate) use keys::read_token_keys;
pub(crate) use lost_parts::{Unfinished, refuse_filled};
pub(crate) use reactions::refuse_unknown_budgets;

pub(crate) type AnyError = Box<dyn std::error::Error + Send + Sync>;

/// Everything that runs.
pub struct Running {
    /// For the routes.
    pub app: Arc<Services>,
    /// Makes runs.
    pub runner: Arc<Runner>,
    /// Ends everything when it turns true.
    pub stop: watch::Sender<bool>,
    /// Vault and policies, to be settled at the end.
    pub databases: Vec<Database>,
    _data_dir: DataDir,
    _faq: Watch,
}

/// How long a start waits until staff can be let in; views that are far behind take longer, and customers need not wait.
const STAFF_IS_LET_IN_WITHIN: Duration = Duration::from_secs(2);

/// Starts everything but the HTTP server.
///
/// # Errors
/// Something cannot be used; the error says what, and what to do.
pub async fn start(settings: Settings, clock: Arc<dyn Clock>) -> Result<Running, AnyError> {
    let data_dir = DataDir::lock(&settings.data_dir)?;
    for (_, url) in server_urls(&settings) {
        check_server(&url).await?;
    }
    Unfinished::refuse(&settings.data_dir)?;
    lost_parts::refuse(&settings).await?;
    let (vault, keys_db) = open_vault(&settings, &data_dir).await?;
    let store = open_log(&settings, clock.clone()).await?;
    checkpoints::refuse_far_future(&settings, &*store, &*clock).await?;
    start_with(settings, data_dir, store, vault, keys_db, clock).await
}

/// Starts everything over a log and a vault that are open.
async fn start_with(
    settings: Settings,
    data_dir: DataDir,
    store: Arc<dyn EventStore>,
    vault: Arc<Vault>,
    keys_db: Database,
    clock: Arc<dyn Clock>,
) -> Result<Running, AnyError> {
    let started = Started::now(&*clock);
    let identity = store.identity().await?;
    let metrics = Arc::<Metrics>::default();
    let log = Log::new(store.clone(), vault.clone()).with_clock(clock.clone());
    let log = log.observed_by(metrics.append_observer());
    let completed = Erasure::new(log.clone()).complete().await?;
    if completed > 0 {
        tracing::info!(persons = completed, "erasures that an earlier process had begun are complete");
    }
    let node = Node::new(node_id(&settings, &data_dir)?);
    let head = store.head().await?;
    let tail = Tail::new(store.clone(), head);
    let signed = Arc::new(Cursor::at(Position::START));
    let follow = followers::follow_with(&tail, &signed);
    let signer = Arc::new(checkpoints::signer(&settings, &data_dir, follow, store.clone(), identity, clock.clone())?);
    let views = Views::open(views_location(&settings, &data_dir), Journal::new(store, vault), tail.clone()).await?;
    let supervisor = Arc::new(Supervisor::default());
    supervisor.start(followers::tail(tail.clone()));
    supervisor.start(followers::write_probe(log.clone()));
    supervisor.start(followers::signer(signer.clone(), signed));
    if let Some(period) = settings.log_proof_period() {
        let stored = databases::stored_log(&settings, log.reader()).await?;
        supervisor.start(followers::log_proof(Arc::new(signer.log_proof(stored, period))));
    }
    supervisor.start(followers::views(views.clone()));
    let published = Arc::new(PublishedSettings::new(log.clone(), identity.log_id));
    let in_force = SettingsInForce::load(published.journal(), head, version_zero(&settings)).await?;
    supervisor.start(followers::settings(in_force.clone(), tail.clone()));
    let budgets = Arc::new(budgets(&settings, &in_force, &clock));
    let faq = faq::open(&settings, &data_dir)?;
    let grounding: Arc<dyn Grounding> = Arc::new(faq.clone());
    let faq_assistant = FaqAssistant::new(faq.clone());
    let Built { members, coze } =
        assistants::build(&settings, Some(faq_assistant), &grounding, Some(&budgets), &clock)?;
    let watching_faq = faq.watch();
    let assistants = Arc::new(Assistants::new(members));
    refuse_unknown_budgets(&settings)?;
    let ephemeral = Arc::<Ephemeral>::default();
    let sessions = Arc::new(Sessions::new(log.clone(), identity.log_id));
    let rules = Arc::new(Rules::new(in_force.clone(), clock.clone()));
    let run_settings = RunSettings { limit: settings.assistant_limit_seconds, ..RunSettings::default() };
    let runner = Runner::new(
        sessions.clone(),
        assistants.clone(),
        ephemeral.clone(),
        node.clone(),
        run_settings,
        rules.clone(),
        tail.clone(),
    );
    let accounts = Arc::new(Accounts::new(log.clone(), identity.log_id));
    let policies = open_policies(&settings, &data_dir).await?;
    let signs_of_life = SignsOfLife::new(ProcessStore::new(policies.clone()), settings.agent_lost_after);
    let context = Context {
        store: ProcessStore::new(policies.clone()),
        sessions: sessions.clone(),
        accounts: accounts.clone(),
        tail: tail.clone(),
        clock: clock.clone(),
        node: node.clone(),
    };
    let mail_outcomes = OutcomesHandle::default();
    let mails = mail::delivery(&settings, &context, &mail_outcomes)?;
    let conversations = assistants::conversation_deletion(coze.as_ref());
    let processes =
        Processes::start(context, managers(&settings, &runner, &rules, &budgets), vec![mails, conversations]).await?;
    let processes = Arc::new(processes);
    let background = Arc::new(BackgroundWork::of(ProcessStore::new(policies.clone()), &processes));
    supervisor.start(followers::dispatcher(runner.clone(), tail.clone(), head));
    for manager in followers::process_managers(&processes) {
        supervisor.start(manager);
    }
    supervisor.start(followers::heartbeat(&processes));
    let workspace = ProcessStore::new(policies.clone());
    let workspace = Arc::new(Workspace::new(workspace, log.vault().clone(), clock.clone()));
    supervisor.start(followers::workspace(workspace.clone()));
    let token_keys = token_keys(&settings, &data_dir)?;
    let frame_keys = FrameKeys::of(&token_keys);
    if let Some(relay) = Relay::new(ephemeral.clone(), ProcessStore::new(policies.clone()), &node, frame_keys) {
        supervisor.start(followers::ephemeral_frames(Arc::new(relay)));
    }
    let passwords = Passwords::new();
    make_administrator(&accounts, &passwords, settings.admin_password.as_deref(), &data_dir).await?;
    let directory = StaffDirectory::read(&views, clock.clone()).await?;
    supervisor.start(followers::staff_directory(directory.clone(), tail.clone(), log.reader()));
    directory.reach(head, STAFF_IS_LET_IN_WITHIN).await;
    let identity_tokens = Arc::new(identity_tokens(&settings)?);
    let customers = Arc::new(Customers::new(log.clone(), identity.log_id));
    let revocation = Arc::new(VisitorRevocation::after(head));
    supervisor.start(followers::visitor_revocation(revocation.clone(), tail.clone()));
    let session_owners = SessionOwners::read(&views).await?;
    supervisor.start(followers::session_owners(session_owners.clone(), tail.clone()));
    let visitors = Arc::new(Visitors {
        customers: customers.clone(),
        tokens: VisitorTokens::new(&token_keys),
        clock: clock.clone(),
        revocation: revocation.clone(),
        cookie: CookieName::of(identity.log_id),
        legacy_log_id: settings.compat_legacy_sessions.then_some(identity.log_id),
    });
    let staff = Arc::new(StaffServices {
        accounts,
        directory: directory.clone(),
        tokens: StaffTokens::new(&token_keys),
        passwords,
        login_throttle: LoginThrottle::new(policies.clone()),
        signs_of_life,
        second_factor_roles: settings.second_factor_roles.clone(),
        clock: clock.clone(),
        log_id: identity.log_id,
    });
    let (stop, stopping) = watch::channel(false);
    tracing::info!(log.id = %identity.log_id, head = head.0, node.id = node.id, store = settings.log.kind(), "started");
    let agent_names = Arc::new(NameLookup::new(views.clone(), settings.time_zone.clone()));
    let app = Arc::new(Services {
        sessions,
        customers,
        workspace,
        quick_replies: Arc::new(QuickReplies::new(log.clone(), identity.log_id)),
        queue_places: Arc::default(),
        published,
        in_force,
        access_log: Arc::new(AccessLog::new(log.clone(), identity.log_id)),
        log,
        tail,
        views,
        assistants,
        coze_tokens: Arc::new(CozeTokens(coze)),
        ephemeral,
        rules,
        budgets,
        node,
        started,
        metrics,
        background,
        supervisor,
        identity,
        checkpoints: signer.status(),
        mail_outcomes,
        faq: Arc::new(faq),
        visitors,
        staff,
        directory,
        agent_names,
        identity_tokens,
        session_owners,
        revocation,
        staff_frames: Arc::default(),
        clock,
        settings: Arc::new(settings),
        stopping,
    });
    let databases = vec![keys_db, policies];
    Ok(Running { app, runner, stop, databases, _data_dir: data_dir, _faq: watching_faq })
}

/// The one clock of the program.
///
/// # Errors
/// The setting `clock_file` names a file without an offset.
pub(crate) fn clock(settings: &Settings) -> Result<Arc<dyn Clock>, AnyError> {
    match &settings.clock_file {
        Some(path) => Ok(FileClock::open(path.clone())?),
        None => Ok(SystemClock::shared()),
    }
}
