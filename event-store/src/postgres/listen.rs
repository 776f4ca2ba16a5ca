//! One `LISTEN` connection per process, which updates the head that subscriptions wait for.
//!
//! Invariant: a notification is only a hint. Each (re)connect first listens and then reads the head, so missed notifications are
//! caught up; subscriptions also poll, so a dead connection delays them by at most one poll interval.

use std::{sync::Arc, time::Duration};

use sqlx::{
    PgPool, Row as _,
    postgres::{PgConnectOptions, PgListener, PgPoolOptions},
};
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};

use crate::{
    event::Position,
    postgres::{CHANNEL, session::CONNECT},
};

/// Silence after which the connection is checked.
const SILENCE: Duration = Duration::from_secs(15);
/// Pause between attempts while the database is unavailable.
const RETRY: Duration = Duration::from_millis(200);

/// Starts the task; it ends when no receiver of the head is left.
pub(super) fn start(options: PgConnectOptions, announce: Arc<watch::Sender<Position>>) {
    let pool = PgPoolOptions::new().max_connections(1).acquire_timeout(CONNECT).connect_lazy_with(options);
    tokio::spawn(async move {
        tokio::select! {
            () = listen_for_ever(&pool, &announce) => {}
            () = announce.closed() => {}
        }
    });
}

async fn listen_for_ever(pool: &PgPool, announce: &watch::Sender<Position>) {
    loop {
        if let Err(error) = listen(pool, announce).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "listening for new events was interrupted");
        }
        sleep(RETRY).await;
    }
}

/// Listens until the connection is lost.
async fn listen(pool: &PgPool, announce: &watch::Sender<Position>) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.eager_reconnect(false);
    listener.listen(CHANNEL).await?;
    announce_head(announce, read_head(&mut listener).await?);
    loop {
        match timeout(SILENCE, listener.try_recv()).await {
            Ok(Ok(Some(hint))) => announce_hint(announce, hint.payload()),
            Ok(Ok(None)) => return Ok(()),
            Ok(Err(error)) => return Err(error),
            Err(_silence) => {
                let head =
                    timeout(CONNECT, read_head(&mut listener)).await.map_err(|_| sqlx::Error::PoolTimedOut)??;
                announce_head(announce, head);
            }
        }
    }
}

async fn read_head(listener: &mut PgListener) -> Result<Position, sqlx::Error> {
    let row = sqlx::query("select position from log.head where id = 1").fetch_one(listener).await?;
    Ok(Position(row.try_get::<i64, _>(0)?.unsigned_abs()))
}

fn announce_hint(announce: &watch::Sender<Position>, payload: &str) {
    if let Ok(position) = payload.parse() {
        announce_head(announce, Position(position));
    }
}

/// Hints may be late and in any order; the announced head only moves forward.
pub(super) fn announce_head(announce: &watch::Sender<Position>, head: Position) {
    announce.send_if_modified(|known| {
        let newer = head > *known;
        *known = head.max(*known);
        newer
    });
}
