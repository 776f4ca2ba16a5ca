//! The metrics that are asked for at a scrape. A value that could not be had is not there.

use std::collections::BTreeMap;

use super::{
    declared::{
        BACKUP, BUDGET, BUILD, CHECKPOINT_AGE, DISK_FREE, DISK_SIZE, DRILL, FOLLOWERS, LEASE, LINES_DROPPED, LOG_HEAD,
        LOG_WRITABLE, MAX_FDS, MEMORY, OPEN_FDS, OUTBOX_OLDEST, QUEUE, QUEUE_OLDEST, READY, RUNS, SESSIONS, SHOP_OPEN,
        START, TLS_EXPIRY, TOKEN_REFRESHES, TOKENS, VIEWS_LAG, VIEWS_POSITION, VIEWS_STOPPED,
    },
    families::{Counters, Families, Gauges, Labels, label},
};

macro_rules! samples {
    (gauges { $($gauge:ident: $declared:ident,)+ } counters { $($counter:ident: $counted:ident,)+ }) => {
        /// What is asked for at a scrape.
        pub struct Samples {
            $(pub(crate) $gauge: Gauge,)+
            $(pub(crate) $counter: Count,)+
        }

        impl Samples {
            pub(super) fn new(families: &mut Families) -> Self {
                families.info(BUILD, label("version", env!("CARGO_PKG_VERSION")));
                Self {
                    $($gauge: Gauge(families.gauges($declared)),)+
                    $($counter: Count(families.counters($counted)),)+
                }
            }
        }
    };
}

samples! {
    gauges {
        ready: READY,
        process_start: START,
        resident_bytes: MEMORY,
        open_fds: OPEN_FDS,
        max_fds: MAX_FDS,
        disk_free: DISK_FREE,
        disk_size: DISK_SIZE,
        tls_expiry: TLS_EXPIRY,
        log_head: LOG_HEAD,
        log_writable: LOG_WRITABLE,
        views_position: VIEWS_POSITION,
        views_lag: VIEWS_LAG,
        views_stopped: VIEWS_STOPPED,
        followers: FOLLOWERS,
        checkpoint_age: CHECKPOINT_AGE,
        queue: QUEUE,
        queue_oldest: QUEUE_OLDEST,
        sessions: SESSIONS,
        shop_open: SHOP_OPEN,
        outbox_oldest: OUTBOX_OLDEST,
        leases: LEASE,
        budgets: BUDGET,
        backups: BACKUP,
        drill: DRILL,
    }
    counters {
        runs: RUNS,
        tokens: TOKENS,
        token_refreshes: TOKEN_REFRESHES,
        lines_dropped: LINES_DROPPED,
    }
}

/// A gauge that is set anew at each scrape.
pub(crate) struct Gauge(Gauges);

impl Gauge {
    /// The one value; away where there is none.
    pub(crate) fn set(&self, value: Option<f64>) {
        self.0.clear();
        if let Some(value) = value {
            self.0.get_or_create(&Labels::new()).set(value);
        }
    }

    /// A value for each value of the label; all away where they could not be had.
    pub(crate) fn set_each(&self, key: &'static str, values: Option<BTreeMap<String, f64>>) {
        self.0.clear();
        for (name, value) in values.into_iter().flatten() {
            self.0.get_or_create(&label(key, name)).set(value);
        }
    }
}

/// A counter that others keep.
pub(crate) struct Count(Counters);

impl Count {
    /// The count so far: it never goes back.
    pub(crate) fn reach(&self, labels: &Labels, count: u64) {
        let counter = self.0.get_or_create(labels);
        counter.inc_by(count.saturating_sub(counter.get()));
    }
}
