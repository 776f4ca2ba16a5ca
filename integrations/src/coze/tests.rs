//! Coze's adapter by itself: settings, JWTs, recorded streams, and tokens against a small server that answers as told. The rest is
//! tested against the contract server (`tests/it/coze.rs`).

mod config;
mod jwt;
mod replies;
mod requests;
mod server;
mod streams;
mod tokens;

use std::{sync::Mutex, time::Duration};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

use super::*;

const PRIVATE_KEY: &str = include_str!("tests/private_key.pem");
const PUBLIC_KEY: &str = include_str!("tests/public_key.pem");

fn app() -> OAuthApp {
    OAuthApp {
        client_id: "310000000002".to_owned(),
        public_key_id: "kid-1".to_owned(),
        private_key: PRIVATE_KEY.to_owned(),
    }
}

fn config(api_base: &str) -> CozeConfig {
    CozeConfig {
        api_base: api_base.to_owned(),
        workflow_id: Some("7442300000000000001".to_owned()),
        app_id: Some("7439828073000000001".to_owned()),
        bot_id: None,
        auth: CozeAuth::OAuthJwt(app()),
        connect_timeout: Duration::from_secs(2),
    }
}

fn session(number: u8) -> SessionId {
    format!("00000000-0000-4000-8000-0000000000{number:02x}").parse().expect("it is an id")
}

/// A clock that is set by hand.
#[derive(Debug)]
struct SetClock(Mutex<Timestamp>);

impl SetClock {
    fn at(second: i64) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Timestamp::from_second(second).expect("it is a time"))))
    }

    fn advance(&self, seconds: i64) {
        *self.0.lock().expect("nobody panics with it") += SignedDuration::from_secs(seconds);
    }
}

#[async_trait]
impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().expect("nobody panics with it")
    }

    async fn sleep_until(&self, _: Timestamp) {
        std::future::pending().await
    }
}
