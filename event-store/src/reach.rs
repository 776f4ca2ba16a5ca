//! Why a server cannot be used: one sentence for each cause, the same for KurrentDB and PostgreSQL, in every program.
//!
//! Invariant: host and port are named, users, passwords and options of the URL are not. Causes are told apart by kind, by code, or by
//! a look of our own at name and connection, never by the text of a client's error.

use std::{fmt, io, time::Duration};

use tokio::{
    net::{TcpStream, lookup_host},
    time::timeout,
};

/// Limit for each step of a look: name, connection, first answer.
pub(crate) const LOOK: Duration = Duration::from_secs(3);

/// A server, or each node of a cluster, that cannot be used, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreachable {
    /// What should be there: `PostgreSQL` or `KurrentDB`.
    pub product: &'static str,
    /// Each place with its cause; never empty.
    pub places: Vec<(String, Cause)>,
}

/// Why a server cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// Its name is not known.
    UnknownName,
    /// The connection is refused.
    NothingListens,
    /// The network has no way to it; what the system said.
    NoWay(String),
    /// The file of its socket cannot be used; what the system said.
    NoSocket(String),
    /// There was no connection, or no answer, within this time.
    Silent(Duration),
    /// It closes the connection without an answer.
    WentAway,
    /// The URL asks for TLS, and it speaks without.
    NoTls,
    /// The URL asks for no TLS, and it speaks nothing else.
    OnlyTls,
    /// Its certificate is not trusted; why.
    Untrusted(String),
    /// Something else answers there.
    OtherProtocol,
    /// It answers, and cannot serve yet; what it or its client said.
    NotReady(String),
    /// It answers, and refuses; in its own words.
    Refused(String),
}

impl Unreachable {
    pub(crate) fn at(product: &'static str, place: String, cause: Cause) -> Self {
        Self { product, places: vec![(place, cause)] }
    }

    /// Whether waiting may help: a server that is being started, not one that is set up otherwise.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        self.places.iter().any(|(_, cause)| cause.may_pass())
    }

    /// The causes without the places, for those who need not know where a server is.
    #[must_use]
    pub fn causes(&self) -> String {
        let mut causes: Vec<String> = self.places.iter().map(|(_, cause)| cause.in_words(self.product)).collect();
        causes.dedup();
        causes.join("; ")
    }
}

impl std::error::Error for Unreachable {}

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let product = self.product;
        let is_one_cause = self.places.windows(2).all(|pair| pair[0].1 == pair[1].1);
        if let (true, Some((_, cause))) = (is_one_cause, self.places.first()) {
            let places: Vec<&str> = self.places.iter().map(|(place, _)| place.as_str()).collect();
            return write!(f, "{product} at {} cannot be reached: {}", places.join(", "), cause.in_words(product));
        }
        let each = self.places.iter().map(|(place, cause)| format!("{place}: {}", cause.in_words(product)));
        write!(f, "{product} cannot be reached: {}", each.collect::<Vec<_>>().join("; "))
    }
}

impl Cause {
    /// Whether waiting may help.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        match self {
            // In containers a name is known only once its container runs.
            Self::UnknownName
            | Self::NothingListens
            | Self::NoWay(_)
            | Self::NoSocket(_)
            | Self::Silent(_)
            | Self::WentAway
            | Self::NotReady(_) => true,
            Self::NoTls | Self::OnlyTls | Self::Untrusted(_) | Self::OtherProtocol | Self::Refused(_) => false,
        }
    }

    fn in_words(&self, product: &str) -> String {
        match self {
            Self::UnknownName => "its name is not known".to_owned(),
            Self::NothingListens => "nothing listens there".to_owned(),
            Self::NoWay(said) => format!("there is no way to it ({said})"),
            Self::NoSocket(said) => format!("its socket cannot be used ({said})"),
            Self::Silent(limit) => format!("it does not answer within {} s", limit.as_secs()),
            Self::WentAway => {
                "it closes the connection without an answer, as a server does that starts or stops".to_owned()
            }
            Self::NoTls => "it does not speak TLS, which the URL asks for".to_owned(),
            Self::OnlyTls => "it speaks TLS alone, and the URL asks for none".to_owned(),
            Self::Untrusted(why) => format!("its certificate is not trusted ({why})"),
            Self::OtherProtocol => format!("something else than {product} answers there"),
            Self::NotReady(said) => format!("it is there and not ready ({said})"),
            Self::Refused(said) => said.clone(),
        }
    }

    pub(crate) fn of_connecting(error: &io::Error) -> Self {
        use io::ErrorKind::{
            BrokenPipe, ConnectionAborted, ConnectionRefused, ConnectionReset, TimedOut, UnexpectedEof,
        };
        match error.kind() {
            ConnectionRefused => Self::NothingListens,
            ConnectionReset | ConnectionAborted | BrokenPipe | UnexpectedEof => Self::WentAway,
            TimedOut => Self::Silent(LOOK),
            _other => Self::NoWay(error.to_string()),
        }
    }
}

/// A connection to a host by its name, or why there is none.
pub(crate) async fn connect(host: &str, port: u16) -> Result<TcpStream, Cause> {
    let found = timeout(LOOK, lookup_host((host, port))).await.map_err(|_| Cause::UnknownName)?;
    let addresses: Vec<_> = found.map_err(|_| Cause::UnknownName)?.collect();
    match timeout(LOOK, TcpStream::connect(&*addresses)).await {
        Ok(Ok(connection)) => Ok(connection),
        Ok(Err(error)) => Err(Cause::of_connecting(&error)),
        Err(_elapsed) => Err(Cause::Silent(LOOK)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_of_one_mind_is_one_sentence_and_another_one_is_a_list() {
        let node = |port: u16, cause| (format!("db:{port}"), cause);
        let mut down = Unreachable {
            product: "KurrentDB",
            places: vec![node(1, Cause::NothingListens), node(2, Cause::NothingListens)],
        };
        assert_eq!(down.to_string(), "KurrentDB at db:1, db:2 cannot be reached: nothing listens there");
        assert_eq!((down.causes().as_str(), down.may_pass()), ("nothing listens there", true));
        down.places[1].1 = Cause::NoTls;
        assert_eq!(
            down.to_string(),
            "KurrentDB cannot be reached: db:1: nothing listens there; db:2: it does not speak TLS, which the URL asks for"
        );
        assert!(down.may_pass(), "the first may still come");
        down.places.remove(0);
        assert!(!down.may_pass());
    }
}
