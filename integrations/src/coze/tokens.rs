//! Access tokens, one for each session: the session's name in the JWT is what keeps sessions apart at Coze.
//!
//! Invariants: one exchange at a time for a session, whoever waits gets its outcome; a token is used no longer than up to a margin
//! before its end; the number of tokens is bounded; nothing here shows a token.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use commands::Clock;
use domain::SessionId;
use jiff::{SignedDuration, Timestamp};
use moka::{future::Cache, ops::compute::Op};
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    Failure,
    codes::Class,
    frames,
    http::{Http, send},
    jwt::Signer,
};

/// What a token is asked for. Coze allows a day; an hour is enough for most sessions and ends sooner what may leak.
const LIFETIME: Duration = Duration::from_secs(3600);
/// How long before its end a token is replaced, at most: a request under way must not outlive it, nor clocks that differ.
const MARGIN: SignedDuration = SignedDuration::from_secs(60);
/// The most sessions that have a token; another one drops the one that was used least.
const MOST_SESSIONS: u64 = 20_000;
/// The longest that an exchange may take.
const LIMIT: Duration = Duration::from_secs(15);
/// `expires_in` beyond this is a time (2001 and later), below it a duration: Coze documents the former, OAuth the latter.
const FIRST_TIME: i64 = 1_000_000_000;

/// A token.
pub(super) struct Token {
    secret: String,
    expires_at: Timestamp,
    replaced_at: Timestamp,
}

impl Token {
    fn new(secret: String, expires_in: i64, now: Timestamp) -> Option<Self> {
        let second = if expires_in > FIRST_TIME { expires_in } else { now.as_second().checked_add(expires_in)? };
        let expires_at = Timestamp::from_second(second).ok()?;
        // A quarter at most, so that short ones are of use.
        let margin = MARGIN.min(expires_at.duration_since(now) / 4).max(SignedDuration::ZERO);
        Some(Self { secret, expires_at, replaced_at: expires_at - margin })
    }

    /// For the `Authorization` header, and nothing else.
    pub(super) fn secret(&self) -> &str {
        &self.secret
    }
}

/// Who we are to Coze.
pub(super) enum Identity {
    /// An OAuth app, whose tokens are one session's.
    Signer(Box<Signer>),
    /// Somebody with one token for all, of which we know no end.
    PersonalToken(Arc<Token>),
}

impl Identity {
    /// `None` if it can be no token.
    pub(super) fn personal(secret: String) -> Option<Self> {
        let token = Token { secret, expires_at: Timestamp::MAX, replaced_at: Timestamp::MAX };
        is_header(&token.secret).then(|| Self::PersonalToken(Arc::new(token)))
    }
}

/// A session's token, as administrators see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TokenSeen {
    pub(super) session: SessionId,
    pub(super) is_valid: bool,
    pub(super) expires_at: Timestamp,
}

/// All tokens.
pub(super) struct Tokens {
    http: Http,
    identity: Identity,
    cache: Cache<SessionId, Arc<Token>>,
    clock: Arc<dyn Clock>,
    given: AtomicU64,
    refused: AtomicU64,
}

impl Tokens {
    pub(super) fn new(http: Http, identity: Identity, clock: Arc<dyn Clock>) -> Self {
        // The clock decides what is valid; this is only so that nothing stays in memory for good.
        let cache = Cache::builder().max_capacity(MOST_SESSIONS).time_to_live(24 * LIFETIME).build();
        Self { http, identity, cache, clock, given: AtomicU64::new(0), refused: AtomicU64::new(0) }
    }

    /// A session's token, and a new one if it has none or its time is over.
    pub(super) async fn get(&self, session: SessionId) -> Result<Arc<Token>, Failure> {
        let token = self.cached(session).await?;
        if self.clock.now() < token.replaced_at {
            return Ok(token);
        }
        self.forget(session, &token).await;
        self.cached(session).await
    }

    /// Forgets this very token; one that came since stays.
    pub(super) async fn forget(&self, session: SessionId, token: &Arc<Token>) {
        let entry = self.cache.entry(session);
        entry
            .and_compute_with(|known| {
                let is_it = known.is_some_and(|known| Arc::ptr_eq(known.value(), token));
                std::future::ready(if is_it { Op::Remove } else { Op::Nop })
            })
            .await;
    }

    /// Replaces a session's token.
    pub(super) async fn refresh(&self, session: SessionId) -> Result<(), Failure> {
        self.cache.invalidate(&session).await;
        self.cached(session).await.map(drop)
    }

    /// Whether another token may help where one is refused.
    pub(super) fn can_refresh(&self) -> bool {
        matches!(self.identity, Identity::Signer(_))
    }

    /// How often a token was asked for since the process began: given, and not.
    pub(super) fn exchanges(&self) -> (u64, u64) {
        (self.given.load(Ordering::Relaxed), self.refused.load(Ordering::Relaxed))
    }

    /// Who has a token.
    pub(super) fn seen(&self) -> Vec<TokenSeen> {
        let now = self.clock.now();
        let seen = |session, token: &Token| TokenSeen {
            session,
            is_valid: now < token.expires_at,
            expires_at: token.expires_at,
        };
        self.cache.iter().map(|(session, token)| seen(*session, &token)).collect()
    }

    async fn cached(&self, session: SessionId) -> Result<Arc<Token>, Failure> {
        let signer = match &self.identity {
            Identity::PersonalToken(token) => return Ok(Arc::clone(token)),
            Identity::Signer(signer) => signer,
        };
        let exchange = async {
            let jwt = signer.sign(&session.to_string(), self.clock.now());
            let jwt = jwt.map_err(|_| Failure::rejected("the JWT cannot be signed"))?;
            let exchanged = self.exchange(&jwt).await;
            let count = if exchanged.is_ok() { &self.given } else { &self.refused };
            count.fetch_add(1, Ordering::Relaxed);
            exchanged
        };
        self.cache.try_get_with(session, exchange).await.map_err(|failure| Failure::clone(&failure))
    }

    async fn exchange(&self, jwt: &str) -> Result<Arc<Token>, Failure> {
        let grant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
        let body = json!({"duration_seconds": LIFETIME.as_secs(), "grant_type": grant});
        let path = ["api", "permission", "oauth2", "token"];
        let request = self.http.request(Method::POST, &path, &[]).bearer_auth(jwt).json(&body).timeout(LIMIT);
        let head = send(request).await?;
        let log_id = head.log_id().map(str::to_owned);
        let token = self.token_of(head.json().await);
        token.map(Arc::new).map_err(|failure| failure.with_log_id(log_id.as_deref()))
    }

    fn token_of(
        &self,
        response: Result<(reqwest::StatusCode, reqwest::header::HeaderMap, Option<Value>), Failure>,
    ) -> Result<Token, Failure> {
        let (status, headers, json) = response?;
        let json = json.unwrap_or_default();
        let secret = json["access_token"].as_str().filter(|secret| is_header(secret));
        if let (true, Some(secret), Some(expires_in)) =
            (status.is_success(), secret, frames::number(&json["expires_in"]))
        {
            let token = Token::new(secret.to_owned(), expires_in, self.clock.now());
            return token.ok_or_else(|| Failure::malformed("a token's expires_in is no time"));
        }
        if let Some(code) =
            json["error_code"].as_str().or_else(|| json["error"].as_str()).filter(|code| !code.is_empty())
        {
            return Err(Failure::of_oauth(code, json["error_message"].as_str().unwrap_or_default()));
        }
        let envelope = frames::error(&json);
        let body = envelope.as_ref().map(|(code, message)| (*code, message.as_str()));
        if body.is_none() && status.is_success() {
            return Err(Failure::malformed("a token request was answered with no token"));
        }
        let failure = Failure::of_response(status, &headers, body);
        Err(if failure.class == Class::Fails { failure } else { failure.refused() })
    }
}

/// Whether it can stand in a header.
fn is_header(token: &str) -> bool {
    !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic())
}
