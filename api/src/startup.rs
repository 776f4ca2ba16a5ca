//! Builds everything from the settings: stores, vault, read side, policies. Order matters: locks and secrets first, then
//! the log, then whoever reads it, and only then the doors.

use std::{path::PathBuf, sync::Arc};

use commands::{
    AccessLog, Accounts, Customers, Failures, LiveReplies, Node, Sessions,
    live::InProcess,
    policy::{Keeper, PolicyStore, RunSettings, Runner, starter::start_runs},
};
use event_store::{
    EventStore, Log, Tail, Vault,
    checkpoint::Signer,
    migration::{migrate_policy, migrate_vault},
    postgres::{PostgresSettings, PostgresStore},
    sql::{Access, Database},
    sqlite::SqliteStore,
    vault::{MasterKey, SqlKeys},
};
use include_dir::{Dir, include_dir};
use integrations::{Faq, FaqAssistant, faq::Watch};
use projections::{Views, ViewsLocation};
use tokio::sync::watch;

use crate::{
    app::App,
    checkpoints,
    data_dir::DataDir,
    departures::Departures,
    settings::Settings,
    sign_in::{
        access::StaffAccess,
        first::make_administrator,
        identity::{IdentityKeys, IdentityTokens},
        passwords::Passwords,
        staff_tokens::StaffTokens,
        visitor::VisitorTokens,
    },
    staff_frames::StaffFrames,
};

type AnyError = Box<dyn std::error::Error + Send + Sync>;

/// The entries that come with the program.
static FAQ: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../integrations/faq");
/// Connections for each of vault and policies.
const CONNECTIONS: u32 = 4;

/// Everything that runs.
pub struct Running {
    /// For the routes.
    pub app: Arc<App>,
    /// Makes runs.
    pub runner: Arc<Runner>,
    /// Ends everything when it turns true.
    pub stop: watch::Sender<bool>,
    /// Signs checkpoints; what is on the log at the end gets the last one.
    pub signer: Signer,
    /// Vault and policies, to be settled at the end.
    pub databases: Vec<Database>,
    /// The keeper, to be waited for at the end.
    pub keeper: tokio::task::JoinHandle<()>,
    _data_dir: DataDir,
    _faq: Watch,
}

/// Starts everything but the doors.
///
/// # Errors
/// Something cannot be used; the error says what, and what to do.
pub async fn start(settings: Settings) -> Result<Running, AnyError> {
    let data_dir = DataDir::lock(&settings.data_dir)?;
    let (vault, keys) = open_vault(&settings, &data_dir).await?;
    let store = open_store(&settings, &data_dir).await?;
    let identity = store.identity().await?;
    let log = Log::new(store.clone(), vault.clone());
    let node = Node::born(node_id(&settings, &data_dir)?);
    let head = store.head().await?;
    let tail = Tail::start(store.clone(), head);
    let signer = checkpoints::start_signer(&settings, &data_dir, tail.clone(), store.clone(), identity)?;
    let views = Views::open(views_location(&settings, &data_dir), store, vault).await?;
    let projector = tokio::spawn(views.clone().run());
    drop(projector);
    let (assistant, faq) = open_faq(&settings, &data_dir)?;
    let live: Arc<dyn LiveReplies> = Arc::new(InProcess::default());
    let sessions = Arc::new(Sessions::new(log.clone(), identity.log_id));
    let run_settings = RunSettings { limit: settings.assistant_limit, ..RunSettings::default() };
    let runner = Runner::new(sessions.clone(), Arc::new(assistant), live.clone(), node.clone(), run_settings);
    let policies = open_policies(&settings, &data_dir).await?;
    let keeper = Keeper::start(PolicyStore::new(policies.clone()), runner.clone()).await?;
    let (stop, stopping) = watch::channel(false);
    tokio::spawn(start_runs(runner.clone(), tail.clone(), head));
    let keeper = tokio::spawn(keeper.run(stopping.clone()));
    let (visitor_tokens, staff_tokens) = tokens(&settings, &data_dir)?;
    let accounts = Arc::new(Accounts::new(log.clone(), identity.log_id));
    let passwords = Passwords::new();
    make_administrator(&accounts, &passwords, &settings, &data_dir).await?;
    let access = StaffAccess::read(&views).await?;
    tokio::spawn(access.clone().follow(tail.clone(), log.reader()));
    let identity_tokens = identity_tokens(&settings)?;
    let customers = Arc::new(Customers::new(log.clone(), identity.log_id));
    let departures = Departures::start(&tail, head);
    tracing::info!(log.id = %identity.log_id, head = head.0, node.id = node.id, store = store_name(&settings), "started");
    let app = Arc::new(App {
        sessions,
        customers,
        access_log: AccessLog::new(log.clone(), identity.log_id),
        log,
        tail,
        views,
        live,
        node,
        identity,
        checkpoints: signer.status(),
        visitor_tokens,
        accounts,
        access,
        staff_tokens,
        passwords,
        failures: Failures::new(policies.clone()),
        identity_tokens,
        departures,
        staff_frames: StaffFrames::default(),
        settings,
        stopping,
    });
    let databases = vec![keys, policies];
    Ok(Running { app, runner, stop, signer, databases, keeper, _data_dir: data_dir, _faq: faq })
}

/// The accounts alone, for a command that runs without the rest; the folder is locked for as long as it is held.
///
/// # Errors
/// Something cannot be used; the error says what, and what to do.
pub async fn open_accounts(settings: &Settings) -> Result<(Accounts, DataDir), AnyError> {
    let data_dir = DataDir::lock(&settings.data_dir)?;
    let (vault, _keys) = open_vault(settings, &data_dir).await?;
    let store = open_store(settings, &data_dir).await?;
    let identity = store.identity().await?;
    Ok((Accounts::new(Log::new(store, vault), identity.log_id), data_dir))
}

fn store_name(settings: &Settings) -> &'static str {
    if settings.database_url.is_some() { "postgresql" } else { "sqlite" }
}

async fn open_store(settings: &Settings, data_dir: &DataDir) -> Result<Arc<dyn EventStore>, AnyError> {
    let Some(url) = &settings.database_url else {
        return Ok(Arc::new(SqliteStore::open(&data_dir.join("events.db")).await?));
    };
    let postgres = PostgresSettings::new(url);
    let postgres = match &settings.database_owner_url {
        Some(owner) => postgres.with_owner(owner),
        None => postgres,
    };
    Ok(Arc::new(PostgresStore::open(postgres).await?))
}

async fn open_vault(settings: &Settings, data_dir: &DataDir) -> Result<(Arc<Vault>, Database), AnyError> {
    let master = master_key(settings, data_dir)?;
    let url = settings.vault_url.as_ref().or(settings.database_url.as_ref());
    let database = open_room(settings, url, data_dir.join("keys.db"), "vault").await?;
    Ok((Arc::new(Vault::new(Arc::new(SqlKeys::new(database.clone())), master)), database))
}

async fn open_policies(settings: &Settings, data_dir: &DataDir) -> Result<Database, AnyError> {
    let url = settings.database_url.as_ref();
    open_room(settings, url, data_dir.join("policies.db"), "policy").await
}

/// A room's database, migrated: a file, or a schema.
async fn open_room(
    settings: &Settings,
    url: Option<&String>,
    file: PathBuf,
    room: &'static str,
) -> Result<Database, AnyError> {
    let Some(url) = url else {
        let database = Database::sqlite(&file, Access::Durable).await?;
        migrate(&database, room).await?;
        return Ok(database);
    };
    if let Some(owner) = settings.database_owner_url.as_ref().filter(|_| settings.vault_url.as_ref() != Some(url)) {
        migrate_as_owner(owner, url, room).await?;
        return Ok(Database::postgres(url, room, CONNECTIONS).await?);
    }
    let database = Database::postgres(url, room, CONNECTIONS).await?;
    migrate(&database, room).await?;
    Ok(database)
}

async fn migrate(database: &Database, room: &'static str) -> Result<(), AnyError> {
    match room {
        "vault" => migrate_vault(database).await?,
        _policy => migrate_policy(database).await?,
    }
    Ok(())
}

async fn migrate_as_owner(owner: &str, url: &str, room: &'static str) -> Result<(), AnyError> {
    use event_store::postgres::{Rights, grant_new_schemas, grant_room, role_of};
    let database = Database::postgres(owner, room, 1).await?;
    migrate(&database, room).await?;
    if let Database::Postgres(pool) = &database {
        grant_room(pool, room, &role_of(url)?, Rights::ReadAndWrite).await?;
        grant_new_schemas(pool, &role_of(url)?).await?;
    }
    database.close().await;
    Ok(())
}

fn master_key(settings: &Settings, data_dir: &DataDir) -> Result<MasterKey, AnyError> {
    if let Some(path) = &settings.master_key_file {
        return Ok(MasterKey::read(path)?);
    }
    if settings.database_url.is_some() {
        return Err(
            "with PostgreSQL a master key is required, the same on every node: put 64 hexadecimal digits into a \
                    file (`openssl rand -hex 32 > master-key; chmod 600 master-key`), keep a copy elsewhere, and set \
                    master_key_file (DESK_MASTER_KEY_FILE)"
                .into(),
        );
    }
    let path = data_dir.join("master-key");
    let (key, made) = MasterKey::read_or_create(&path)?;
    if made {
        tracing::info!(path = %path.display(), "a master key was made; keep a copy elsewhere: without it personal data is lost");
    }
    Ok(key)
}

fn tokens(settings: &Settings, data_dir: &DataDir) -> Result<(VisitorTokens, StaffTokens), AnyError> {
    let text = match &settings.token_key_file {
        Some(path) => std::fs::read_to_string(path).map_err(|e| format!("token key file {}: {e}", path.display()))?,
        None => data_dir.keep("token-key", || hex::encode(rand::random::<[u8; 32]>()))?.0,
    };
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let keys: Option<Vec<Vec<u8>>> = lines.map(|line| hex::decode(line).ok().filter(|key| key.len() >= 32)).collect();
    let keys = keys.filter(|keys| !keys.is_empty());
    let keys = keys.ok_or("each line of the token key file must be at least 64 hexadecimal digits")?;
    Ok((VisitorTokens::new(&keys), StaffTokens::new(&keys)))
}

/// A file that cannot be used keeps `desk` from starting: without it every customer of the shop would be a stranger.
fn identity_tokens(settings: &Settings) -> Result<IdentityTokens, AnyError> {
    let keys = settings.identity_keys_file.as_deref().map(IdentityKeys::read).transpose()?.unwrap_or_default();
    tracing::info!(
        keys = keys.count(),
        legacy_sessions = settings.legacy_sessions,
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

fn views_location(settings: &Settings, data_dir: &DataDir) -> ViewsLocation {
    match &settings.database_url {
        Some(url) => ViewsLocation::Postgres { url: url.clone() },
        None => ViewsLocation::Folder(data_dir.join("")),
    }
}

fn open_faq(settings: &Settings, data_dir: &DataDir) -> Result<(FaqAssistant, Watch), AnyError> {
    let folder = match &settings.faq_dir {
        Some(folder) => folder.clone(),
        None => shipped_faq(data_dir)?,
    };
    let faq = Faq::open(&folder)?;
    tracing::info!(folder = %folder.display(), entries = faq.entries(), "the FAQ is read");
    let watch = faq.watch();
    Ok((FaqAssistant::new(faq), watch))
}

/// The data directory's own copy, which the shop may edit; written once.
fn shipped_faq(data_dir: &DataDir) -> Result<PathBuf, AnyError> {
    let folder = data_dir.join("faq");
    if folder.exists() {
        return Ok(folder);
    }
    let draft = data_dir.join("faq.draft");
    if draft.exists() {
        std::fs::remove_dir_all(&draft)?;
    }
    std::fs::create_dir(&draft)?;
    FAQ.extract(&draft)?;
    std::fs::rename(&draft, &folder)?;
    Ok(folder)
}
