//! Builds everything from the settings: stores, vault, read side, process managers. Order matters: locks and secrets first,
//! then the log, then its followers, and only then the server.

pub(crate) mod assistants;
mod databases;
mod faq;
pub mod followers;
mod lost_parts;
pub(crate) mod mail;
mod secret_file;

use std::{path::Path, sync::Arc, time::Duration};

use commands::{
    AccessLog, Accounts, Customers, Ephemeral, Erasure, LoginThrottle, Node, PublishedSettings, QuickReplies, Rules,
    Sessions, SettingsInForce, Workspace,
    assistants::{Assistants, Budgets},
    ephemeral::{FrameKeys, Relay},
    process::{
        AgentLost, Context, Expiry, IdleClose, OutcomesHandle, ProcessManager, ProcessStore, Processes, Routing,
        RunRecovery, RunSettings, Runner, SendMail, SentDrafts, SignsOfLife, Waiting, WatchBudgets,
    },
    settings::VersionZero,
};
use domain::policy::regulator::Regulator;
use event_store::{
    Clock, EventStore, Log, Position, SystemClock, Vault, postgres::check_server, private_file::read_private_file,
    sql::Database,
};
use integrations::{FaqAssistant, Grounding, faq::Watch};
use journal::{Cursor, Journal, Tail};
use projections::Views;
use tokio::sync::watch;

use crate::{
    agent_names::NameLookup,
    auth::{
        bootstrap_admin::make_administrator,
        identity::{IdentityKeys, IdentityTokens},
        passwords::Passwords,
        staff_directory::StaffDirectory,
        staff_services::StaffServices,
        staff_tokens::StaffTokens,
        visitor::{CookieName, VisitorTokens, Visitors},
    },
    checkpoints,
    clock_file::FileClock,
    data_dir::DataDir,
    routes::tokens::CozeTokens,
    services::{Services, Started},
    session_owners::SessionOwners,
    settings::Settings,
    supervision::Supervisor,
    visitor_revocation::VisitorRevocation,
};
use assistants::Built;
use databases::{open_log, open_policies, views_location};

pub(crate) use databases::{log_import, log_reader, open_vault, server_urls, vault_reader};
pub(crate) use lost_parts::{Unfinished, refuse_filled};

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
pub async fn start(settings: Settings) -> Result<Running, AnyError> {
    let data_dir = DataDir::lock(&settings.data_dir)?;
    for (_, url) in server_urls(&settings) {
        check_server(&url).await?;
    }
    Unfinished::refuse(&settings.data_dir)?;
    lost_parts::refuse(&settings).await?;
    let (vault, keys) = open_vault(&settings, &data_dir).await?;
    let clock = clock(&settings)?;
    let store = open_log(&settings, clock.clone()).await?;
    checkpoints::refuse_far_future(&settings, &*store, &*clock).await?;
    start_with(settings, data_dir, store, vault, keys, clock).await
}

/// Starts everything over a log and a vault that are open.
async fn start_with(
    settings: Settings,
    data_dir: DataDir,
    store: Arc<dyn EventStore>,
    vault: Arc<Vault>,
    keys: Database,
    clock: Arc<dyn Clock>,
) -> Result<Running, AnyError> {
    let started = Started::now(&*clock);
    let identity = store.identity().await?;
    let log = Log::new(store.clone(), vault.clone()).with_clock(clock.clone());
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
    let databases = vec![keys, policies];
    Ok(Running { app, runner, stop, databases, _data_dir: data_dir, _faq: watching_faq })
}

/// The one clock of the program.
///
/// # Errors
/// The file with its offset cannot be read.
pub(crate) fn clock(settings: &Settings) -> Result<Arc<dyn Clock>, AnyError> {
    match &settings.clock_file {
        Some(path) => Ok(FileClock::open(path.clone())?),
        None => Ok(SystemClock::shared()),
    }
}

/// The original's policy where its variables are set, else the program's; and its working hours.
fn version_zero(settings: &Settings) -> VersionZero {
    let regulator = Regulator {
        keywords: settings.regulator_keywords.clone(),
        ai_fail_keywords: settings.regulator_ai_fail_keywords.clone(),
        fail_threshold: settings.regulator_fail_threshold.map(|threshold| threshold.0),
        vip_auto_escalate: settings.regulator_vip_auto_escalate,
    };
    let zero = VersionZero { calendars: settings.hours.document(), ..VersionZero::default() };
    match regulator.document() {
        Some(policy) => VersionZero { policy, ..zero },
        None => zero,
    }
}

/// What assistants may use in a day of the shop.
fn budgets(settings: &Settings, in_force: &Arc<SettingsInForce>, clock: &Arc<dyn Clock>) -> Budgets {
    let (daily, zone) = (settings.budgets.clone(), settings.time_zone.clone());
    Budgets::new(daily, settings.assistant_budget_then, zone, in_force.clone(), clock.clone())
}

/// A budget of nobody would leave somebody without.
pub(crate) fn refuse_unknown_budgets(settings: &Settings) -> Result<(), AnyError> {
    let names: Vec<&str> = settings.assistant_order().iter().map(|kind| kind.as_str()).collect();
    match settings.budgets.names().find(|name| !names.contains(name)) {
        Some(name) => {
            let there_are = names.join(", ");
            Err(format!("the assistants' daily budgets name {name:?}, but the assistants are {there_are}").into())
        }
        None => Ok(()),
    }
}

/// The process managers that the settings ask for.
fn managers(
    settings: &Settings,
    runner: &Arc<Runner>,
    rules: &Arc<Rules>,
    budgets: &Arc<Budgets>,
) -> Vec<Arc<dyn ProcessManager>> {
    let mut managers: Vec<Arc<dyn ProcessManager>> = vec![Arc::new(RunRecovery::new(runner)), Arc::new(SendMail)];
    if let Some(idle_close) = IdleClose::new(settings.session_idle_close, rules.clock().clone()) {
        managers.push(Arc::new(idle_close));
    }
    if let Some(agent_lost) = AgentLost::new(settings.agent_lost_after) {
        managers.push(Arc::new(agent_lost));
    }
    managers.push(Arc::new(Expiry));
    managers.push(Arc::new(SentDrafts));
    if let Some(watch_budgets) = WatchBudgets::new(budgets) {
        managers.push(Arc::new(watch_budgets));
    }
    managers.push(Arc::new(Waiting::new(settings.nobody_came_after, settings.nobody_came_then, rules.clone())));
    if let Some(routing) = Routing::new(settings.routing, settings.offer_seconds) {
        managers.push(Arc::new(routing));
    }
    managers
}

/// The accounts alone, for a command that runs without the rest; the folder is locked for as long as it is held.
///
/// # Errors
/// Something cannot be used; the error says what, and what to do.
pub async fn open_accounts(settings: &Settings) -> Result<(Accounts, DataDir), AnyError> {
    let data_dir = DataDir::lock(&settings.data_dir)?;
    let (vault, _keys) = open_vault(settings, &data_dir).await?;
    let clock = clock(settings)?;
    let store = open_log(settings, clock.clone()).await?;
    let identity = store.identity().await?;
    Ok((Accounts::new(Log::new(store, vault).with_clock(clock), identity.log_id), data_dir))
}

/// Log and vault alone, for a command that runs without the rest; the folder is locked for as long as it is held.
///
/// # Errors
/// Something cannot be used; the error says what, and what to do.
pub async fn open_log_alone(
    settings: &Settings,
    clock: Arc<dyn Clock>,
) -> Result<(Arc<dyn EventStore>, Arc<Vault>, DataDir), AnyError> {
    let data_dir = DataDir::lock(&settings.data_dir)?;
    lost_parts::refuse(settings).await?;
    let (vault, _keys) = open_vault(settings, &data_dir).await?;
    Ok((open_log(settings, clock).await?, vault, data_dir))
}

fn token_keys(settings: &Settings, data_dir: &DataDir) -> Result<Vec<Vec<u8>>, AnyError> {
    if let Some(path) = &settings.token_key_file {
        return read_token_keys(path);
    }
    data_dir.keep("token-key", || hex::encode(rand::random::<[u8; 32]>()))?;
    read_token_keys(&data_dir.join("token-key"))
}

/// The keys in a file, a line each.
pub(crate) fn read_token_keys(path: &Path) -> Result<Vec<Vec<u8>>, AnyError> {
    let shown = path.display();
    let text = read_private_file(path).map_err(|error| format!("token key file {shown}: {error}"))?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let keys: Option<Vec<Vec<u8>>> = lines.map(|line| hex::decode(line).ok().filter(|key| key.len() >= 32)).collect();
    let keys = keys.filter(|keys| !keys.is_empty());
    Ok(keys.ok_or("each line of the token key file must be at least 64 hexadecimal digits")?)
}

/// A file that cannot be used keeps `desk` from starting: without it every customer of the shop would be a stranger.
fn identity_tokens(settings: &Settings) -> Result<IdentityTokens, AnyError> {
    let keys = settings.identity_keys_file.as_deref().map(IdentityKeys::read).transpose()?.unwrap_or_default();
    tracing::info!(
        keys = keys.count(),
        legacy_sessions = settings.compat_legacy_sessions,
        "customers are known by the shop's identity tokens"
    );
    Ok(IdentityTokens::new(settings.identity_audience.clone(), keys))
}

fn node_id(settings: &Settings, data_dir: &DataDir) -> Result<String, AnyError> {
    if let Some(id) = &settings.node_id {
        return Ok(id.clone());
    }
    Ok(data_dir.keep("node-id", || format!("node-{:08x}", rand::random::<u32>()))?.0)
}
