//! What a scrape asks the services: all at once, each within its time.
//!
//! Invariants: each figure costs one query at most; a store that is away leaves its figures out and holds nothing up.

use std::{collections::BTreeMap, future::Future, time::Duration};

use commands::{
    Node, Rules,
    assistants::{Assistants, Budgets, Guarded},
};
use domain::session::Status;
use event_store::{Clock, EventReader, Position, checkpoint, write_health::WriteHealth};
use futures::join;
use jiff::Timestamp;
use projections::{Views, ViewsError};
use tokio::{sync::watch, task::spawn_blocking, time::timeout};

use crate::{
    logging::lines_dropped,
    metrics::{Metrics, Samples, label, number, process::ProcessFigures, truth},
    middleware::tls,
    routes::{
        background_work::BackgroundWork,
        health::{ReadinessServices, ReadyAnswer},
        tokens::CozeTokens,
    },
    services::{Started, requested_services},
    settings::Settings,
    supervision::{FollowerState, Supervisor},
};

/// How long a store may take to answer; what is asked of the log comes after its head, so that takes up to twice as long.
const PATIENCE: Duration = Duration::from_secs(2);

requested_services! {
    /// What a scrape asks, beside readiness.
    pub struct ScrapeServices {
        metrics: Metrics,
        log: dyn EventReader,
        views: Views,
        checkpoints: watch::Receiver<checkpoint::Status>,
        write_health: WriteHealth,
        supervisor: Supervisor,
        background: BackgroundWork,
        assistants: Assistants,
        budgets: Budgets,
        coze_tokens: CozeTokens,
        rules: Rules,
        node: Node,
        started: Started,
        clock: dyn Clock,
        settings: Settings,
    }
}

/// An answer, if there is one in time.
async fn in_time<T, E>(answer: impl Future<Output = Result<T, E>>) -> Option<T> {
    timeout(PATIENCE, answer).await.ok().and_then(Result::ok)
}

#[expect(clippy::cast_precision_loss, reason = "seconds since 1970 are far below 2^53")]
fn unix_seconds(at: Timestamp) -> f64 {
    at.as_second() as f64
}

impl ScrapeServices {
    /// All metrics as text.
    pub(super) async fn render(&self, readiness: &ReadinessServices) -> String {
        self.metrics.render(async |samples: &Samples| self.sample(readiness, samples).await).await
    }

    async fn sample(&self, readiness: &ReadinessServices, samples: &Samples) {
        self.sample_memory(samples);
        self.sample_assistants(samples);
        join!(
            self.sample_log(readiness, samples),
            self.sample_views(samples),
            self.sample_processes(samples),
            self.sample_system(samples),
        );
    }

    fn sample_memory(&self, samples: &Samples) {
        samples.process_start.set(Some(unix_seconds(self.started.at)));
        samples.log_writable.set(Some(truth(self.write_health.failure().is_none())));
        samples.views_position.set(Some(number(self.views.position().0)));
        samples.views_stopped.set(Some(truth(self.views.alarm().is_some())));
        let hours = self.rules.calendars().of(None).hours(self.clock.now());
        samples.shop_open.set(Some(truth(hours.is_open())));
        samples.followers.set_each("state", Some(self.followers()));
        samples.lines_dropped.reach(&Vec::new(), lines_dropped());
    }

    fn followers(&self) -> BTreeMap<String, f64> {
        let mut counts = BTreeMap::from(["running", "restarting", "stopped"].map(|state| (state.to_owned(), 0.0)));
        for status in self.supervisor.status() {
            let state = match status.state {
                FollowerState::Running => "running",
                FollowerState::Restarting { .. } => "restarting",
                FollowerState::Stopped { .. } => "stopped",
            };
            *counts.entry(state.to_owned()).or_default() += 1.0;
        }
        counts
    }

    fn sample_assistants(&self, samples: &Samples) {
        let mut budgets = BTreeMap::new();
        for assistant in self.assistants.members() {
            sample_runs(assistant, samples);
            let name = assistant.name();
            if self.budgets.daily().of(name).next().is_some() {
                let level = self.budgets.of(name).map_or(0, |state| state.level.percent());
                budgets.insert(name.to_owned(), f64::from(level) / 100.0);
            }
        }
        samples.budgets.set_each("assistant", Some(budgets));
        let (given, refused) = self.coze_tokens.0.as_ref().map_or((0, 0), |coze| coze.token_exchanges());
        samples.token_refreshes.reach(&label("outcome", "ok"), given);
        samples.token_refreshes.reach(&label("outcome", "failed"), refused);
    }

    async fn sample_log(&self, readiness: &ReadinessServices, samples: &Samples) {
        let answer = ReadyAnswer::of(readiness).await;
        samples.ready.set(Some(truth(answer.is_ready())));
        let head = answer.store.head.map(Position);
        samples.log_head.set(head.map(|head| number(head.0)));
        let newest = self.checkpoints.borrow().newest.as_ref().map(|newest| newest.position);
        let signed = newest.unwrap_or(Position::START);
        let (views, signed) = join!(self.age_after(self.views.position(), head), self.age_after(signed, head));
        samples.views_lag.set(views);
        // Before its first note a node is late by no more than it has run.
        let uptime = self.started.instant.elapsed().as_secs_f64();
        samples.checkpoint_age.set(signed.map(|age| if newest.is_some() { age } else { age.min(uptime) }));
    }

    /// The age of the first event after a position, in seconds; 0 where there is none.
    async fn age_after(&self, position: Position, head: Option<Position>) -> Option<f64> {
        if position >= head? {
            return Some(0.0);
        }
        let first = in_time(self.log.read_all(position, 1)).await?;
        let age = |recorded_at| self.clock.now().duration_since(recorded_at).as_secs_f64().max(0.0);
        Some(first.first().map_or(0.0, |event| age(event.recorded_at)))
    }

    async fn sample_views(&self, samples: &Samples) {
        let asked = in_time(async {
            let mut reading = self.views.reading().await?;
            Ok::<_, ViewsError>((reading.count_by_status().await?, reading.queue_length().await?))
        });
        let (counts, queue) = asked.await.unzip();
        let by_status = counts.map(|counts| {
            let of =
                |status: Status| (status.as_str().to_owned(), number(counts.get(&status).copied().unwrap_or_default()));
            Status::ALL.into_iter().map(of).collect()
        });
        samples.sessions.set_each("status", by_status);
        samples.queue.set(queue.map(|(waiting, _)| number(waiting)));
        let waited = |since: Timestamp| self.clock.now().duration_since(since).as_secs_f64().max(0.0);
        samples.queue_oldest.set(queue.map(|(_, oldest)| oldest.map_or(0.0, waited)));
    }

    async fn sample_processes(&self, samples: &Samples) {
        let (held, oldest) =
            join!(in_time(self.background.leases(&self.node)), in_time(self.background.oldest_items(&*self.clock)));
        let held = held.map(|held| held.into_iter().map(|(process, is_held)| (process, truth(is_held))).collect());
        samples.leases.set_each("process", held);
        samples.outbox_oldest.set_each("kind", oldest);
    }

    async fn sample_system(&self, samples: &Samples) {
        let settings = self.settings.clone();
        let asked = in_time(spawn_blocking(move || {
            let ends = settings.tls.as_ref().and_then(tls::certificate_ends);
            (ProcessFigures::read(&settings.data_dir), backup::state::read(&settings.data_dir), ends)
        }));
        let (figures, backup, ends) = asked.await.unwrap_or_default();
        samples.resident_bytes.set(figures.resident_bytes.map(number));
        samples.open_fds.set(figures.open_fds.map(number));
        samples.max_fds.set(figures.max_fds.map(number));
        samples.disk_free.set(figures.disk_bytes.map(|(free, _)| number(free)));
        samples.disk_size.set(figures.disk_bytes.map(|(_, size)| number(size)));
        samples.tls_expiry.set(ends.map(unix_seconds));
        let backup_at = backup
            .follower
            .and_then(|follower| follower.last_success_at)
            .map(|at| (self.settings.log.kind().to_owned(), unix_seconds(at)));
        samples.backups.set_each("store", Some(backup_at.into_iter().collect()));
        samples.drill.set(backup.drill.and_then(|drill| drill.last_success_at).map(unix_seconds));
    }
}

fn sample_runs(assistant: &Guarded, samples: &Samples) {
    let (name, runs) = (assistant.name(), assistant.runs());
    for (outcome, count) in runs.ended {
        samples.runs.reach(&vec![("assistant", name.to_owned().into()), ("outcome", outcome.into())], count);
    }
    for (kind, count) in [("input", runs.tokens.input), ("output", runs.tokens.output)] {
        samples.tokens.reach(&vec![("assistant", name.to_owned().into()), ("kind", kind.into())], count);
    }
}
