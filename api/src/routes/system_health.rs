//! What the detailed health says of what `desk` stands on and of the work in its background: disk, certificate, assistants, leases,
//! outbox.

use std::{collections::BTreeMap, sync::Arc};

use commands::{
    Node,
    assistants::{Assistants, Guarded},
};
use event_store::{Clock, event::time_text};
use futures::join;
use serde::Serialize;
use tokio::{task::spawn_blocking, time::timeout};
use utoipa::ToSchema;

use super::{background_work::BackgroundWork, health::PATIENCE};
use crate::{metrics::process::ProcessFigures, middleware::tls, settings::Settings};

/// The disk of the data directory.
#[derive(Serialize, ToSchema)]
pub struct DiskHealth {
    /// What desk may still write there.
    free_bytes: u64,
    size_bytes: u64,
}

/// The certificate that this process serves TLS with.
#[derive(Serialize, ToSchema)]
pub struct CertificateHealth {
    #[schema(format = DateTime)]
    ends_at: String,
}

/// An assistant, in the order in which they are asked; `GET /api/assistants` says more.
#[derive(Serialize, ToSchema)]
pub struct AssistantHealth {
    name: String,
    /// Whether it would be asked now.
    takes_questions: bool,
    /// `closed`, `open` or `half_open`.
    breaker: &'static str,
}

/// Disk and certificate.
pub(super) struct Machine {
    pub(super) disk: Option<DiskHealth>,
    pub(super) certificate: Option<CertificateHealth>,
}

impl Machine {
    /// As they are now; nothing of what cannot be said in time.
    pub(super) async fn look(settings: &Settings) -> Self {
        let (folder, tls) = (settings.data_dir.clone(), settings.tls.clone());
        let look =
            spawn_blocking(move || (ProcessFigures::read(&folder), tls.as_ref().and_then(tls::certificate_ends)));
        let (figures, ends) = timeout(PATIENCE, look).await.ok().and_then(Result::ok).unwrap_or_default();
        Self {
            disk: figures.disk_bytes.map(|(free_bytes, size_bytes)| DiskHealth { free_bytes, size_bytes }),
            certificate: ends.map(|ends| CertificateHealth { ends_at: time_text(ends) }),
        }
    }
}

/// All assistants.
pub(super) fn assistants(assistants: &Assistants) -> Vec<AssistantHealth> {
    let of = |member: &Arc<Guarded>| AssistantHealth {
        name: member.name().to_owned(),
        takes_questions: member.takes_questions(),
        breaker: member.breaker().as_str(),
    };
    assistants.members().map(of).collect()
}

/// By process manager whether this node holds its lease, and by kind of delivery how many seconds the oldest item has waited.
pub(super) async fn leases_and_outbox(
    work: &BackgroundWork,
    node: &Node,
    clock: &dyn Clock,
) -> (Option<BTreeMap<String, bool>>, Option<BTreeMap<String, f64>>) {
    let (leases, oldest) = join!(timeout(PATIENCE, work.leases(node)), timeout(PATIENCE, work.oldest_items(clock)));
    (leases.ok().and_then(Result::ok), oldest.ok().and_then(Result::ok))
}
