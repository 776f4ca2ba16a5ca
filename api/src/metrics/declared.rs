//! Every metric there is: name, type, labels, help. `docs/metrics.md` has a row for each (a test).
//!
//! Invariant: the values of each label are few and known: routes of the table, statuses, names of the program's own parts.

/// A metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Declared {
    /// The name of the family: without `_total` for a counter, without `_info` for an info.
    pub name: &'static str,
    /// Its type.
    pub kind: Kind,
    /// Its labels.
    pub labels: &'static [&'static str],
    /// What it means.
    pub help: &'static str,
}

/// The type of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It only grows while the process lives.
    Counter,
    /// It is as it was when it was asked for.
    Gauge,
    /// Durations, counted by buckets.
    Histogram,
    /// Its labels are what it says.
    Info,
}

impl Kind {
    /// As OpenMetrics has it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
            Self::Info => "info",
        }
    }
}

impl Declared {
    /// The name that rules and dashboards use.
    #[must_use]
    pub fn sample_name(&self) -> String {
        let suffix = match self.kind {
            Kind::Counter => "_total",
            Kind::Info => "_info",
            Kind::Gauge | Kind::Histogram => "",
        };
        format!("{}{suffix}", self.name)
    }
}

macro_rules! declared {
    ($($constant:ident: $kind:ident $name:literal $labels:expr, $help:literal;)+) => {
        $(
            #[doc = $help]
            pub const $constant: Declared =
                Declared { name: $name, kind: Kind::$kind, labels: &$labels, help: $help };
        )+

        /// All of them.
        pub const METRICS: &[Declared] = &[$($constant),+];
    };
}

declared! {
    BUILD: Info "desk_build" ["version"], "The version of the program that runs";
    START: Gauge "process_start_time_seconds" [], "When the process was started, in seconds since 1970";
    MEMORY: Gauge "process_resident_memory_bytes" [], "Memory of the process that is in RAM";
    OPEN_FDS: Gauge "process_open_fds" [], "Open files and connections of the process";
    MAX_FDS: Gauge "process_max_fds" [], "The most that it may have open";
    READY: Gauge "desk_ready" [], "1 while /readyz answers 200: this node can serve";
    HTTP_REQUESTS: Counter "desk_http_requests" ["route", "method", "status"],
        "Requests answered by this node, by the route of the table that they matched, else unmatched";
    HTTP_SECONDS: Histogram "desk_http_request_duration_seconds" ["route"],
        "From a request's head to the head of its answer, on this node; streams are left out";
    STREAMS: Gauge "desk_sse_streams" ["kind"], "Event streams that are open on this node";
    LOG_HEAD: Gauge "desk_log_head_position" [], "Position of the newest event of the log; absent while the store does not answer";
    LOG_WRITABLE: Gauge "desk_log_writable" [], "0 from an append of this node that failed until one, or a probe, succeeds";
    APPEND_SECONDS: Histogram "desk_log_append_duration_seconds" [],
        "Time to seal and append the events of one command, for the appends of this node that succeeded";
    EVENTS: Counter "desk_events_recorded" ["type"],
        "Events that this node recorded since it was started, by type; the sum over nodes is what the log got";
    VIEWS_POSITION: Gauge "desk_views_position" [], "Position up to which the views of this node can be read";
    VIEWS_LAG: Gauge "desk_views_lag_seconds" [],
        "Age of the oldest event that the views have not taken; 0 when they have all; absent while the log does not answer";
    VIEWS_STOPPED: Gauge "desk_views_stopped" [], "1 while the views stand still at an event that they cannot fold";
    FOLLOWERS: Gauge "desk_followers" ["state"],
        "Parts of this node that follow the log or work beside it, by state: running, restarting, stopped";
    CHECKPOINT_AGE: Gauge "desk_checkpoint_age_seconds" [],
        "Age of the oldest event that this node's newest signed checkpoint does not cover; 0 when it covers all";
    RUNS: Counter "desk_assistant_runs" ["assistant", "outcome"],
        "Attempts of assistants whose end this node recorded: how the reply turned out, failed, or withheld";
    TOKENS: Counter "desk_assistant_tokens" ["assistant", "kind"],
        "Tokens that models counted for those attempts, of questions (input) and answers (output)";
    BUDGET: Gauge "desk_assistant_budget_reached_ratio" ["assistant"],
        "The level of its budget of the day that an assistant has reached: 0, 0.8 or 1; absent without a budget";
    TOKEN_REFRESHES: Counter "desk_token_refreshes" ["outcome"],
        "Access tokens that this node asked Coze for: ok or failed";
    QUEUE: Gauge "desk_queue_waiting" [], "Sessions that wait for a person; the same on every node";
    QUEUE_OLDEST: Gauge "desk_queue_oldest_seconds" [], "How long the one has waited that waits longest; 0 when none waits";
    SHOP_OPEN: Gauge "desk_shop_open" [], "1 while somebody works by the default calendar in force";
    SESSIONS: Gauge "desk_sessions" ["status"], "Sessions in each status; the same on every node";
    OUTBOX_OLDEST: Gauge "desk_outbox_oldest_seconds" ["kind"],
        "How long the oldest item of each kind has waited to go out; 0 when none waits; the same on every node";
    LEASE: Gauge "desk_lease_held" ["process"],
        "1 on the node that holds the lease of a process manager or of the outbox; the sum over nodes is 1";
    ESCALATIONS: Counter "manual_escalation" ["reason"],
        "Hand-offs to a person that this node recorded; the sum over nodes is right";
    AFTER_HOURS: Counter "after_hours_email" [],
        "Mails to the team that this node asked for because nobody works or somebody is in danger; the sum over nodes is right";
    MAIL_FAILURES: Counter "mail_failure" [],
        "Mails to the team that this node gave up, after all attempts; the sum over nodes is right";
    DISK_FREE: Gauge "desk_data_dir_available_bytes" [], "Room on the disk of the data directory that the program may use";
    DISK_SIZE: Gauge "desk_data_dir_size_bytes" [], "Size of that disk";
    TLS_EXPIRY: Gauge "desk_tls_expiry_timestamp_seconds" [],
        "When the certificate in tls_cert_file ends, in seconds since 1970; absent without TLS in the program";
    BACKUP: Gauge "desk_backup_last_success_timestamp_seconds" ["store"],
        "Everything recorded up to then, in seconds since 1970, is in the backup that desk backup makes; by the kind of log; absent before the first";
    DRILL: Gauge "desk_restore_drill_last_success_timestamp_seconds" [],
        "When a backup was last restored and verified for practice, in seconds since 1970; absent before the first";
    LINES_DROPPED: Counter "desk_log_lines_dropped" [],
        "Lines that log_dir did not get, because its disk was full or too slow";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const PAGE: &str = include_str!("../../../docs/metrics.md");

    /// Cells of the rows about metrics: the tables of five columns.
    fn rows() -> Vec<Vec<String>> {
        let cells = |line: &str| -> Vec<String> {
            line.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect()
        };
        let rows = PAGE.lines().filter(|line| line.starts_with("| `")).map(cells);
        rows.filter(|row: &Vec<String>| row.len() == 5).collect()
    }

    #[test]
    fn page_has_a_row_for_each_metric_with_its_type_and_labels_and_for_no_other() {
        let rows = rows();
        for metric in METRICS {
            let name = format!("`{}`", metric.sample_name());
            let row = rows.iter().find(|row| row[0] == name).unwrap_or_else(|| panic!("docs/metrics.md lacks {name}"));
            assert_eq!(row[1], metric.kind.as_str(), "{name}: type");
            let labels: Vec<String> = metric.labels.iter().map(|label| format!("`{label}`")).collect();
            assert_eq!(row[2], if labels.is_empty() { "–".to_owned() } else { labels.join(", ") }, "{name}: labels");
            assert!(row[3..].iter().all(|cell| !cell.is_empty()), "{name}: what it means, and what to do");
        }
        assert_eq!(rows.len(), METRICS.len(), "docs/metrics.md has a row too many, or one twice");
    }

    #[test]
    fn names_are_different_and_well_formed() {
        let names: BTreeSet<&str> = METRICS.iter().map(|metric| metric.name).collect();
        assert_eq!(names.len(), METRICS.len());
        for metric in METRICS {
            let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
            assert!(is_plain(metric.name) && metric.labels.iter().all(|label| is_plain(label)), "{}", metric.name);
            assert!(!metric.help.is_empty() && !metric.help.ends_with('.'), "{}", metric.name);
        }
    }
}
