//! What hashing and sealing take of an append: the processor's time of each alone, beside the whole append's in the same run.

use std::{hint::black_box, sync::Arc, time::Instant};

use event_store::{
    PersonalPart, SealedEvent, StreamName, StreamVersion,
    hash::{NO_HASH, event_hash},
    sqlite::SqliteStore,
};
use jiff::Timestamp;
use uuid::Uuid;

use super::{
    Line, append,
    fixture::{Failure, Fixture, median},
    process::cpu_seconds,
};

/// Times that each is done for a figure.
const TIMES: u32 = 20_000;

pub(super) async fn share(fixture: &Fixture) -> Result<Vec<Line>, Failure> {
    let folder = fixture.fresh()?;
    let vault = append::vault_on_sqlite(folder.path()).await?;
    let store = SqliteStore::open(&folder.path().join("events.db")).await?;
    let log = append::log_over(Arc::new(store), &vault);
    let (mut whole, mut parts) = (Vec::new(), Vec::new());
    for _ in 0..fixture.rounds {
        let before = (cpu_seconds()?, log.reader().head().await?);
        append::appends_a_second(&log, fixture.time).await?;
        let events = log.reader().head().await?.0 - before.1.0;
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        whole.push((cpu_seconds()? - before.0) / events as f64 * 1e6);
        parts.push(seal_and_hash_us(&vault).await?);
    }
    let (whole, parts) = (median(whole), median(parts));
    Ok(vec![Line {
        what: "sealing and hashing one event".into(),
        figure: format!("{parts:.1} µs of processor time"),
        against: format!("a whole append, SQLite, writers included: {whole:.1} µs"),
        ratio: Some(parts / whole),
        bar: "at most 0.15".into(),
        is_met: parts / whole <= 0.15,
    }])
}

async fn seal_and_hash_us(vault: &event_store::Vault) -> Result<f64, Failure> {
    let stream = StreamName::of("session", Uuid::new_v4());
    let new = append::message(Uuid::new_v4());
    let Some(part) = &new.personal else { return Err("a message is sealed".into()) };
    let now = Timestamp::now();
    seal(vault, &new, part, now).await?;
    let started = Instant::now();
    for _ in 0..TIMES {
        let sealed = seal(vault, &new, part, now).await?;
        black_box(event_hash(&NO_HASH, &stream, StreamVersion(1), now, &sealed));
    }
    Ok(started.elapsed().as_secs_f64() * 1e6 / f64::from(TIMES))
}

async fn seal(
    vault: &event_store::Vault,
    new: &event_store::NewEvent,
    part: &PersonalPart,
    now: Timestamp,
) -> Result<SealedEvent, Failure> {
    let mut event = SealedEvent {
        event_id: new.event_id,
        event_type: new.event_type.into(),
        schema: new.schema,
        actor: new.actor.clone(),
        subject: None,
        key_id: None,
        correlation_id: new.correlation_id,
        causation_id: None,
        data: new.data.as_str().into(),
        personal: None,
    };
    vault.seal(&mut event, part, now).await?;
    Ok(event)
}
