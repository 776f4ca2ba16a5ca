//! Verifying a large log against `sha256sum` of the very bytes that its events' hashes are over.

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

use event_store::{Position, RecordedEvent, sqlite::SqliteStore};

use super::{
    Line,
    fixture::{Failure, Fixture, median},
};

const PAGE: usize = 2000;

pub(super) async fn verify(fixture: &Fixture) -> Result<Vec<Line>, Failure> {
    let log = fixture.log_of(fixture.events)?;
    let folder = fixture.fresh()?;
    let bytes = folder.path().join("bytes");
    write_hashed_bytes(&log, &bytes).await?;
    let (mut proved, mut summed) = (Vec::new(), Vec::new());
    for _ in 0..fixture.rounds {
        proved.push(seconds(Command::new(tests::desk::program("desk-replay")).arg("--store").arg(&log).arg("verify"))?);
        summed.push(seconds(Command::new("sha256sum").arg(&bytes))?);
    }
    let (proved, summed) = (median(proved), median(summed));
    let ratio = summed / proved;
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let megabytes = std::fs::metadata(&bytes)?.len() as f64 / 1e6;
    Ok(vec![Line {
        what: format!("verify {} events", fixture.events),
        figure: format!("{proved:.2} s"),
        against: format!("sha256sum of the same {megabytes:.0} MB: {summed:.2} s"),
        ratio: Some(ratio),
        bar: "0.3".into(),
        is_met: ratio >= 0.3,
    }])
}

fn seconds(command: &mut Command) -> Result<f64, Failure> {
    let started = Instant::now();
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status()?;
    if !status.success() {
        return Err(format!("{command:?} ended with {status}").into());
    }
    Ok(started.elapsed().as_secs_f64())
}

async fn write_hashed_bytes(log: &Path, to: &Path) -> Result<(), Failure> {
    let reader = SqliteStore::open_reader(&log.join("events.db")).await?;
    let (mut file, mut after) = (BufWriter::new(File::create(to)?), Position::START);
    loop {
        let page = reader.read_all(after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(file.flush()?) };
        after = last.position;
        page.iter().try_for_each(|event| write_event(&mut file, event))?;
    }
}

/// Every field that the hash is over, as docs/event-hash.md lists them.
fn write_event(file: &mut impl Write, recorded: &RecordedEvent) -> std::io::Result<()> {
    let event = &recorded.event;
    file.write_all(event_store::hash::LABEL)?;
    file.write_all(&recorded.prev_hash)?;
    let (version, schema, time) = (recorded.version.to_string(), event.schema.to_string(), recorded.recorded_at_text());
    let fields: [&[u8]; 13] = [
        recorded.stream.as_str().as_bytes(),
        version.as_bytes(),
        event.event_id.as_bytes(),
        event.event_type.as_bytes(),
        schema.as_bytes(),
        time.as_bytes(),
        event.actor.as_str().as_bytes(),
        event.subject.as_ref().map_or(&[], |id| id.as_bytes()),
        event.key_id.as_deref().unwrap_or_default().as_bytes(),
        event.correlation_id.as_bytes(),
        event.causation_id.as_ref().map_or(&[], |id| id.as_bytes()),
        event.data.as_bytes(),
        event.personal.as_deref().unwrap_or_default(),
    ];
    for field in fields {
        file.write_all(&u32::try_from(field.len()).unwrap_or(u32::MAX).to_be_bytes())?;
        file.write_all(field)?;
    }
    Ok(())
}
