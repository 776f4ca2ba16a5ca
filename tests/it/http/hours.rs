//! Working hours over HTTP: the original's two answers, from the settings and from published calendars. The shared server's
//! calendars are left as they were.

use jiff::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};
use tests::desk::{Desk, Setup};

use super::{desk, ok, problem};

const NEVER_BUT_REPAIRS: &str = "[default]\ntime_zone = \"Europe/Berlin\"\nholidays = [\"2030-12-25\"]\nweek = {}\n\
                                 [groups.repairs.week]\nmonday = \"00:00-24:00\"\ntuesday = \"00:00-24:00\"\n\
                                 wednesday = \"00:00-24:00\"\nthursday = \"00:00-24:00\"\nfriday = \"00:00-24:00\"\n\
                                 saturday = \"00:00-24:00\"\nsunday = \"00:00-24:00\"\n";

async fn told(desk: &Desk, path: &str) -> Value {
    let answer = ok(desk.customer().get(path).await.unwrap()).await;
    assert_eq!(answer["success"], true);
    answer["data"].clone()
}

async fn publish(desk: &Desk, document: &str, seen: u64) -> reqwest::Response {
    let request = desk.staff().request(Method::POST, "/api/calendars").json(&json!({"document": document}));
    request.header("If-Match", format!("\"{seen}\"")).send().await.unwrap()
}

#[tokio::test]
async fn shift_answers_have_the_originals_fields_and_its_defaults() {
    let desk = Desk::start(Setup::default());
    let config = told(&desk, "/api/shift/config").await;
    let is_in_shift = config["is_in_shift"].as_bool().unwrap();
    let expected = json!({
        "shift_start": "09:00", "shift_end": "18:00", "timezone": "Asia/Shanghai", "weekends_disabled": true,
        "holidays": [], "is_in_shift": is_in_shift, "next_opening_at": config["next_opening_at"],
    });
    assert_eq!(config, expected);
    let status = told(&desk, "/api/shift/status").await;
    assert_eq!(status["shift_hours"], "09:00 - 18:00");
    let message = if status["is_in_shift"] == true { "人工客服在线" } else { "当前为非工作时间" };
    assert_eq!(status["message"], message);
    assert_eq!(status["next_opening_at"].is_null(), status["is_in_shift"] == true);
    if let Some(opens_at) = status["next_opening_at"].as_str() {
        assert!(opens_at.parse::<Timestamp>().unwrap() > Timestamp::now());
    }
}

#[tokio::test]
async fn the_originals_variables_are_understood_and_bad_ones_refused_by_name() {
    let environment = vec![
        ("HUMAN_SHIFT_START", "22:00".to_owned()),
        ("HUMAN_SHIFT_END", "06:00".to_owned()),
        ("TIMEZONE", "America/New_York".to_owned()),
        ("WEEKENDS_DISABLED", "false".to_owned()),
        ("HOLIDAYS", "2030-01-01,2030-07-04".to_owned()),
    ];
    let desk = Desk::start(Setup { environment, ..Setup::default() });
    let config = told(&desk, "/api/shift/config").await;
    assert_eq!((&config["shift_start"], &config["shift_end"]), (&json!("22:00"), &json!("06:00")));
    assert_eq!((&config["timezone"], &config["weekends_disabled"]), (&json!("America/New_York"), &json!(false)));
    assert_eq!(config["holidays"], json!(["2030-01-01", "2030-07-04"]));
    let environment = vec![("HOLIDAYS", "2026-02-30".to_owned())];
    let (code, log) = Desk::start_refused(Setup { environment, ..Setup::default() });
    assert_eq!(code, Some(2));
    assert!(log.contains("setting holidays (environment HOLIDAYS) must be dates"), "{log}");
}

/// One test, because versions are the server's.
#[tokio::test]
async fn published_calendars_are_in_force_per_group_until_they_are_rolled_back() {
    let desk = desk();
    let listed = ok(desk.staff().get("/api/calendars").await.unwrap()).await;
    let before = listed["version"].as_u64().unwrap();
    let version = ok(publish(desk, NEVER_BUT_REPAIRS, before).await).await["version"].as_u64().unwrap();
    assert_eq!(version, before + 1);

    let config = told(desk, "/api/shift/config").await;
    let expected = json!({
        "shift_start": "", "shift_end": "", "timezone": "Europe/Berlin", "weekends_disabled": true,
        "holidays": ["2030-12-25"], "is_in_shift": false, "next_opening_at": null,
    });
    assert_eq!(config, expected);
    let repairs = told(desk, "/api/shift/status?group=repairs").await;
    let expected = json!({
        "is_in_shift": true, "message": "人工客服在线", "shift_hours": "00:00 - 24:00", "next_opening_at": null,
    });
    assert_eq!(repairs, expected);
    assert_eq!(told(desk, "/api/shift/status?group=%E7%94%B5").await["is_in_shift"], false);
    problem(desk.customer().get("/api/shift/status?group=").await.unwrap(), 400, "INVALID_FIELD").await;

    let shown = ok(desk.staff().get(&format!("/api/calendars/{version}")).await.unwrap()).await;
    assert_eq!(shown["data"], json!({"version": version, "document": NEVER_BUT_REPAIRS, "is_in_force": true}));
    let zero = ok(desk.staff().get("/api/calendars/0").await.unwrap()).await;
    assert!(zero["data"]["document"].as_str().unwrap().contains("monday = \"09:00-18:00\""), "{zero}");
    problem(publish(desk, "[default]\n", before).await, 400, "INVALID_DOCUMENT").await;
    let stale = publish(desk, "[default]\ntime_zone = \"UTC\"\nweek = {}\n", before).await;
    assert_eq!(problem(stale, 412, "STALE_VERSION").await["version"], version);

    let wrong = format!("{NEVER_BUT_REPAIRS}[groups.sales]\nweek.monday = \"09:00-25:00\"\n");
    let refused = problem(publish(desk, &wrong, version).await, 400, "INVALID_DOCUMENT").await;
    assert_eq!((&refused["line"], &refused["document_field"]), (&json!(14), &json!("groups.sales.week.monday")));

    let body = json!({"to_version": before});
    let back = ok(desk.staff().post("/api/calendars/rollback", &body).await.unwrap()).await;
    assert_eq!(back["version"], version + 1);
    assert_eq!(told(desk, "/api/shift/config").await["timezone"], "Asia/Shanghai");
}
