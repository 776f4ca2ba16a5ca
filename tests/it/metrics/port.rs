//! The port of its own, the route for operators, the certificate's end, and `desk health`.

use std::{
    net::TcpListener,
    process::Output,
    time::{Duration, Instant},
};

use reqwest::StatusCode;
use tests::desk::{Desk, Setup, free_port, program, without_settings, write_private};
use tokio::task::block_in_place;

use super::{Measured, OPENMETRICS, PATIENCE, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_port_answers_metrics_and_nothing_else() {
    let measured = Measured::start(Setup::default());
    measured.scrape().await;
    let client = tests::http_client::client();
    let answer = client.get(measured.url("/metrics")).header("Accept", OPENMETRICS).send().await.unwrap();
    assert_eq!((answer.status(), &answer.headers()["content-type"]), (StatusCode::OK, &OPENMETRICS.parse().unwrap()));
    let plain = client.get(measured.url("/metrics")).send().await.unwrap();
    assert_eq!(&plain.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    let (plain, open_metrics) = (plain.text().await.unwrap(), answer.text().await.unwrap());
    assert!(plain.contains("# TYPE desk_http_requests_total counter\n"), "{plain}");
    assert!(open_metrics.contains("# TYPE desk_http_requests counter\n") && open_metrics.ends_with("# EOF\n"));
    for path in ["/", "/healthz", "/api/metrics", "/metrics/", "/api/health/detailed", "/openapi.json"] {
        let status = client.get(measured.url(path)).send().await.unwrap().status();
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
    }
    let posted = client.post(measured.url("/metrics")).send().await.unwrap().status();
    assert_eq!(posted, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_port_that_is_taken_keeps_nothing_from_starting_and_is_opened_once_it_is_free() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let environment = vec![("DESK_METRICS_LISTEN", format!("127.0.0.1:{port}"))];
    let desk = block_in_place(|| Desk::start(Setup { environment, ..Setup::default() }));
    let answer = desk.staff().get("/api/metrics").await.unwrap();
    assert_eq!(&answer.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    assert!(answer.text().await.unwrap().contains("\ndesk_ready 1"));
    let _told = desk.log_with("metrics_listen: metrics are at /api/metrics alone");
    drop(taken);
    let client = tests::http_client::client();
    let is_open = async || client.get(format!("http://127.0.0.1:{port}/metrics")).send().await.is_ok();
    until("it is tried again", PATIENCE, is_open).await;
}

fn health(desk: &[(&str, String)]) -> Output {
    let mut command = without_settings(program("desk"));
    command.arg("health").envs(desk.iter().map(|(name, value)| (*name, value.as_str())));
    block_in_place(|| command.output().unwrap())
}

fn listen(desk: &Desk) -> String {
    desk.url().replace("http://", "")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn desk_health_tells_whether_the_desk_lives_within_three_seconds() {
    let desk = block_in_place(|| Desk::start(Setup::default()));
    let everywhere = format!("0.0.0.0:{}", desk.url().rsplit(':').next().unwrap());
    for address in [listen(&desk), everywhere] {
        let alive = health(&[("DESK_LISTEN", address)]);
        let said = String::from_utf8_lossy(&alive.stdout);
        assert_eq!((alive.status.code(), said.lines().count()), (Some(0), 1), "{said}");
    }
    let dead = health(&[("DESK_LISTEN", format!("127.0.0.1:{}", free_port()))]);
    assert_eq!(dead.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&dead.stderr).lines().count(), 1);
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let began = Instant::now();
    let hangs = health(&[("DESK_LISTEN", silent.local_addr().unwrap().to_string())]);
    assert_eq!(hangs.status.code(), Some(1), "{}", String::from_utf8_lossy(&hangs.stderr));
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert_eq!(health(&[("DESK_LISTEN", "nowhere".to_owned())]).status.code(), Some(2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_tls_health_is_asked_by_tls_and_the_certificates_end_is_a_metric() {
    let folder = tempfile::tempdir().unwrap();
    let mut parameters = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    parameters.not_after = rcgen::date_time_ymd(2031, 2, 3);
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = parameters.self_signed(&key).unwrap();
    let (cert_file, key_file) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    write_private(&cert_file, &certificate.pem());
    write_private(&key_file, &key.serialize_pem());
    let tls = vec![
        ("DESK_TLS_CERT_FILE", cert_file.display().to_string()),
        ("DESK_TLS_KEY_FILE", key_file.display().to_string()),
    ];
    let measured = Measured::start(Setup { environment: tls.clone(), ..Setup::default() });
    let ends = measured.scrape().await.at("desk_tls_expiry_timestamp_seconds");
    let expected: jiff::Timestamp = "2031-02-03T00:00:00Z".parse().unwrap();
    assert_eq!(ends as i64, expected.as_second());
    let mut asked = tls.clone();
    asked.push(("DESK_LISTEN", listen(&measured.desk)));
    let alive = health(&asked);
    assert_eq!(alive.status.code(), Some(0), "{}", String::from_utf8_lossy(&alive.stderr));
    let plain = health(&asked[2..]);
    assert_eq!(plain.status.code(), Some(1), "plain HTTP is not answered there");
}
