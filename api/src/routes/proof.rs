//! `GET /api/sessions/{name}/proof`: the proof file of a session, as `desk-replay prove` writes it (`docs/proof-file.md`).
//!
//! Invariants: it is made of the newest signed note, and only a proof that verifies is given out; one is made at a time, because
//! each reads the log up to the note.

use std::{
    fs::File,
    io::Read as _,
    path::Path as FilePath,
    pin::pin,
    sync::{Arc, LazyLock},
    time::Duration,
};

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
    web::{Data, Path},
};
use commands::sessions::stream_of;
use domain::SessionId;
use event_store::{
    EventReader, Identity, ReadError, RecordedEvent, StreamVersion,
    checkpoint::{Checkpoint, CheckpointKey, LATEST, MAX_NOTE_BYTES, PublicKey},
    pages::stream_pages,
    proof::{MakeError, make},
};
use futures::StreamExt as _;
use tokio::sync::Semaphore;

use super::sessions::{SessionServices, found, no_session};
use crate::{
    auth::require::{AuditRead, Require},
    openapi::parameters::StaffsSession,
    problem::Problem,
    settings::Settings,
};

/// Proofs at a time.
static MAKING: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(1));
/// How long whoever comes meanwhile should wait.
const LATER: Duration = Duration::from_secs(5);
/// Tells how many of the session's events are newer than the note, and so not in the file.
const NEWER: &str = "x-newer-events";

/// Downloads the proof file of a session.
///
/// Its events up to the newest signed note, with their paths to what was signed; `docs/proof-file.md` explains it, and
/// `desk-replay check-proof` checks it without the server. `access.session_viewed` is recorded.
///
/// # Errors
/// The session is not there, no signed note covers it yet, another proof is being made, the caller may not, or the log is away.
#[utoipa::path(
    get, path = "/api/sessions/{name}/proof", operation_id = "download_proof", tag = "audit", security(("bearer" = [])),
    params(StaffsSession),
    responses(
        (status = 200, description = "The proof file", body = serde_json::Value, content_type = "application/json",
            headers(
                ("Content-Disposition" = String, description = "A name for the file"),
                ("X-Newer-Events" = u64, description = "How many of the session's events are newer than the note"),
            )),
        (status = 409, description = "AMBIGUOUS_SESSION; NOT_SIGNED_YET: no signed note covers the session; PROOF_TOO_LONG; LOG_DIFFERS: the log is not what was signed"),
    )
)]
pub async fn download(
    caller: Require<AuditRead>,
    app: SessionServices,
    (log, identity, settings): (Data<dyn EventReader>, Data<Identity>, Data<Settings>),
    name: Path<String>,
) -> Result<HttpResponse, Problem> {
    let session = found(&app, &caller.staff, name.into_inner()).await?;
    let Ok(_making) = MAKING.try_acquire() else {
        return Err(Problem::unavailable("PROOF_UNDER_WAY", "another proof is being made; try again", LATER));
    };
    let key = public_key(&settings, **identity)?;
    let (note, checkpoint) = newest_note(&settings.checkpoint_dir(), &key)?;
    if checkpoint.log != **identity {
        return Err(not_signed("the newest note was signed before the log was restored or copied"));
    }
    let events = events_of(&**log, session).await?;
    let newest = events.last().ok_or_else(no_session)?.position;
    let covered = events.partition_point(|event| event.position <= checkpoint.position);
    if covered == 0 {
        let position = checkpoint.position;
        return Err(not_signed("its first event is newer than the newest note").with("signed_position", position.0));
    }
    let text = make(&**log, &note, &key, &events[..covered], |_| ()).await.map_err(refused)?;
    let file = format!("attachment; filename=\"proof-{session}-{newest}.json\"");
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CONTENT_DISPOSITION, file));
    response.insert_header((NEWER, (events.len() - covered).to_string()));
    Ok(response.content_type("application/json").body(text))
}

async fn events_of(log: &dyn EventReader, session: SessionId) -> Result<Vec<Arc<RecordedEvent>>, ReadError> {
    let stream = stream_of(session);
    let mut pages = pin!(stream_pages(log, &stream, StreamVersion::NONE));
    let mut events = Vec::new();
    while let Some(page) = pages.next().await {
        events.extend(page?);
    }
    Ok(events)
}

fn public_key(settings: &Settings, log: Identity) -> Result<PublicKey, Problem> {
    let key = CheckpointKey::read_for(&settings.checkpoint_key_file(), log);
    Ok(key.map_err(|_| not_signed("there is no key for notes here"))?.public().clone())
}

/// The newest note with its text.
fn newest_note(folder: &FilePath, key: &PublicKey) -> Result<(String, Checkpoint), Problem> {
    let mut text = String::new();
    let read =
        File::open(folder.join(LATEST)).and_then(|file| file.take(MAX_NOTE_BYTES as u64).read_to_string(&mut text));
    read.map_err(|_| not_signed("there is no note yet"))?;
    let opened = Checkpoint::open(&text, key).map_err(|_| not_signed("the newest note is not this log's"))?;
    Ok((text, opened))
}

fn not_signed(why: &str) -> Problem {
    let detail = format!("no signed note covers the session: {why}; one is signed at least every minute with news");
    Problem::new(StatusCode::CONFLICT, "NOT_SIGNED_YET", detail)
}

fn refused(error: MakeError) -> Problem {
    match error {
        MakeError::Log(error) => error.into(),
        MakeError::TooLong { .. } => {
            let detail = "the session is too long for one file; desk-replay prove makes proofs of single events";
            Problem::new(StatusCode::CONFLICT, "PROOF_TOO_LONG", detail)
        }
        MakeError::Note(_) | MakeError::AnotherLog | MakeError::Unprovable(_) => {
            tracing::error!(error = &error as &dyn std::error::Error, "a session cannot be proved");
            let detail = "the log is not as it was signed; desk-replay verify names the first bad position";
            Problem::new(StatusCode::CONFLICT, "LOG_DIFFERS", detail)
        }
    }
}
