//! URL and credentials of the log's server.
//!
//! Invariant: a password never appears in `Debug`, `Display` or errors.

use std::{
    fmt, io,
    path::{Path, PathBuf},
    time::Duration,
};

use eventstore::{ClientSettings, Credentials};
use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};

use super::searched::WORTH;
use crate::{
    location::{KURRENT_SCHEMES, percent_decoded},
    private_file::read_private_file,
};

/// The server's default limit of one append in bytes (`MaxAppendSize`).
pub const MAX_APPEND_BYTES: usize = 1024 * 1024;
/// Default: how long the server may be silent before a read counts as failed.
const ANSWER_LIMIT: Duration = Duration::from_millis(2500);
/// Default in milliseconds: pause of the client before it looks for a node.
const DISCOVERY_INTERVAL: &str = "100";
/// Default in milliseconds: limit for a node's first answer.
const GOSSIP_TIMEOUT: &str = "1500";
/// What the client takes (1.2), in any case of letters; it passes over all others.
const KNOWN: [&str; 14] = [
    "tls",
    "tlsCaFile",
    "tlsVerifyCert",
    "userCertFile",
    "userKeyFile",
    "nodePreference",
    "keepAliveInterval",
    "keepAliveTimeout",
    "discoveryInterval",
    "gossipTimeout",
    "maxDiscoverAttempts",
    "defaultDeadline",
    "connectionName",
    "",
];
/// The client passes over less, in milliseconds; -1 is never.
const LEAST_KEEP_ALIVE: i64 = 10_000;

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
    /// A file that a parameter names cannot be used.
    #[error("the file {} that {parameter} names cannot be used", path.display())]
    File {
        /// Which parameter.
        parameter: &'static str,
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
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
        check_parameters(rest)?;
        let user =
            user.map(|(name, password)| User { name: percent_decoded(name), password: percent_decoded(password) });
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
        check_files(&client)?;
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

/// Refuses what the client would pass over.
fn check_parameters(rest: &str) -> Result<(), SettingsError> {
    let (_, query) = rest.split_once('?').unwrap_or_default();
    for one in query.split('&') {
        let (name, value) = one.split_once('=').unwrap_or((one, ""));
        let is_keep_alive =
            ["keepAliveInterval", "keepAliveTimeout"].iter().any(|known| name.eq_ignore_ascii_case(known));
        if !KNOWN.iter().any(|known| name.eq_ignore_ascii_case(known)) {
            let known = KNOWN.iter().filter(|known| !known.is_empty()).copied().collect::<Vec<_>>().join(", ");
            return Err(SettingsError::Url(format!("nobody knows the parameter {name}; known are {known}")));
        }
        if is_keep_alive && value.parse().is_ok_and(|value: i64| (0..LEAST_KEEP_ALIVE).contains(&value)) {
            return Err(SettingsError::Url(format!("{name} is {LEAST_KEEP_ALIVE} ms or more, or -1")));
        }
    }
    Ok(())
}

/// Refuses files that the client could not use, of which it says no more than that something is not there.
fn check_files(client: &ClientSettings) -> Result<(), SettingsError> {
    if let Some(path) = client.tls_ca_file() {
        check_file("tlsCaFile", path)?;
        if !holds_certificates(path) {
            let source =
                io::Error::new(io::ErrorKind::InvalidData, "it holds no certificates in PEM, or a malformed one");
            return Err(SettingsError::File { parameter: "tlsCaFile", path: path.into(), source });
        }
    }
    if let Some((certificate, key)) = client.user_certificate() {
        check_file("userCertFile", certificate)?;
        check_file("userKeyFile", key)?;
    }
    Ok(())
}

fn holds_certificates(path: &str) -> bool {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let mut roots = RootCertStore::empty();
    read.is_ok_and(|certificates| {
        !certificates.is_empty() && certificates.into_iter().all(|certificate| roots.add(certificate).is_ok())
    })
}

fn check_file(parameter: &'static str, path: &str) -> Result<(), SettingsError> {
    let opened = std::fs::File::open(path).map(drop);
    opened.map_err(|source| SettingsError::File { parameter, path: path.into(), source })
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
    fn parameters_that_the_client_would_pass_over_are_refused() {
        let refused = |url: &str| KurrentSettings::parse(url).err().map(|error| error.to_string()).unwrap_or_default();
        let unknown = refused("kurrentdb://a:2113?tls=false&tlsCafile=x&nodePreferences=leader");
        assert!(unknown.contains("nobody knows the parameter nodePreferences; known are tls, tlsCaFile,"), "{unknown}");
        assert!(!unknown.contains("=leader"), "{unknown}");
        let short = refused("kurrentdb://a:2113?keepAliveInterval=2000");
        assert!(short.contains("keepAliveInterval is 10000 ms or more, or -1"), "{short}");
        parse("kurrentdb://a:2113?KEEPALIVETIMEOUT=10000&keepAliveInterval=-1&defaultDeadline=5");
    }

    #[test]
    fn files_that_a_url_names_are_looked_at() {
        let folder = tempfile::tempdir().expect("a folder");
        let empty = folder.path().join("empty.pem");
        std::fs::write(&empty, "").expect("it is written");
        let empty = empty.display().to_string();
        for (parameters, parameter, path) in [
            ("tlsCaFile=%2Fnowhere%2Fca.pem".to_owned(), "tlsCaFile", "/nowhere/ca.pem"),
            (format!("tlsCaFile={empty}"), "tlsCaFile", &*empty),
            (format!("userCertFile={empty}&userKeyFile=/nowhere/key"), "userKeyFile", "/nowhere/key"),
        ] {
            let error = parse(&format!("kurrentdb://a?{parameters}")).for_client().err().map(|error| error.to_string());
            assert_eq!(error, Some(format!("the file {path} that {parameter} names cannot be used")));
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
        assert_eq!(percent_decoded("p%40ss%3Aw%C3%B6rd%"), "p@ss:wörd%");
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
