//! What Prometheus collects: counted where it happens (`http`, `appends`), or asked of the services at a scrape (`samples`, filled by
//! `routes/metrics`), and written as OpenMetrics text. `declared` names every metric; `docs/metrics.md` says what to do with each.
//!
//! Invariants: no label holds an id, a name that a person chose, or a path as it was asked; every declared metric is written with its
//! help and type, also while it has no value; what several nodes count adds up, because each counts only what it did itself.

mod appends;
pub mod declared;
mod families;
pub(crate) mod format;
mod http;
pub(crate) mod process;
mod samples;

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use event_store::AppendObserver;
use prometheus_client::{encoding::text, registry::Registry};
use tokio::sync::Mutex;

pub(crate) use families::{label, number, truth};
pub use samples::Samples;

use appends::Appends;
use families::Families;
use http::Requests;

/// How long what was asked of the services is told again: several collectors, or one that asks too often, cost no more than one.
const SAMPLED_FOR: Duration = Duration::from_secs(3);

/// All metrics of this process.
pub struct Metrics {
    /// Requests and streams.
    pub requests: Requests,
    appends: Arc<Appends>,
    samples: Samples,
    registry: Registry,
    /// When the services were asked last; held while one scrape asks and writes.
    sampled: Mutex<Option<Instant>>,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let mut families = Families::default();
        let samples = Samples::new(&mut families);
        let requests = Requests::new(&mut families);
        let appends = Arc::new(Appends::new(&mut families));
        let mut registry = Registry::default();
        registry.register_collector(Box::new(families));
        Self { requests, appends, samples, registry, sampled: Mutex::default() }
    }
}

impl Metrics {
    /// What counts the appends of a log.
    #[must_use]
    pub fn append_observer(&self) -> Arc<dyn AppendObserver> {
        self.appends.clone()
    }

    /// All metrics as OpenMetrics text. `sample` asks the services, at most once in 3 s.
    pub async fn render(&self, sample: impl AsyncFnOnce(&Samples)) -> String {
        let mut sampled = self.sampled.lock().await;
        if sampled.is_none_or(|at| at.elapsed() > SAMPLED_FOR) {
            sample(&self.samples).await;
            *sampled = Some(Instant::now());
        }
        let mut written = String::new();
        text::encode(&mut written, &self.registry).expect("writing to a string cannot fail");
        written
    }
}

#[cfg(test)]
mod tests {
    use super::{declared::METRICS, *};

    #[tokio::test]
    async fn every_declared_metric_is_written_with_help_and_type_before_it_has_a_value() {
        let written = Metrics::default().render(async |_| ()).await;
        for metric in METRICS {
            assert!(written.contains(&format!("# HELP {} {}\n", metric.name, metric.help)), "{}", metric.name);
            assert!(written.contains(&format!("# TYPE {} {}\n", metric.name, metric.kind.as_str())), "{}", metric.name);
        }
        assert_eq!(written.matches("# TYPE ").count(), METRICS.len(), "one is written that is not declared");
        assert!(written.ends_with("# EOF\n"));
    }

    #[tokio::test]
    async fn services_are_asked_once_by_many_scrapes() {
        let metrics = Metrics::default();
        let mut asked = 0;
        for _ in 0..5 {
            metrics.render(async |_| asked += 1).await;
        }
        assert_eq!(asked, 1);
    }
}
