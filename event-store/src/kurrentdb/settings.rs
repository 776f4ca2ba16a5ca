//! URL and credentials of the log's server.
//!
//! Invariant: a password never appears in `Debug`, `Display` or errors.

use std::{
    fmt, io,
    path::{Path, PathBuf},
    time::Duration,
};

use eventstore::{ClientSettings, Credentials};

use super::searched::WORTH;
use crate::{location::KURRENT_SCHEMES, private_file::read_private_file};

/// The server's default limit of one append in bytes (`MaxAppendSize`).
pub const MAX_APPEND_BYTES: usize = 1024 * 1024;
/// Default: how long the server may be silent before a read counts as failed.
const ANSWER_LIMIT: Duration = Duration::from_millis(2500);
/// Default in milliseconds: pause of the client before it looks for a node.
const DISCOVERY_INTERVAL: &str = "100";
/// Default in milliseconds: limit for a node's first answer.
const GOSSIP_TIMEOUT: &str = "1500";

/// A server or cluster with credentials.
#[derive(Clone)]
pub struct KurrentSettings {
    scheme: &'static str,
    user: Option<User>,
    /// Hosts and parameters.
    rest: String,
    /// Read again for every new connection, so that a password can be changed.
    credentials_file: Option<PathBuf>,
    /// The server's limit of one append in bytes.
    pub max_append_bytes: usize,
    answer_limit: Duration,
    /// Stretches of others' events with as many bytes are remembered.
    search_worth: u64,
    searched_file: Option<PathBuf>,
}

#[derive(Clone, PartialEq, Eq)]
struct User {
    name: String,
    password: String,
}

/// Why the settings are invalid.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The URL has another scheme.
    #[error("not a KurrentDB URL: it must begin with kurrentdb://, kurrentdb+discover://, esdb:// or esdb+discover://")]
    Scheme,
    /// The client does not understand it.
    #[error("not a KurrentDB URL: {0}")]
    Url(String),
    /// The file with user and password cannot be read.
    #[error("cannot read the credentials for KurrentDB from {}", path.display())]
    CredentialsFile {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file has no user and password.
    #[error("{} holds no credentials: write user:password on one line, or each on its own line", .0.display())]
    NoCredentials(PathBuf),
}

impl KurrentSettings {
    /// Whether a URL is a KurrentDB URL.
    #[must_use]
    pub fn is_kurrent_url(url: &str) -> bool {
        scheme_of(url).is_some()
    }

    /// Takes a connection string as KurrentDB's own clients do: `kurrentdb://user:password@host:2113?tls=true&tlsCaFile=…`,
    /// several hosts with commas between them, `kurrentdb+discover://` for a cluster behind one name.
    ///
    /// # Errors
    /// The client does not understand it.
    pub fn parse(url: &str) -> Result<Self, SettingsError> {
        let scheme = scheme_of(url).ok_or(SettingsError::Scheme)?;
        let Some((user, rest)) = split_user(&url[scheme.len()..]) else {
            return Err(SettingsError::Url("in user and password / is written %2F, ? %3F, @ %40 and # %23".to_owned()));
        };
        let user = user.map(|(name, password)| User { name: decoded(name), password: decoded(password) });
        let settings = Self {
            scheme,
            user,
            rest: with_defaults(rest),
            credentials_file: None,
            max_append_bytes: MAX_APPEND_BYTES,
            answer_limit: ANSWER_LIMIT,
            search_worth: WORTH,
            searched_file: None,
        };
        settings.client_settings(None)?;
        Ok(settings)
    }

    /// Takes user and password from a file that only its owner can read, instead of from the URL.
    #[must_use]
    pub fn with_credentials_file(self, credentials_file: Option<PathBuf>) -> Self {
        Self { credentials_file, ..self }
    }

    /// Sets the server's limit of one append (its `MaxAppendSize`).
    #[must_use]
    pub fn with_max_append_bytes(self, max_append_bytes: usize) -> Self {
        Self { max_append_bytes, ..self }
    }

    /// Keeps in a file up to where the log was looked through, so that the next start need not look through events of others again.
    #[must_use]
    pub fn with_searched_file(self, searched_file: Option<PathBuf>) -> Self {
        Self { searched_file, ..self }
    }

    /// Sets how long the server may be silent, and how many bytes of others' events are worth remembering. For tests.
    #[must_use]
    pub fn with_limits(self, answer_limit: Duration, search_worth: u64) -> Self {
        Self { answer_limit, search_worth, ..self }
    }

    pub(super) fn answer_limit(&self) -> Duration {
        self.answer_limit
    }

    pub(super) fn search_worth(&self) -> u64 {
        self.search_worth
    }

    pub(super) fn searched_file(&self) -> Option<&Path> {
        self.searched_file.as_deref()
    }

    /// The settings of the client, and the credentials for every call, if any.
    pub(super) fn for_client(&self) -> Result<(ClientSettings, Option<Credentials>), SettingsError> {
        let user = match &self.credentials_file {
            Some(_) => self.user_of_file()?,
            None => self.user.clone(),
        };
        let client = self.client_settings(user.as_ref())?;
        Ok((client, user.map(|User { name, password }| Credentials::new(name, password))))
    }

    /// The client does not decode percent signs in its URL, so user and password are only put there if they need none. (They
    /// are needed for the one call without credentials: asking a cluster for its members.)
    fn client_settings(&self, user: Option<&User>) -> Result<ClientSettings, SettingsError> {
        let in_url = user.filter(|user| is_unreserved(&user.name) && is_unreserved(&user.password));
        let user = in_url.map(|user| format!("{}:{}@", user.name, user.password)).unwrap_or_default();
        let url = format!("{}{user}{}", self.scheme, self.rest);
        url.parse().map_err(|error: eventstore::ClientSettingsParseError| {
            let what = error.error().map_or_else(|| error.message().to_owned(), ToString::to_string);
            SettingsError::Url(if what.contains("://") { "it cannot be parsed".to_owned() } else { what })
        })
    }

    fn user_of_file(&self) -> Result<Option<User>, SettingsError> {
        let Some(path) = self.credentials_file.clone() else { return Ok(None) };
        let unreadable = |source| SettingsError::CredentialsFile { path: path.clone(), source };
        match credentials(&read_private_file(&path).map_err(unreadable)?) {
            Some(user) => Ok(Some(user)),
            None => Err(SettingsError::NoCredentials(path)),
        }
    }
}

/// Without user, password and parameters, which may contain the path of a key.
impl fmt::Display for KurrentSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hosts = self.rest.split(['/', '?']).next().unwrap_or_default();
        write!(f, "{}{hosts}", self.scheme)
    }
}

impl fmt::Debug for KurrentSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KurrentSettings({self})")
    }
}

fn scheme_of(url: &str) -> Option<&'static str> {
    KURRENT_SCHEMES.into_iter().find(|scheme| url.len() > scheme.len() && url.starts_with(scheme))
}

/// User and password before the last `@` of the hosts part, and the rest; `None` if a character in them ends that part early.
fn split_user(text: &str) -> Option<(Option<(&str, &str)>, &str)> {
    let (hosts, parameters) = text.split_at(text.find(['/', '?', '#']).unwrap_or(text.len()));
    if parameters.contains('@') {
        return None;
    }
    Some(match hosts.rfind('@') {
        Some(at) => (Some(text[..at].split_once(':').unwrap_or((&text[..at], ""))), &text[at + 1..]),
        None => (None, text),
    })
}

/// Adds our default parameters unless the URL has them.
fn with_defaults(rest: &str) -> String {
    let (hosts, query) = rest.split_once('?').unwrap_or((rest, ""));
    let mut parameters: Vec<String> = query.split('&').filter(|one| !one.is_empty()).map(str::to_owned).collect();
    let defaults = [
        ("discoveryInterval", DISCOVERY_INTERVAL),
        ("gossipTimeout", GOSSIP_TIMEOUT),
        ("connectionName", "fiido-desk"),
    ];
    for (name, value) in defaults {
        let is_given = |one: &String| one.split('=').next().is_some_and(|given| given.eq_ignore_ascii_case(name));
        if !parameters.iter().any(is_given) {
            parameters.push(format!("{name}={value}"));
        }
    }
    format!("{}?{}", hosts.trim_end_matches('/'), parameters.join("&"))
}

/// `user:password` on one line, or each on its own line.
fn credentials(text: &str) -> Option<User> {
    let mut lines = text.lines().map(|line| line.trim_end_matches('\r')).filter(|line| !line.is_empty());
    let (first, second) = (lines.next()?, lines.next());
    let (name, password) = match second {
        Some(password) => (first, password),
        None => first.split_once(':')?,
    };
    let is_complete = lines.next().is_none() && !name.is_empty() && !password.is_empty();
    is_complete.then(|| User { name: name.to_owned(), password: password.to_owned() })
}

fn is_unreserved(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}

/// Decodes percent signs; malformed ones stay.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, others @ ..] = rest {
        let byte = others.get(..2).filter(|_| *first == b'%').and_then(|digits| hex::decode(digits).ok());
        bytes.push(byte.as_ref().map_or(*first, |byte| byte[0]));
        rest = if byte.is_some() { &others[2..] } else { others };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> KurrentSettings {
        KurrentSettings::parse(url).unwrap_or_else(|error| panic!("{url}: {error}"))
    }

    #[test]
    fn every_form_of_url_is_accepted() {
        for url in [
            "kurrentdb://localhost:2113?tls=false",
            "kurrentdb://a:2113,b:2113,c:2113?tls=true&nodePreference=leader",
            "kurrentdb+discover://cluster.example:2113?tls=true&tlsCaFile=%2Fetc%2Fca.pem",
            "esdb://localhost",
            "esdb+discover://admin:changeit@cluster.example",
        ] {
            assert!(KurrentSettings::is_kurrent_url(url));
            parse(url);
        }
        let client = parse("esdb+discover://a:1,b:2?discoveryInterval=7").for_client().expect("it was parsed").0;
        assert!(client.is_dns_discovery_enabled() && client.is_secure_mode_enabled());
        assert_eq!(client.hosts().len(), 2);
        assert_eq!(client.discovery_interval().as_millis(), 7, "the URL's own setting counts");
    }

    #[test]
    fn other_urls_are_refused() {
        for url in ["", "kurrentdb://", "postgres://localhost", "kurrentdb://a:x", "kurrentdb://a?tls=perhaps"] {
            assert!(KurrentSettings::parse(url).is_err(), "{url:?}");
        }
    }

    #[test]
    fn a_password_is_never_displayed() {
        for url in [
            "kurrentdb://desk:s3cret@a:2113,b:2113?tls=false&userKeyFile=s3cret&userCertFile=x",
            "kurrentdb://desk:s3%2Fcret@a:2113,b:2113",
            "kurrentdb://desk:s3@cret@a:2113,b:2113",
        ] {
            let settings = parse(url);
            assert_eq!(settings.to_string(), "kurrentdb://a:2113,b:2113");
            assert_eq!(format!("{settings:?}"), "KurrentSettings(kurrentdb://a:2113,b:2113)");
        }
        for url in [
            "kurrentdb://desk:s3cret@a:x",
            "kurrentdb://desk:s3cret@a?tls=s",
            "s3cret://desk:s3cret@a",
            "kurrentdb://desk:s3cret?@a:2113",
            "kurrentdb://s3cret/@a:2113",
        ] {
            let error = KurrentSettings::parse(url).expect_err("it is none");
            assert!(!format!("{error} {error:?}").contains("s3cret"), "{error} {error:?}");
        }
    }

    #[test]
    fn a_password_may_contain_any_character() {
        assert_eq!(decoded("p%40ss%3Aw%C3%B6rd%"), "p@ss:wörd%");
        let settings = parse("kurrentdb://desk:p%40ss%3Aword@a:2113");
        assert!(settings.user.clone().is_some_and(|user| user.name == "desk" && user.password == "p@ss:word"));
        let (client, credentials) = settings.for_client().expect("it was parsed");
        assert_eq!(credentials, Some(Credentials::new("desk", "p@ss:word")));
        assert_eq!(*client.default_authenticated_user(), None, "the client would send it with its percent signs");
        let (client, _) = parse("kurrentdb://desk:changeit@a").for_client().expect("it was parsed");
        assert!(client.default_authenticated_user().is_some());
    }

    #[test]
    fn credentials_are_read_from_a_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("credentials");
        let from = |text: &str| {
            std::fs::remove_file(&path).ok();
            crate::private_file::create_private_file(&path, text.as_bytes()).expect("it is written");
            parse("kurrentdb://other:one@a:2113").with_credentials_file(Some(path.clone())).for_client()
        };
        for text in ["desk:p@ss:word", "desk\np@ss:word", "desk\r\np@ss:word\r\n"] {
            assert_eq!(from(text).expect("credentials").1, Some(Credentials::new("desk", "p@ss:word")), "{text:?}");
        }
        for text in ["", "desk", ":x", "desk:", "a\nb\nc"] {
            assert!(matches!(from(text), Err(SettingsError::NoCredentials(_))), "{text:?}");
        }
        std::fs::remove_file(&path).expect("it is there");
        let gone = parse("kurrentdb://a").with_credentials_file(Some(path.clone())).for_client();
        assert!(matches!(gone, Err(SettingsError::CredentialsFile { .. })));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_everybody_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("credentials");
        std::fs::write(&path, "desk:changeit").expect("it is written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("it is ours");
        let refused = parse("kurrentdb://a").with_credentials_file(Some(path)).for_client();
        let is_open = |source: &io::Error| source.kind() == io::ErrorKind::PermissionDenied;
        assert!(matches!(refused, Err(SettingsError::CredentialsFile { source, .. }) if is_open(&source)));
    }
}
