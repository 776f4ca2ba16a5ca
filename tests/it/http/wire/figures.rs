//! The list of sessions and its figures, whole and exact. So each test has a server of its own, at which somebody works at any
//! time.

use std::future::Future;

use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Value, json};
use tests::desk::{Customer, Desk, Staff};

use super::{
    super::{Shared, ok, people::open_always, problem, start_shared},
    keys,
};

const NAMES: [&str; 4] = ["first", "second", "third", "fourth"];

/// A server that has these sessions, opened one after the other, and the position of the last.
async fn with_sessions() -> (Shared, Vec<Session>, u64) {
    let mut environment = open_always();
    environment.push(("TIMEZONE", far_from_midnight().to_owned()));
    let shared = tokio::task::block_in_place(|| start_shared(environment));
    let (mut sessions, mut position) = (Vec::new(), 0);
    for name in NAMES {
        let customer = shared.desk.customer();
        let opened = customer.arrive(name).await.unwrap();
        position = opened["position"].as_u64().unwrap();
        let list = ok(shared.desk.staff().get(&format!("/api/sessions?min_position={position}")).await.unwrap()).await;
        let id = list["data"]["sessions"][0]["session_id"].as_str().unwrap().to_owned();
        sessions.push(Session { name, id, customer });
    }
    (shared, sessions, position)
}

/// So that the day stays the same.
fn far_from_midnight() -> &'static str {
    let hour = Timestamp::now().to_zoned(TimeZone::UTC).hour();
    if (2..22).contains(&hour) { "UTC" } else { "Asia/Tokyo" }
}

struct Session {
    name: &'static str,
    id: String,
    customer: Customer,
}

impl Session {
    async fn escalate(&self) -> u64 {
        position_of(self.customer.post("/api/manual/escalate", &json!({"session_name": self.name}))).await
    }

    async fn act(&self, staff: &Staff, command: &str) -> u64 {
        position_of(staff.post(&format!("/api/sessions/{}/{command}", self.id), &json!({}))).await
    }
}

async fn position_of(answer: impl Future<Output = reqwest::Result<reqwest::Response>>) -> u64 {
    ok(answer.await.unwrap()).await["position"].as_u64().unwrap()
}

/// The figures at a position, without durations, which are compared with how long it can have been at most.
async fn figures(staff: &Staff, position: u64) -> (Value, [f64; 3]) {
    let mut answer = ok(staff.get(&format!("/api/sessions/stats?min_position={position}")).await.unwrap()).await;
    assert_eq!((keys(&answer), &answer["success"]), (vec!["data", "position", "success"], &json!(true)));
    let data = answer["data"].as_object_mut().unwrap();
    let durations = ["avg_waiting_time", "max_waiting_time", "avg_service_time"];
    let durations = durations.map(|name| data.remove(name).unwrap().as_f64().unwrap());
    (answer["data"].take(), durations)
}

fn expected(by_status: &Value, active: u64, agents: u64, asked: u64, today: [u64; 3]) -> Value {
    let [total_escalations, pending, serving] = today;
    let by_reason = if asked == 0 { json!({}) } else { json!({"manual": asked}) };
    json!({
        "total_sessions": 4, "by_status": by_status, "active_sessions": active, "active_agents": agents,
        "by_escalation_reason": by_reason,
        "today": {"total_escalations": total_escalations, "pending": pending, "serving": serving},
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn statistics_have_the_original_figures() {
    let (shared, sessions, opened) = with_sessions().await;
    let staff = shared.desk.staff();
    let none = expected(&json!({"bot_active": 4}), 4, 0, 0, [0, 0, 0]);
    assert_eq!(figures(&staff, opened).await, (none, [0.0; 3]));

    let began = Timestamp::now();
    let longest = || (Timestamp::now() - began).total(jiff::Unit::Second).unwrap() + 1.0;
    let mut position = 0;
    for session in &sessions[1..] {
        position = session.escalate().await;
    }
    let (figured, [average, longest_wait, service]) = figures(&staff, position).await;
    assert_eq!(figured, expected(&json!({"bot_active": 1, "pending_manual": 3}), 4, 0, 3, [3, 3, 0]));
    assert!(0.0 < average && average < longest_wait && longest_wait < longest(), "{average} {longest_wait}");
    assert_eq!(service, 0.0);

    for session in &sessions[2..] {
        position = session.act(&staff, "takeover").await;
    }
    let (figured, [average, longest_wait, service]) = figures(&staff, position).await;
    let by_status = json!({"bot_active": 1, "pending_manual": 1, "manual_live": 2});
    assert_eq!(figured, expected(&by_status, 4, 1, 3, [3, 1, 2]));
    assert_eq!(average, longest_wait, "one waits");
    assert!(0.0 < service && service < longest_wait && longest_wait < longest(), "{service} {longest_wait}");

    position = sessions[3].act(&staff, "close").await;
    let by_status = json!({"bot_active": 1, "pending_manual": 1, "manual_live": 1, "closed": 1});
    assert_eq!(figures(&staff, position).await.0, expected(&by_status, 3, 1, 2, [3, 1, 1]));
}

/// The names in a page, and what it says of itself.
async fn page(desk: &Desk, query: &str) -> (Vec<String>, Value) {
    let mut page = ok(desk.staff().get(&format!("/api/sessions?{query}")).await.unwrap()).await["data"].take();
    let rows = page["sessions"].take();
    let names = rows.as_array().unwrap().iter().map(|row| row["session_name"].as_str().unwrap().to_owned()).collect();
    page.as_object_mut().unwrap().remove("sessions");
    let next = page.as_object_mut().unwrap().remove("next_cursor");
    assert_eq!(next.is_some(), page["has_more"] == true, "{next:?}");
    (names, page)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_is_paged_and_filtered() {
    let (shared, sessions, position) = with_sessions().await;
    let desk = &shared.desk;
    let about = |limit: u64, offset: u64, total: u64, has_more: bool| json!({"limit": limit, "offset": offset, "total": total, "has_more": has_more});
    let second = page(desk, &format!("limit=1&offset=1&min_position={position}")).await;
    assert_eq!(second, (vec!["third".to_owned()], about(1, 1, 4, true)));
    let last = page(desk, "limit=3&offset=2").await;
    assert_eq!(last, (vec!["second".to_owned(), "first".to_owned()], about(3, 2, 4, false)));
    assert_eq!(page(desk, "limit=50&offset=1000000").await, (Vec::new(), about(50, 1_000_000, 4, false)));

    assert_eq!(page(desk, "limit=50&status=closed").await, (Vec::new(), about(50, 0, 0, false)));
    let closed = sessions[1].act(&desk.staff(), "close").await;
    let waiting = sessions[2].escalate().await;
    let closed = page(desk, &format!("limit=50&status=closed&min_position={}", closed.max(waiting))).await;
    assert_eq!(closed, (vec!["second".to_owned()], about(50, 0, 1, false)));
    assert_eq!(page(desk, "limit=50&status=pending_manual").await, (vec!["third".to_owned()], about(50, 0, 1, false)));
    let others = page(desk, "limit=1&status=bot_active").await;
    assert_eq!(others, (vec!["fourth".to_owned()], about(1, 0, 2, true)));

    let bad = problem(desk.staff().get("/api/sessions?status=gone").await.unwrap(), 400, "BAD_REQUEST").await;
    let values = "['bot_active', 'pending_manual', 'manual_live', 'after_hours_email', 'closed']";
    assert_eq!(bad["detail"], format!("Invalid status: gone. Valid values: {values}"));
}
