//! The families of series behind the declared metrics.
//!
//! Invariant: each is written with its help and type, also while it has no series: rules and dashboards find every name.

use std::{borrow::Cow, fmt, sync::atomic::AtomicU64};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeLabelSet},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram, info::Info},
    registry::Metric,
};

use super::declared::{Declared, Kind};

/// Label and value, in the order of the declaration.
pub(crate) type Labels = Vec<(&'static str, Cow<'static, str>)>;
/// Counters by their labels.
pub(super) type Counters<L = Labels> = Family<L, Counter>;
/// Gauges by their labels.
pub(super) type Gauges = Family<Labels, Gauge<f64, AtomicU64>>;
/// Histograms by their labels.
pub(super) type Histograms<L = Labels> = Family<L, Histogram, fn() -> Histogram>;

/// Seconds. Alerts look at 0.1, 0.5 and 5, and a quantile is seen up to the last; more buckets would be more series for each route.
const SECONDS: [f64; 8] = [0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 10.0];

/// All families, in the order of their making.
#[derive(Default)]
pub(super) struct Families(Vec<(Declared, Box<dyn Metric>)>);

impl Families {
    pub(super) fn counters<L: LabelSet>(&mut self, declared: Declared) -> Counters<L> {
        let counters = Counters::<L>::default();
        self.add(declared, Kind::Counter, counters.clone());
        counters
    }

    pub(super) fn gauges(&mut self, declared: Declared) -> Gauges {
        let gauges = Gauges::default();
        self.add(declared, Kind::Gauge, gauges.clone());
        gauges
    }

    pub(super) fn seconds<L: LabelSet>(&mut self, declared: Declared) -> Histograms<L> {
        let histograms: Histograms<L> = Family::new_with_constructor(|| Histogram::new(SECONDS));
        self.add(declared, Kind::Histogram, histograms.clone());
        histograms
    }

    pub(super) fn info(&mut self, declared: Declared, labels: Labels) {
        self.add(declared, Kind::Info, Info::new(labels));
    }

    fn add(&mut self, declared: Declared, kind: Kind, metric: impl Metric) {
        debug_assert_eq!(declared.kind, kind, "{} is declared as another type", declared.name);
        self.0.push((declared, Box::new(metric)));
    }
}

/// What series can be told apart by.
pub(super) trait LabelSet:
    Clone + std::hash::Hash + Eq + EncodeLabelSet + fmt::Debug + Send + Sync + 'static
{
}

impl<L: Clone + std::hash::Hash + Eq + EncodeLabelSet + fmt::Debug + Send + Sync + 'static> LabelSet for L {}

impl fmt::Debug for Families {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(declared, _)| declared.name)).finish()
    }
}

impl Collector for Families {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        for (declared, metric) in &self.0 {
            let (name, help) = (declared.name, declared.help);
            let written = encoder.encode_descriptor(name, help, None, metric.metric_type())?;
            metric.encode(written)?;
        }
        Ok(())
    }
}

/// Labels of one series.
pub(crate) fn label(key: &'static str, value: impl Into<Cow<'static, str>>) -> Labels {
    vec![(key, value.into())]
}

/// As a gauge has it.
#[expect(clippy::cast_precision_loss, reason = "positions, bytes and counts are far below 2^53")]
pub(crate) fn number(count: u64) -> f64 {
    count as f64
}

/// 1 or 0.
pub(crate) fn truth(is_so: bool) -> f64 {
    f64::from(u8::from(is_so))
}
