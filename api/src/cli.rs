//! The command line of `desk`.

use std::{io::Write as _, path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};
use event_store::location::holds_password;

use crate::{
    ask_assistants::{self, Unanswered},
    backup::{self, BackupArgs, backup},
    check_config,
    check_faq::{self, CheckFaqArgs, FaultsFound, check_faq},
    checkpoints,
    copy_keys::{self, CopyKeysArgs, copy_keys},
    copy_log::{self, CopyError, CopyLogArgs, copy_log},
    drill::{self, DrillArgs, drill},
    error_chain::chain,
    health_check::{self, Unhealthy},
    logging::{self, LogFolder},
    mark_restored::{self, MarkRestoredArgs},
    reset_admin,
    restore::{self, RestoreArgs, restore},
    routes, server,
    settings::{Layers, Settings, example_file, settings_page},
    startup,
};

/// An AI customer-service desk: one program, nothing beside it.
#[derive(Parser)]
#[command(name = "desk", version, about, after_help = AFTER_HELP)]
struct Cli {
    #[command(flatten)]
    flags: Flags,
    #[command(subcommand)]
    command: Option<Subcommands>,
}

const AFTER_HELP: &str = "\
Without a command it serves. Every flag can also be set as DESK_<NAME> in the environment or in the config file;
`desk settings` lists all settings, `desk check-config` says what would run.

Examples:
  desk                                      serve on 127.0.0.1:8080 with SQLite in ./data
  desk --listen 0.0.0.0:80 --data-dir /var/lib/desk
  DESK_DATABASE_URL=postgres://desk_app@db/desk desk --config /etc/desk.toml

Exit status: 0 stopped cleanly, 2 could not run.";

const KEYS_HELP: &str = "\
Standard output gets one line, the public key; standard error says where the private one is. So

  desk keys --data-dir /var/lib/desk > checkpoint.pub

makes the file that whoever doubts the log needs:

  desk-replay --store data verify --checkpoint latest.checkpoint --key checkpoint.pub

Hand it over once, by a way that whoever runs the database cannot change. It may be public.

The private key is made at the first start of `desk` (setting checkpoint_key_file). This only
reads its file: it works while desk runs, and needs no database.

Exit status: 0 printed, 2 there is no key yet, or it cannot be read.";

const RESET_ADMIN_HELP: &str = "\
Makes the account admin an administrator that can sign in, without a second factor and with a made-up
password. It is written to the file admin-password in the data directory (mode 0600), opens nothing but
its own change, and its path is printed. Every other sign-in of the account is over. All of it is in the
log and the audit, by system:reset-admin.

Stop desk first: the data directory is one program's at a time. On several nodes stop one of them, or
give another --data-dir; the others hear of it within a second.

Exit status: 0 done, 2 could not run.";

#[derive(Args)]
struct Flags {
    /// Address and port to listen on [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR", global = true)]
    listen: Option<String>,
    /// Folder for everything this node keeps [default: ./data]
    #[arg(long, value_name = "DIR", global = true)]
    data_dir: Option<String>,
    /// postgres://… instead of SQLite; with a password only as DESK_DATABASE_URL, which other users of the machine cannot see
    #[arg(long, value_name = "URL", global = true)]
    database_url: Option<String>,
    /// The log apart from the rest: kurrentdb://… or postgres://…; with a password only as DESK_EVENT_STORE_URL
    #[arg(long, value_name = "URL", global = true)]
    event_store_url: Option<String>,
    /// Folder of Markdown that the FAQ assistant answers from
    #[arg(long, value_name = "DIR", global = true)]
    faq_dir: Option<String>,
    /// A TOML file with settings
    #[arg(long, value_name = "FILE", env = "DESK_CONFIG", global = true)]
    config: Option<PathBuf>,
    /// Start although the log's last event is more than a day ahead of this machine's clock
    #[arg(long, global = true)]
    accept_clock: bool,
    /// For a developer's own machine: logs for people instead of JSON
    #[arg(long, global = true)]
    dev: bool,
    /// A file with an offset in seconds that is added to the time; for tests, and only with --dev
    #[arg(long, value_name = "FILE", global = true)]
    clock_file: Option<String>,
}

#[derive(Subcommand)]
enum Subcommands {
    /// Serve (the default)
    Serve,
    /// Say what would run and what a start would find, and stop
    #[command(after_help = check_config::HELP)]
    CheckConfig {
        /// Asks each assistant that is set up one question
        #[arg(long)]
        ask: bool,
        /// Asks no database server
        #[arg(long)]
        offline: bool,
    },
    /// Ask the desk that runs with these settings whether it lives
    #[command(after_help = health_check::HELP)]
    Health,
    /// Check the files of the FAQ, and name everything that is wrong with them
    #[command(after_help = check_faq::HELP)]
    CheckFaq(CheckFaqArgs),
    /// Print the page of all settings
    Settings {
        /// As a configuration file with every setting, commented out at its default
        #[arg(long)]
        toml: bool,
    },
    /// Print the description of the API (OpenAPI 3.1), for generators of clients
    Openapi,
    /// Print the public key that checkpoints are checked with
    #[command(after_help = KEYS_HELP)]
    Keys,
    /// Open the account `admin` again when no administrator can sign in any more
    #[command(after_help = RESET_ADMIN_HELP)]
    ResetAdmin,
    /// Record that the log was put back from a backup, before desk is started on it
    #[command(after_help = mark_restored::HELP)]
    MarkRestored(MarkRestoredArgs),
    /// Back up while desk runs: follow the log to a folder or S3, or copy the databases once
    #[command(after_help = backup::HELP)]
    Backup(BackupArgs),
    /// Put a followed backup back into an empty place
    #[command(after_help = restore::HELP)]
    Restore(RestoreArgs),
    /// Try that the backup can be put back, in a temporary folder
    #[command(after_help = drill::HELP)]
    Drill(DrillArgs),
    /// Copy the log to another database: SQLite, PostgreSQL or KurrentDB, any to any
    #[command(after_help = copy_log::HELP)]
    CopyLog(CopyLogArgs),
    /// Copy the vault's keys to another database, for a desk that will look for them there
    #[command(after_help = copy_keys::HELP)]
    CopyKeys(CopyKeysArgs),
}

/// Runs the program as its arguments say.
pub async fn run() -> ExitCode {
    let cli = Cli::parse();
    match act(cli).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let copy = error.downcast_ref::<CopyError>();
            let way_out = copy.map_or("", CopyError::way_out);
            let _ = writeln!(std::io::stderr(), "desk: {}{way_out}", chain(&*error));
            let of_command = copy.map(CopyError::exit_code).or_else(|| restore::exit_code(&error)).unwrap_or(2);
            let is_no = error.is::<FaultsFound>() || error.is::<Unanswered>() || error.is::<Unhealthy>();
            ExitCode::from(if is_no { 1 } else { of_command })
        }
    }
}

type AnyError = Box<dyn std::error::Error + Send + Sync>;

async fn act(cli: Cli) -> Result<(), AnyError> {
    if let Some(Subcommands::Settings { toml }) = cli.command {
        let page = if toml { example_file() } else { settings_page() };
        return Ok(std::io::stdout().write_all(page.as_bytes())?);
    }
    if let Some(Subcommands::Openapi) = cli.command {
        return Ok(std::io::stdout().write_all(routes::description().as_bytes())?);
    }
    refuse_password("database_url", cli.flags.database_url.as_deref())?;
    refuse_password("event_store_url", cli.flags.event_store_url.as_deref())?;
    let layers = layers(cli.flags);
    if let Some(Subcommands::CheckConfig { ask, offline }) = cli.command {
        let settings = Settings::parse_to_serve(&layers)?;
        let report = check_config::check(&layers, &settings, offline).await;
        std::io::stdout().write_all(report.text.as_bytes())?;
        report.verdict()?;
        return if ask { ask_assistants(&settings).await } else { Ok(()) };
    }
    if matches!(cli.command, Some(Subcommands::Serve) | None) {
        return serve(&layers).await;
    }
    beside_serving(cli.command, &Settings::parse(&layers)?).await
}

/// Serves until told to stop. What is logged on the way out is written as well.
async fn serve(layers: &Layers) -> Result<(), AnyError> {
    let settings = Settings::parse_to_serve(layers)?;
    let clock = startup::clock(&settings)?;
    let folder = settings.log_dir.clone().map(|path| {
        let (days, zone) = (settings.log_days, settings.time_zone.clone());
        LogFolder { path, days, zone, clock: clock.clone() }
    });
    let _logging = logging::start(settings.dev, folder).map_err(|error| format!("log_dir cannot be used: {error}"))?;
    layers.notes().iter().for_each(|note| tracing::info!("{note}"));
    server::serve(settings, clock).await
}

/// The commands that need the settings and do not serve.
async fn beside_serving(command: Option<Subcommands>, settings: &Settings) -> Result<(), AnyError> {
    match command {
        Some(Subcommands::Health) => Ok(std::io::stdout().write_all(health_check::check(settings).await?.as_bytes())?),
        Some(Subcommands::CheckFaq(args)) => check_faq(&args, settings),
        Some(Subcommands::Keys) => checkpoints::print_public_key(settings),
        Some(Subcommands::ResetAdmin) => {
            let file = reset_admin::reset(settings).await?;
            let said = format!("admin can sign in with the password in {}, and has to change it\n", file.display());
            Ok(std::io::stdout().write_all(said.as_bytes())?)
        }
        Some(Subcommands::MarkRestored(args)) => {
            let said = mark_restored::mark_restored(&args, settings).await?;
            Ok(std::io::stdout().write_all(said.as_bytes())?)
        }
        Some(Subcommands::Backup(args)) => backup(args, settings).await,
        Some(Subcommands::Restore(args)) => {
            let _logging = logging::start(true, None)?;
            restore(&args, settings).await
        }
        Some(Subcommands::Drill(args)) => {
            let _logging = logging::start(true, None)?;
            drill(&args, settings).await
        }
        Some(Subcommands::CopyKeys(args)) => Ok(copy_keys(&args).await?),
        Some(Subcommands::CopyLog(args)) => {
            // For whoever sits before it, not for what collects a server's lines.
            let _logging = logging::start(true, None)?;
            Ok(copy_log(args, settings).await?)
        }
        Some(
            Subcommands::Serve | Subcommands::Settings { .. } | Subcommands::Openapi | Subcommands::CheckConfig { .. },
        )
        | None => Ok(()),
    }
}

async fn ask_assistants(settings: &Settings) -> Result<(), AnyError> {
    let (said, have_all_answered) = ask_assistants::ask(settings).await?;
    std::io::stdout().write_all(said.as_bytes())?;
    if have_all_answered { Ok(()) } else { Err(Unanswered.into()) }
}

/// Every user of the machine can read the arguments of every program.
fn refuse_password(key: &str, url: Option<&str>) -> Result<(), AnyError> {
    if !url.is_some_and(holds_password) {
        return Ok(());
    }
    let (flag, variable) = (key.replace('_', "-"), key.to_uppercase());
    Err(format!(
        "--{flag} has a password, which every user of this machine could read: set it in the environment as \
         DESK_{variable}, or in the config file as {key}"
    )
    .into())
}

fn layers(flags: Flags) -> Layers {
    let mut layers = Layers::default();
    if let Some(path) = &flags.config {
        layers.file(path);
    }
    layers.environment(std::env::vars_os());
    layers.flag("listen", flags.listen);
    layers.flag("data_dir", flags.data_dir);
    layers.flag("database_url", flags.database_url);
    layers.flag("event_store_url", flags.event_store_url);
    layers.flag("faq_dir", flags.faq_dir);
    layers.flag("clock_file", flags.clock_file);
    layers.flag("accept_clock", flags.accept_clock.then(|| "true".to_owned()));
    layers.flag("dev", flags.dev.then(|| "true".to_owned()));
    layers
}
