//! `GET /api/sessions/{name}?at=`: past sessions for customers and staff, and its errors. That they equal what was shown then is
//! tested in `moments`.

use serde_json::{Value, json};
use tests::desk::{Customer, Staff};

use super::{desk, fresh, ok, problem, session_at};

/// A customer's session, and its positions after opening and two messages.
struct Visit {
    customer: Customer,
    session: String,
    opened: u64,
    first: u64,
    second: u64,
}

impl Visit {
    async fn pay() -> Self {
        let (customer, session) = (desk().customer(), fresh("moment"));
        let opened = position(&customer.arrive(&session).await.unwrap());
        let first = position(&customer.chat(&session, "多久发货？").await.unwrap());
        let second = position(&customer.chat(&session, "How long does it take to charge the battery?").await.unwrap());
        let visit = Self { customer, session, opened, first, second };
        session_at(&visit.customer, &visit.session, second).await;
        visit
    }

    async fn to_customer(&self, at: &str) -> reqwest::Response {
        self.customer.get(&format!("/api/sessions/{}?at={at}", self.session)).await.unwrap()
    }

    async fn to_staff(&self, at: &str) -> reqwest::Response {
        staff().get(&format!("/api/sessions/{}?at={at}", self.session)).await.unwrap()
    }
}

fn staff() -> Staff {
    desk().staff()
}

fn position(answer: &Value) -> u64 {
    answer["position"].as_u64().unwrap_or_else(|| panic!("{answer}"))
}

fn said(session: &Value) -> Vec<&str> {
    session["history"].as_array().unwrap().iter().map(|message| message["role"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn past_session_is_shown_to_customer_and_staff() {
    let visit = Visit::pay().await;
    for (at, roles) in [
        (visit.opened, &[][..]),
        (visit.first, &["user", "assistant"]),
        (visit.second, &["user", "assistant", "user", "assistant"]),
    ] {
        let seen = ok(visit.to_customer(&at.to_string()).await).await;
        assert_eq!(said(&seen["data"]["session"]), roles, "{seen}");
        assert_eq!((position(&seen), position(&seen["data"]["at"])), (at, at));
        assert_eq!(seen["data"]["audit_trail"], json!([]), "for staff");
        assert!(seen["data"].get("customer_view").is_none() && seen["data"].get("last_decision").is_none(), "{seen}");
        let by_staff = ok(visit.to_staff(&at.to_string()).await).await["data"].clone();
        assert_eq!(by_staff["customer_view"]["session"], seen["data"]["session"]);
        assert_eq!(by_staff["at"], seen["data"]["at"]);
        let trail = by_staff["audit_trail"].as_array().unwrap();
        assert_eq!(trail.last().unwrap()["position"], at, "nothing later: {by_staff}");
        assert!(by_staff.get("last_decision").is_none(), "no rule has fired: {by_staff}");
    }
}

#[tokio::test]
async fn past_session_by_time_equals_the_one_by_position() {
    let visit = Visit::pay().await;
    let by_position = ok(visit.to_staff(&visit.first.to_string()).await).await;
    let time = by_position["data"]["at"]["recorded_at"].as_str().unwrap().to_owned();
    let utc: jiff::Timestamp = time.parse().unwrap();
    let elsewhere = utc.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(8)));
    let elsewhere = elsewhere.strftime("%Y-%m-%dT%H:%M:%S%.6f%:z").to_string().replace('+', "%2B");
    let spoken = time.trim_end_matches('Z').replace('T', "%20");
    for at in [&time, &elsewhere, &spoken] {
        assert_eq!(ok(visit.to_staff(at).await).await, by_position, "{at}");
    }
    let before = (utc - jiff::SignedDuration::from_micros(1)).to_string();
    let earlier = ok(visit.to_staff(&before).await).await;
    assert!(position(&earlier) < visit.first, "{earlier}");
}

#[tokio::test]
async fn invalid_at_parameter_is_named() {
    let visit = Visit::pay().await;
    for at in [
        "",
        "now",
        "-1",
        "1.5",
        "2026-11-23",
        "18446744073709551616",
        "2026-13-01T00:00:00Z",
        "2026-11-23T15:05:00+01:00",
    ] {
        for answer in [visit.to_customer(at).await, visit.to_staff(at).await] {
            let body = problem(answer, 400, "INVALID_FIELD").await;
            assert_eq!(body["field"], "at", "{at}");
            let detail = body["detail"].as_str().unwrap();
            assert!(detail.contains("position like") && detail.contains("%2B"), "it says what to write: {detail}");
        }
    }
}

#[tokio::test]
async fn at_ahead_of_the_log_gets_409_and_before_the_session_404() {
    let visit = Visit::pay().await;
    for answer in [visit.to_customer("2999-01-01T00:00:00Z").await, visit.to_staff("2999-01-01T00:00:00Z").await] {
        let body = problem(answer, 400, "INVALID_FIELD").await;
        assert_eq!(body["field"], "at");
        assert!(body["detail"].as_str().unwrap().contains("future"), "{body}");
    }
    for answer in [visit.to_customer("18446744073709551615").await, visit.to_staff("18446744073709551615").await] {
        let body = problem(answer, 409, "CURSOR_AHEAD").await;
        assert!(body["head"].as_u64().unwrap() >= visit.second, "{body}");
    }
    for at in ["0", "1999-12-31T23:59:59Z", &(visit.opened - 1).to_string()] {
        for answer in [visit.to_customer(at).await, visit.to_staff(at).await] {
            let body = problem(answer, 404, "NOT_FOUND").await;
            assert_eq!(body["began_at_position"], visit.opened, "{at}: {body}");
        }
    }
}

#[tokio::test]
async fn past_session_of_another_visitor_is_not_found() {
    let (visit, stranger) = (Visit::pay().await, desk().customer());
    stranger.arrive(&fresh("stranger")).await.unwrap();
    let path = format!("/api/sessions/{}?at={}", visit.session, visit.first);
    let body = problem(stranger.get(&path).await.unwrap(), 404, "NOT_FOUND").await;
    assert_eq!(body.get("began_at_position"), None, "not even when it began: {body}");
}

#[tokio::test]
async fn past_session_hides_messages_cleared_since_from_the_customer_only() {
    let visit = Visit::pay().await;
    let body = json!({"session_id": visit.session});
    let cleared = ok(visit.customer.post("/api/conversation/clear", &body).await.unwrap()).await;
    session_at(&visit.customer, &visit.session, position(&cleared)).await;
    let at = visit.first.to_string();
    let seen = ok(visit.to_customer(&at).await).await;
    assert_eq!(said(&seen["data"]["session"]), [""; 0], "{seen}");
    let by_staff = ok(visit.to_staff(&at).await).await["data"].clone();
    assert_eq!(said(&by_staff["session"]), ["user", "assistant"]);
    assert_eq!(said(&by_staff["customer_view"]["session"]), ["user", "assistant"], "what the customer was shown then");
}

#[tokio::test]
async fn openapi_lists_the_at_parameter() {
    let document = ok(desk().customer().get("/openapi.json").await.unwrap()).await;
    let parameters = document["paths"]["/api/sessions/{name}"]["get"]["parameters"].as_array().unwrap().clone();
    let at = parameters.iter().find(|parameter| parameter["name"] == "at").unwrap();
    assert_eq!((&at["in"], &at["required"]), (&json!("query"), &json!(false)));
}
