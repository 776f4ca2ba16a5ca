//! Metrics of a really started server: every name that rules and dashboards use is there, strangers add no series, what is counted is
//! what happened, and a store that is away holds nothing up.

mod away;
mod port;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    time::Duration,
};

use backup::state::{DrillState, FollowerState, write_drill, write_follower};
use futures::{StreamExt as _, stream};
use jiff::SignedDuration;
use reqwest::{Method, StatusCode};
use serde_json::json;
use tests::desk::{Desk, Setup, free_port};
use tokio::task::block_in_place;

use crate::crash::until;

const PATIENCE: Duration = Duration::from_secs(20);
/// Longer than figures of services are told again.
const FRESH: Duration = Duration::from_millis(3200);

/// A server with a metrics port.
struct Measured {
    desk: Desk,
    port: u16,
}

impl Measured {
    fn start(setup: Setup) -> Self {
        let port = free_port();
        let mut environment = setup.environment.clone();
        environment.push(("DESK_METRICS_LISTEN", format!("127.0.0.1:{port}")));
        let desk = block_in_place(|| Desk::start(Setup { environment, ..setup }));
        Self { desk, port }
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    async fn text(&self) -> String {
        let client = tests::http_client::client();
        let open = async || client.get(self.url("/metrics")).send().await.is_ok();
        until("the port is open", PATIENCE, open).await;
        let request = client.get(self.url("/metrics")).header("Accept", OPENMETRICS);
        request.send().await.unwrap().text().await.unwrap()
    }

    async fn scrape(&self) -> Scrape {
        Scrape::parse(&self.text().await)
    }

    /// With figures that were asked for after this call.
    async fn scrape_anew(&self) -> Scrape {
        tokio::time::sleep(FRESH).await;
        self.scrape().await
    }
}

/// The form that Prometheus asks for.
const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What was scraped: series with their values, and the families' types and helps.
struct Scrape {
    series: BTreeMap<String, f64>,
    types: BTreeMap<String, String>,
    helps: BTreeSet<String>,
}

impl Scrape {
    fn parse(text: &str) -> Self {
        assert!(text.ends_with("# EOF\n"), "{text}");
        let words = |line: &str, prefix: &str| {
            let (name, rest) = line.strip_prefix(prefix)?.split_once(' ')?;
            Some((name.to_owned(), rest.to_owned()))
        };
        let sample = |line: &str| {
            let (series, value) = line.rsplit_once(' ').unwrap();
            (series.to_owned(), value.parse().unwrap())
        };
        Self {
            series: text.lines().filter(|line| !line.starts_with('#')).map(sample).collect(),
            types: text.lines().filter_map(|line| words(line, "# TYPE ")).collect(),
            helps: text.lines().filter_map(|line| words(line, "# HELP ")).map(|(name, _)| name).collect(),
        }
    }

    fn get(&self, series: &str) -> Option<f64> {
        self.series.get(series).copied()
    }

    /// The value of a series that is there.
    fn at(&self, series: &str) -> f64 {
        self.get(series).unwrap_or_else(|| panic!("{series} is not there: {:#?}", self.series.keys()))
    }

    /// The family that a name in a rule belongs to.
    fn family_of(&self, name: &str) -> Option<&str> {
        let suffixes = ["", "_total", "_info", "_bucket", "_count", "_sum"];
        let families = suffixes.iter().filter_map(|suffix| name.strip_suffix(suffix));
        let mut known = families.filter_map(|family| self.types.get_key_value(family));
        known.next().map(|(family, _)| family.as_str())
    }

    fn names(&self) -> BTreeSet<&str> {
        self.series.keys().map(|series| series.split('{').next().unwrap()).collect()
    }
}

/// The names that rules and dashboards use, a line each.
fn names_in_use() -> Vec<String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docker/prometheus/metrics.txt");
    let text = std::fs::read_to_string(file).unwrap();
    let names: Vec<String> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
        .collect();
    assert!(names.len() > 20, "{names:?}");
    names
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_name_that_rules_and_dashboards_use_is_exported_with_help_and_type() {
    let measured = Measured::start(Setup::default());
    let scrape = measured.scrape().await;
    for name in names_in_use() {
        let family = scrape.family_of(&name).unwrap_or_else(|| panic!("{name} is used and not exported"));
        assert!(scrape.helps.contains(family), "{family} has no help");
        assert!(!scrape.types[family].is_empty(), "{family} has no type");
    }
}

/// Those that only some desks can have.
const MAY_BE_ABSENT: [&str; 4] = [
    "desk_assistant_budget_reached_ratio",
    "desk_backup_last_success_timestamp_seconds",
    "desk_restore_drill_last_success_timestamp_seconds",
    "desk_tls_expiry_timestamp_seconds",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_desk_that_has_worked_has_a_value_for_every_metric() {
    let measured = Measured::start(Setup::default());
    let customer = measured.desk.customer();
    customer.chat("s", "多久发货？").await.unwrap();
    let leases = async || {
        let scrape = measured.scrape_anew().await;
        scrape.get("desk_lease_held{process=\"outbox\"}") == Some(1.0)
    };
    until("the leases are held", PATIENCE, leases).await;
    let scrape = measured.scrape().await;
    let names = scrape.names();
    for metric in api::metrics::declared::METRICS {
        let name = metric.sample_name();
        let has_value = names.iter().any(|one| one.starts_with(&name));
        assert_eq!(has_value, !MAY_BE_ABSENT.contains(&&*name), "{name}: {names:?}");
    }
    for (series, value) in [
        ("desk_ready", 1.0),
        ("desk_log_writable", 1.0),
        ("desk_views_stopped", 0.0),
        ("desk_sessions{status=\"bot_active\"}", 1.0),
        ("desk_sessions{status=\"closed\"}", 0.0),
        ("desk_queue_waiting", 0.0),
        ("desk_queue_oldest_seconds", 0.0),
        ("desk_outbox_oldest_seconds{kind=\"mail\"}", 0.0),
        ("desk_http_requests_total{route=\"/api/chat\",method=\"POST\",status=\"200\"}", 1.0),
        ("desk_http_request_duration_seconds_count{route=\"/api/chat\"}", 1.0),
        ("desk_events_recorded_total{type=\"session.customer_message_sent\"}", 1.0),
        ("desk_followers{state=\"stopped\"}", 0.0),
        ("manual_escalation_total{reason=\"manual\"}", 0.0),
    ] {
        assert_eq!(scrape.at(series), value, "{series}");
    }
    let runs = scrape.series.iter().filter(|(series, _)| series.starts_with("desk_assistant_runs_total"));
    assert_eq!(runs.map(|(_, count)| count).sum::<f64>(), 1.0);
    let held = scrape.series.iter().filter(|(series, _)| series.starts_with("desk_lease_held"));
    assert!(held.clone().count() > 3 && held.clone().all(|(_, held)| *held == 1.0), "{:?}", scrape.series);
    assert!(scrape.at("desk_log_head_position") >= scrape.at("desk_views_position"));
    assert!(scrape.at("desk_views_lag_seconds") < 5.0 && scrape.at("desk_checkpoint_age_seconds") < 120.0);
    assert!(scrape.at("process_resident_memory_bytes") > 1e6);
}

/// Whatever is asked for, by whichever method, on purpose or by a scanner.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_random_paths_leave_fewer_than_two_thousand_series() {
    let measured = Measured::start(Setup::default());
    let client = tests::http_client::client();
    let methods = [Method::GET, Method::POST, Method::DELETE, Method::from_bytes(b"PROPFIND").unwrap()];
    let random = (0..10_000usize).map(|n| {
        let path = match n % 4 {
            0 => format!("/{n}.php"),
            1 => format!("/api/sessions/stranger-{n}"),
            2 => format!("/api/v1/agents/{n}/reset-password"),
            _ => format!("/api/{n}/x{n}"),
        };
        (methods[(n / 4) % methods.len()].clone(), path)
    });
    let known = api::routes::ROUTES.iter().map(|row| {
        let path = row.path.replace("{path:.*}", "x").replace("{file:.*}", "x").replace(['{', '}'], "");
        (row.method.parse().unwrap(), path)
    });
    // Streams end with the request that opened them.
    let known = known.filter(|(_, path): &(Method, String)| !path.ends_with("/events"));
    let url = measured.desk.url();
    let asked = stream::iter(known.chain(random)).map(|(method, path)| {
        let request = client.request(method, format!("{url}{path}"));
        async move { request.send().await.unwrap().status() }
    });
    let statuses: Vec<StatusCode> = asked.buffer_unordered(32).collect().await;
    assert!(statuses.len() > 10_100);
    let text = measured.text().await;
    let scrape = Scrape::parse(&text);
    assert!(scrape.series.len() < 2000, "{} series", scrape.series.len());
    assert!(scrape.series.len() > 1000, "every route has its series: {}", scrape.series.len());
    assert!(
        !text.contains("stranger") && !text.contains(".php") && !text.contains("/v1/") && !text.contains("PROPFIND")
    );
    let unmatched =
        |method: &str| format!("desk_http_requests_total{{route=\"unmatched\",method=\"{method}\",status=\"404\"}}");
    assert!(scrape.at(&unmatched("GET")) >= 1000.0 && scrape.at(&unmatched("other")) >= 1000.0);
    assert!(scrape.at("desk_http_request_duration_seconds_count{route=\"/api/sessions/{name}\"}") >= 2500.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hand_offs_mails_and_their_failures_are_counted_where_they_are_recorded() {
    let today = jiff::Timestamp::now();
    let days = (-2..=2).map(|day| (today + SignedDuration::from_hours(24 * day)).strftime("%Y-%m-%d").to_string());
    let environment = vec![("HOLIDAYS", days.collect::<Vec<_>>().join(","))];
    let measured = Measured::start(Setup { environment, ..Setup::default() });
    let customer = measured.desk.customer();
    customer.chat("s", "多久发货？").await.unwrap();
    let body = json!({"session_name": "s", "reason": "user_request"});
    let response = customer.post("/api/manual/escalate", &body).await.unwrap();
    assert!(response.status().is_success(), "{}", response.text().await.unwrap());
    let counted = async || {
        let scrape = measured.scrape_anew().await;
        let names = ["after_hours_email_total", "mail_failure_total"];
        names.iter().all(|name| scrape.get(name) == Some(1.0))
    };
    until("no mail server is set, so the mail is given up", PATIENCE, counted).await;
    let scrape = measured.scrape().await;
    assert_eq!(scrape.at("desk_events_recorded_total{type=\"session.mail_failed\"}"), 1.0);
    assert_eq!(scrape.at("desk_shop_open"), 0.0);
    assert_eq!(scrape.at("manual_escalation_total{reason=\"manual\"}"), 1.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_that_wait_for_a_person_are_counted_with_how_long_they_have_waited() {
    let hours = [("HUMAN_SHIFT_START", "00:00"), ("HUMAN_SHIFT_END", "24:00"), ("WEEKENDS_DISABLED", "false")];
    let environment = hours.map(|(name, value)| (name, value.to_owned())).to_vec();
    let measured = Measured::start(Setup { environment, ..Setup::default() });
    let customer = measured.desk.customer();
    customer.chat("s", "多久发货？").await.unwrap();
    let response = customer.post("/api/manual/escalate", &json!({"session_name": "s"})).await.unwrap();
    assert!(response.status().is_success(), "{}", response.text().await.unwrap());
    let waits = async || measured.scrape_anew().await.get("desk_queue_waiting") == Some(1.0);
    until("the views have it", PATIENCE, waits).await;
    let scrape = measured.scrape_anew().await;
    assert!(
        (3.0..60.0).contains(&scrape.at("desk_queue_oldest_seconds")),
        "{}",
        scrape.at("desk_queue_oldest_seconds")
    );
    assert_eq!(scrape.at("desk_sessions{status=\"pending_manual\"}"), 1.0);
    assert_eq!(scrape.at("manual_escalation_total{reason=\"manual\"}"), 1.0);
    assert_eq!((scrape.at("desk_shop_open"), scrape.at("after_hours_email_total")), (1.0, 0.0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn open_streams_are_counted_until_they_end_and_are_no_durations() {
    let measured = Measured::start(Setup::default());
    let customer = measured.desk.customer();
    customer.arrive("s").await.unwrap();
    let open = "desk_sse_streams{kind=\"session\"}";
    assert_eq!(measured.scrape().await.at(open), 0.0);
    let frames = customer.follow("s", None).await.unwrap();
    until("it is open", PATIENCE, async || measured.scrape().await.at(open) == 1.0).await;
    drop(frames);
    // That a reader has left is seen by what is written to it.
    let has_ended = async || {
        customer.chat("s", "多久发货？").await.unwrap();
        measured.scrape().await.at(open) == 0.0
    };
    until("it has ended", PATIENCE, has_ended).await;
    let scrape = measured.scrape().await;
    let route = "route=\"/api/sessions/{name}/events\"";
    assert_eq!(scrape.at(&format!("desk_http_requests_total{{{route},method=\"GET\",status=\"200\"}}")), 1.0);
    assert_eq!(scrape.get(&format!("desk_http_request_duration_seconds_count{{{route}}}")), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_backup_and_drill_left_in_the_data_directory_is_told() {
    let measured = Measured::start(Setup::default());
    let scrape = measured.scrape().await;
    let (backup, drill) = (
        "desk_backup_last_success_timestamp_seconds{store=\"sqlite\"}",
        "desk_restore_drill_last_success_timestamp_seconds",
    );
    assert_eq!((scrape.get(backup), scrape.get(drill)), (None, None));
    let (backed_up, drilled) = ("2026-11-30T18:00:00Z".parse().unwrap(), "1970-01-01T00:01:00Z".parse().unwrap());
    let follower = FollowerState {
        target: "/mnt/backup".to_owned(),
        last_success_at: Some(backed_up),
        position: 7,
        head: 9,
        segments: 1,
        error: Some("the target is away".to_owned()),
    };
    write_follower(measured.desk.data_dir(), &follower).unwrap();
    let ended = DrillState { ended_at: drilled, last_success_at: Some(drilled), seconds: 1.5, events: 7, error: None };
    write_drill(measured.desk.data_dir(), &ended).unwrap();
    let scrape = measured.scrape_anew().await;
    assert_eq!((scrape.at(backup), scrape.at(drill)), (1_796_061_600.0, 60.0));
}
