//! Settings: a TOML file, environment over it, flags over both. One declaration (`declared.rs`) says all there is; the page
//! `docs/settings.md`, `desk check-config` and the errors are made from it.
//!
//! Invariant: a secret's value is never printed; unknown keys are refused with the nearest known one.

mod assistants;
mod config_file;
mod declared;
mod embeddings;
mod event_store_location;
mod faults;
mod layers;
mod mail;
mod page;
mod setting;
mod value;
mod variables;

use std::{ops::Deref, path::PathBuf, time::Duration};

use domain::{
    Language,
    budget::DailyBudgets,
    calendar::{OriginalHours, Period},
};

use crate::middleware::tls::TlsFiles;

pub use assistants::{AssistantKind, AssistantOrder, CozeAuthMode, Currency, Suggestions, Temperature, TokenPrice};
pub use declared::{Declared, SETTINGS};
pub use embeddings::Embeddings;
pub use event_store_location::EventStoreLocation;
pub use faults::{SettingsError, SettingsFault, Source};
pub use layers::Layers;
pub use mail::{MailSettings, Password, Recipients, SmtpLogin, SmtpSecurity, SmtpServer};
pub use page::{check_config, example_file, settings_page};
pub use setting::Setting;
pub use value::{OptionalAddress, PostgresUrl, Url, Value};

/// Everything that can be set, and what several settings say together.
#[derive(Clone)]
pub struct Settings {
    declared: Declared,
    /// Where the log is.
    pub log: EventStoreLocation,
    /// For TLS in the server itself.
    pub tls: Option<TlsFiles>,
    /// Where mails to the team go.
    pub mail: MailSettings,
    /// Who turns texts into vectors for the FAQ.
    pub embeddings: Option<Embeddings>,
    /// When people work, until the shop publishes calendars.
    pub hours: OriginalHours,
    /// What assistants may use in a day.
    pub budgets: DailyBudgets,
}

impl Deref for Settings {
    type Target = Declared;

    fn deref(&self) -> &Declared {
        &self.declared
    }
}

impl Settings {
    /// Parses what the layers say.
    ///
    /// # Errors
    /// Values do not parse, or make no sense beside others; the error names each with its source and what is expected.
    pub fn parse(layers: &Layers) -> Result<Self, SettingsError> {
        Self::parse_and(layers, |_| Vec::new())
    }

    /// Parses them for a desk that serves, which needs more than commands beside it do.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn parse_to_serve(layers: &Layers) -> Result<Self, SettingsError> {
        Self::parse_and(layers, keys_to_serve)
    }

    fn parse_and(layers: &Layers, more: impl Fn(&Declared) -> Vec<Fault>) -> Result<Self, SettingsError> {
        let mut faults = layers.faults().to_vec();
        let declared = Declared::parse(layers, &mut faults);
        // A setting that does not parse is not blamed for what its default would mean beside others.
        let malformed: Vec<&'static str> = faults.iter().filter_map(SettingsFault::malformed).collect();
        let mut fault = |(key, expected): Fault| {
            if !malformed.contains(&key) {
                faults.push(layers.invalid(key, expected));
            }
        };
        let log = EventStoreLocation::of(&declared).map_err(&mut fault).ok();
        let mail = MailSettings::of(&declared).map_err(&mut fault).ok();
        let embeddings = Embeddings::of(&declared).map_err(&mut fault).ok();
        let tls = tls(&declared).map_err(&mut fault).ok();
        let hours = hours(&declared).map_err(&mut fault).ok();
        let budgets = budgets(&declared);
        let others = [assistants(&declared), redirect(&declared), clock_file(&declared)];
        others.into_iter().filter_map(Result::err).chain(more(&declared)).for_each(fault);
        match (log, mail, embeddings, tls, hours) {
            (Some(log), Some(mail), Some(embeddings), Some(tls), Some(hours)) if faults.is_empty() => {
                Ok(Self { declared, log, tls, mail, embeddings, hours, budgets })
            }
            _faulty => Err(SettingsError(faults)),
        }
    }

    /// Who is asked, the first first: whoever is set up, where nobody says otherwise.
    #[must_use]
    pub fn assistant_order(&self) -> Vec<AssistantKind> {
        let set_up = || AssistantKind::ALL.into_iter().filter(|kind| is_set_up(&self.declared, *kind)).collect();
        self.assistants.as_ref().map_or_else(set_up, |order| order.0.clone())
    }

    /// The assistant's first words in a language.
    #[must_use]
    pub fn welcome(&self, language: Language) -> &str {
        match language {
            Language::Zh => &self.bot_welcome,
            Language::En => &self.bot_welcome_en,
            Language::De => &self.bot_welcome_de,
            Language::Fr => &self.bot_welcome_fr,
            Language::Es => &self.bot_welcome_es,
            Language::It => &self.bot_welcome_it,
        }
    }

    /// Questions to choose from in a language.
    #[must_use]
    pub fn suggestions(&self, language: Language) -> &[String] {
        let suggestions = match language {
            Language::Zh => &self.suggestions_zh,
            Language::En => &self.suggestions_en,
            Language::De => &self.suggestions_de,
            Language::Fr => &self.suggestions_fr,
            Language::Es => &self.suggestions_es,
            Language::It => &self.suggestions_it,
        };
        &suggestions.0
    }

    /// The chatflow that answers; what old clients are told by default is none.
    #[must_use]
    pub fn coze_workflow_id(&self) -> Option<String> {
        self.unless_default("workflow_id", &self.workflow_id)
    }

    /// The app that the chatflow belongs to.
    #[must_use]
    pub fn coze_app_id(&self) -> Option<String> {
        self.unless_default("app_id", &self.app_id)
    }

    fn unless_default(&self, key: &str, value: &str) -> Option<String> {
        let default = SETTINGS.iter().find(|setting| setting.key == key).and_then(|setting| setting.default);
        (default != Some(value)).then(|| value.to_owned())
    }

    /// Where checkpoints are written.
    #[must_use]
    pub fn checkpoint_dir(&self) -> PathBuf {
        self.checkpoint_dir.clone().unwrap_or_else(|| self.data_dir.join("checkpoints"))
    }

    /// Within what time the whole log is proved again, if it is.
    #[must_use]
    pub fn log_proof_period(&self) -> Option<Duration> {
        (self.log_proof_hours > 0).then(|| Duration::from_secs(u64::from(self.log_proof_hours) * 3600))
    }

    /// The key that signs checkpoints.
    #[must_use]
    pub fn checkpoint_key_file(&self) -> PathBuf {
        self.checkpoint_key_file.clone().unwrap_or_else(|| self.data_dir.join("checkpoint-key"))
    }
}

/// A setting that is at fault, and what it must be.
type Fault = (&'static str, &'static str);

fn tls(declared: &Declared) -> Result<Option<TlsFiles>, Fault> {
    match (declared.tls_cert_file.clone(), declared.tls_key_file.clone()) {
        (None, None) => Ok(None),
        (Some(cert), Some(key)) => Ok(Some(TlsFiles { cert, key })),
        (Some(_), None) => Err(("tls_key_file", "set together with tls_cert_file")),
        (None, Some(_)) => Err(("tls_cert_file", "set together with tls_key_file")),
    }
}

fn redirect(declared: &Declared) -> Result<(), Fault> {
    if declared.redirect_listen.is_some() && declared.tls_cert_file.is_none() {
        return Err(("redirect_listen", "unset without tls_cert_file: there is no https to lead to"));
    }
    Ok(())
}

fn clock_file(declared: &Declared) -> Result<(), Fault> {
    if declared.clock_file.is_some() && !declared.dev {
        return Err(("clock_file", "unset without --dev: it is for tests alone"));
    }
    Ok(())
}

const MASTER_KEY: &str = "set with PostgreSQL, to the same key on every node: put 64 hexadecimal digits into a file (`openssl rand \
                          -hex 32 > master-key; chmod 600 master-key`), keep a copy elsewhere, and set master_key_file \
                          (DESK_MASTER_KEY_FILE)";
const TOKEN_KEY: &str = "set with PostgreSQL, to the same key on every node, or a customer of one is a stranger to the others: put 64 \
                         hexadecimal digits into a file (`openssl rand -hex 32 > token-key; chmod 600 token-key`), and set \
                         token_key_file (DESK_TOKEN_KEY_FILE)";

/// What several nodes have in common cannot be made by each of them.
fn keys_to_serve(declared: &Declared) -> Vec<Fault> {
    if declared.database_url.is_none() {
        return Vec::new();
    }
    let keys = [
        ("master_key_file", MASTER_KEY, declared.master_key_file.is_some()),
        ("token_key_file", TOKEN_KEY, declared.token_key_file.is_some()),
    ];
    keys.into_iter().filter(|(_, _, is_set)| !is_set).map(|(key, expected, _)| (key, expected)).collect()
}

fn is_set_up(declared: &Declared, kind: AssistantKind) -> bool {
    match kind {
        AssistantKind::Coze => declared.coze_oauth_client_id.is_some() || declared.coze_token.is_some(),
        AssistantKind::OpenAi => declared.openai_base_url.is_some(),
        AssistantKind::Faq => true,
    }
}

fn assistants(declared: &Declared) -> Result<(), Fault> {
    let is_asked = |kind| declared.assistants.as_ref().is_some_and(|order| order.0.contains(&kind));
    let lacks = |kind| is_asked(kind) && !is_set_up(declared, kind);
    if lacks(AssistantKind::Coze) {
        return Err(("assistants", "without coze, unless coze_oauth_client_id or coze_token is set"));
    }
    if lacks(AssistantKind::OpenAi) {
        return Err(("assistants", "without openai, unless openai_base_url is set"));
    }
    if declared.openai_base_url.is_some() && declared.openai_model.is_none() {
        return Err(("openai_model", "set together with openai_base_url"));
    }
    match (declared.assistant_attempts, declared.assistant_at_once) {
        (1..=10, 1..) => Ok(()),
        (1..=10, 0) => Err(("assistant_at_once", "a number from 1")),
        _ => Err(("assistant_attempts", "a number from 1 to 10")),
    }
}

fn budgets(declared: &Declared) -> DailyBudgets {
    DailyBudgets {
        money: declared.assistant_daily_budget.clone().unwrap_or_default(),
        currency: declared.assistant_currency.0.clone(),
        tokens: declared.assistant_daily_tokens.clone().unwrap_or_default(),
    }
}

fn hours(declared: &Declared) -> Result<OriginalHours, Fault> {
    let period = Period::new(declared.human_shift_start, declared.human_shift_end);
    Ok(OriginalHours {
        period: period
            .map_err(|_| ("human_shift_end", "another time than human_shift_start, which is before 24:00"))?,
        time_zone: declared.time_zone.clone(),
        weekends_disabled: declared.weekends_disabled,
        holidays: declared.holidays.clone(),
    })
}

#[cfg(test)]
mod tests {
    use jiff::civil::Weekday;

    use super::*;

    fn parse(flags: &[(&'static str, &str)]) -> Result<Settings, String> {
        let mut layers = Layers::default();
        flags.iter().for_each(|(key, value)| layers.flag(key, Some((*value).to_owned())));
        Settings::parse(&layers).map_err(|error| error.to_string())
    }

    #[test]
    fn every_default_parses() {
        let settings = parse(&[("data_dir", "/d")]).expect("defaults are good");
        assert_eq!(settings.checkpoint_dir(), PathBuf::from("/d/checkpoints"));
        assert_eq!(settings.session_idle_close.as_secs(), 72 * 3600);
    }

    #[test]
    fn a_clock_file_is_refused_without_dev() {
        let refused = parse(&[("clock_file", "/c")]).err();
        let expected = "setting clock_file (flag --clock-file) must be unset without --dev: it is for tests alone";
        assert_eq!(refused.as_deref(), Some(expected));
        let taken = parse(&[("clock_file", "/c"), ("dev", "true")]).expect("for a developer's machine");
        assert_eq!(taken.clock_file, Some(PathBuf::from("/c")));
    }

    #[test]
    fn bad_budgets_are_refused_by_name() {
        let refused = |settings: &[(&'static str, &str)]| parse(settings).err().unwrap_or_default();
        for (key, value) in [
            ("assistant_daily_budget", "5.00,coze=0"),
            ("assistant_daily_tokens", "1.5"),
            ("assistant_budget_then", "stop"),
            ("assistant_currency", "euro"),
        ] {
            let error = refused(&[("assistant_currency", "EUR"), (key, value)]);
            assert!(error.starts_with(&format!("setting {key} (flag ")), "{key}={value}: {error}");
        }
        let taken = parse(&[("assistant_currency", "EUR"), ("assistant_daily_budget", "5.00,coze=2")]).expect("good");
        let of = |assistant| taken.budgets.of(assistant).map(|budget| budget.number()).collect::<Vec<_>>();
        assert_eq!((of("coze"), of("openai"), of("faq")), (vec![2_000_000], vec![5_000_000], vec![]));
    }

    #[test]
    fn bad_working_hours_are_refused_by_name_where_the_original_replaced_them() {
        let variables = [
            ("HUMAN_SHIFT_START", "nine", "a time like 09:00, up to 24:00"),
            ("HUMAN_SHIFT_END", "25:00", "a time like 09:00, up to 24:00"),
            ("HUMAN_SHIFT_END", "09:00", "another time than human_shift_start, which is before 24:00"),
            ("TIMEZONE", "Shanghai", "a time zone like Asia/Shanghai"),
            ("WEEKENDS_DISABLED", "perhaps", "true or false"),
            ("HOLIDAYS", "2026-10-01,1st", "dates like 2026-10-01 with commas between them, or nothing"),
        ];
        for (name, value, expected) in variables {
            let mut layers = Layers::default();
            layers.environment([(name.into(), value.into())].into_iter());
            let error = Settings::parse(&layers).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(error.contains(&format!("(environment {name}) must be {expected}")), "{name}={value}: {error}");
        }
    }

    #[test]
    fn working_hours_are_the_originals_unless_set() {
        let calendars = parse(&[]).expect("defaults are good").hours.calendars();
        let calendar = calendars.of(None);
        assert_eq!(calendar.time_zone().iana_name(), Some("Asia/Shanghai"));
        assert_eq!(calendar.weekday(Weekday::Monday).first().map(Period::to_string), Some("09:00-18:00".to_owned()));
        assert!(calendar.weekday(Weekday::Sunday).is_empty());
    }
}
