//! Rights: every route as nobody, as the customer, as another customer and as each role of staff.
//!
//! Invariant: a route that is not in this table fails `every_route_is_in_the_role_table`, which reads the OpenAPI
//! document and the table that routes are served from.

use api::{auth::require::Access, routes::ROUTES};
use domain::agent::Role;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use tests::identity::{Key, claims};

use super::{customer_with, desk, fresh, ok, staff::Member};

/// A route and the status for nobody, the customer and another customer, and for each role of staff.
struct Line {
    method: &'static str,
    path: &'static str,
    outside: [u16; 3],
    /// agent, supervisor, admin, auditor, analyst
    staff: [u16; 5],
}

const fn line(method: &'static str, path: &'static str, outside: [u16; 3], staff: [u16; 5]) -> Line {
    Line { method, path, outside, staff }
}

/// The same for everybody.
const fn open(method: &'static str, path: &'static str, status: u16) -> Line {
    line(method, path, [status; 3], [status; 5])
}

/// For staff alone.
const fn staff(method: &'static str, path: &'static str, statuses: [u16; 5]) -> Line {
    line(method, path, [401; 3], statuses)
}

/// Customers' routes refuse posts with a staff token. Bodies lack the fields of staff routes, and `{id}` does not exist, so
/// callers with the right get 400 or 404.
const TABLE: &[Line] = &[
    line("post", "/api/chat", [200; 3], [401; 5]),
    line("post", "/api/chat/stream", [200; 3], [401; 5]),
    line("post", "/api/conversation/create", [200; 3], [401; 5]),
    line("post", "/api/conversation/new", [200; 3], [401; 5]),
    line("post", "/api/conversation/clear", [200; 3], [401; 5]),
    staff("get", "/api/sessions", [200, 200, 200, 200, 403]),
    staff("get", "/api/sessions/stats", [200; 5]),
    staff("get", "/api/sessions/queue", [200, 200, 200, 200, 403]),
    staff("get", "/api/sessions/counts", [200, 200, 200, 200, 403]),
    line("get", "/api/sessions/{name}", [404, 200, 404], [200, 200, 200, 200, 403]),
    line("get", "/api/sessions/{name}/events", [404, 200, 404], [200, 200, 200, 200, 403]),
    line("post", "/api/sessions/{name}/typing", [404, 200, 404], [200, 200, 200, 403, 403]),
    staff("post", "/api/sessions/{name}/viewing", [200, 200, 200, 200, 403]),
    staff("put", "/api/sessions/{name}/read", [400, 400, 400, 400, 403]),
    staff("get", "/api/sessions/{name}/drafts/{kind}", [200, 200, 200, 403, 403]),
    staff("put", "/api/sessions/{name}/drafts/{kind}", [400, 400, 400, 403, 403]),
    staff("delete", "/api/sessions/{name}/drafts/{kind}", [200, 200, 200, 403, 403]),
    staff("get", "/api/drafts", [200, 200, 200, 403, 403]),
    staff("get", "/api/sessions/{name}/customer", [200, 200, 200, 200, 403]),
    staff("get", "/api/sessions/{name}/notes", [200, 200, 200, 200, 403]),
    staff("post", "/api/sessions/{name}/notes", [400, 400, 400, 403, 403]),
    staff("put", "/api/sessions/{name}/notes/{id}", [428, 428, 428, 403, 403]),
    staff("delete", "/api/sessions/{name}/notes/{id}", [428, 428, 428, 403, 403]),
    staff("post", "/api/sessions/{name}/tags", [200, 200, 200, 403, 403]),
    staff("get", "/api/tags", [200, 200, 200, 200, 403]),
    staff("put", "/api/sessions/{name}/priority", [400, 400, 400, 403, 403]),
    line("post", "/api/sessions/{name}/rating", [400; 3], [401; 5]),
    staff("get", "/api/sessions/{name}/proof", [403, 403, 404, 404, 403]),
    staff("post", "/api/sessions/{name}/email", [200, 200, 200, 403, 403]),
    line("post", "/api/manual/escalate", [400; 3], [400, 400, 400, 403, 403]),
    line("post", "/api/manual/messages", [400; 3], [400, 400, 400, 403, 403]),
    line("post", "/api/sessions/{name}/cancel-escalation", [404, 409, 404], [409, 409, 409, 403, 403]),
    staff("post", "/api/sessions/{name}/takeover", [409, 409, 409, 403, 403]),
    staff("post", "/api/sessions/{name}/steal", [403, 409, 409, 403, 403]),
    staff("post", "/api/sessions/{name}/transfer", [400, 400, 400, 403, 403]),
    staff("post", "/api/sessions/{name}/transfer-requests", [400, 400, 400, 403, 403]),
    staff("get", "/api/transfer-requests/pending", [200, 200, 200, 403, 403]),
    staff("post", "/api/transfer-requests/{id}/respond", [400, 400, 400, 403, 403]),
    staff("post", "/api/sessions/{name}/offers/{id}/decline", [404, 404, 404, 403, 403]),
    staff("post", "/api/sessions/{name}/release", [409, 409, 409, 403, 403]),
    staff("post", "/api/sessions/{name}/return", [409, 409, 409, 403, 403]),
    staff("post", "/api/sessions/{name}/reopen", [409, 409, 409, 403, 403]),
    line("post", "/api/sessions/{name}/close", [404, 200, 404], [200, 200, 200, 403, 403]),
    staff("get", "/api/events", [403, 403, 200, 200, 403]),
    staff("get", "/api/agent/events", [200, 200, 200, 200, 403]),
    staff("get", "/api/audit", [403, 403, 200, 200, 403]),
    open("post", "/api/agent/login", 400),
    open("post", "/api/agent/refresh", 400),
    staff("post", "/api/agent/change-password", [400; 5]),
    staff("get", "/api/agent/profile", [200; 5]),
    staff("put", "/api/agent/profile", [200; 5]),
    staff("post", "/api/agent/heartbeat", [200; 5]),
    staff("post", "/api/agent/status/heartbeat", [200; 5]),
    staff("get", "/api/agent/status", [200; 5]),
    staff("get", "/api/agent/stats/today", [200; 5]),
    staff("put", "/api/agent/status", [400; 5]),
    staff("get", "/api/agent/sign-ins", [200; 5]),
    staff("delete", "/api/agent/sign-ins/{id}", [404; 5]),
    staff("post", "/api/agent/second-factor", [400; 5]),
    staff("post", "/api/agent/second-factor/enable", [400; 5]),
    staff("post", "/api/agent/second-factor/disable", [400; 5]),
    staff("post", "/api/agent/second-factor/recovery-codes", [400; 5]),
    staff("get", "/api/api-keys", [403, 200, 200, 200, 403]),
    staff("post", "/api/api-keys", [403, 403, 400, 403, 403]),
    staff("delete", "/api/api-keys/{id}", [403, 403, 404, 403, 403]),
    staff("get", "/api/agents", [403, 200, 200, 200, 403]),
    staff("post", "/api/agents", [403, 403, 400, 403, 403]),
    staff("get", "/api/agents/available", [200, 200, 200, 200, 403]),
    staff("get", "/api/agents/{id}", [403, 404, 404, 404, 403]),
    staff("put", "/api/agents/{id}", [403, 403, 404, 403, 403]),
    staff("delete", "/api/agents/{id}", [403, 403, 404, 403, 403]),
    staff("post", "/api/agents/{id}/reactivate", [403, 403, 404, 403, 403]),
    staff("post", "/api/agents/{id}/reset-password", [403, 403, 404, 403, 403]),
    staff("post", "/api/agents/{id}/reset-second-factor", [403, 403, 404, 403, 403]),
    staff("put", "/api/agents/{id}/skills", [403, 403, 400, 403, 403]),
    staff("get", "/api/policies", [403, 200, 200, 200, 403]),
    staff("post", "/api/policies", [403, 403, 400, 403, 403]),
    staff("post", "/api/policies/rollback", [403, 403, 400, 403, 403]),
    staff("post", "/api/policies/test", [403, 400, 400, 400, 403]),
    staff("get", "/api/policies/{version}", [403, 404, 404, 404, 403]),
    staff("get", "/api/calendars", [403, 200, 200, 200, 403]),
    staff("post", "/api/calendars", [403, 403, 400, 403, 403]),
    staff("post", "/api/calendars/rollback", [403, 403, 400, 403, 403]),
    staff("get", "/api/calendars/{version}", [403, 404, 404, 404, 403]),
    staff("get", "/api/flags", [403, 200, 200, 200, 403]),
    staff("post", "/api/flags", [403, 403, 400, 403, 403]),
    staff("post", "/api/flags/rollback", [403, 403, 400, 403, 403]),
    staff("post", "/api/flags/test", [403, 200, 200, 200, 403]),
    staff("get", "/api/flags/{version}", [403, 404, 404, 404, 403]),
    staff("get", "/api/faq", [403, 200, 200, 200, 403]),
    staff("post", "/api/faq/test", [403, 400, 400, 400, 403]),
    staff("get", "/api/faq/faults", [403, 200, 200, 200, 403]),
    staff("get", "/api/quick-replies", [200, 200, 200, 200, 403]),
    staff("post", "/api/quick-replies", [400, 400, 400, 403, 403]),
    staff("get", "/api/quick-replies/categories", [200, 200, 200, 200, 403]),
    staff("put", "/api/quick-replies/{id}", [428, 428, 428, 403, 403]),
    staff("delete", "/api/quick-replies/{id}", [428, 428, 428, 403, 403]),
    staff("post", "/api/quick-replies/{id}/render", [400, 400, 400, 400, 403]),
    staff("get", "/api/assistants", [403, 200, 200, 200, 403]),
    staff("get", "/api/assistants/usage", [200; 5]),
    staff("get", "/api/token/info", [403, 403, 404, 403, 403]),
    staff("post", "/api/token/refresh", [403, 403, 404, 403, 403]),
    open("get", "/api/bot/info", 200),
    open("get", "/api/config", 200),
    open("get", "/api/shift/config", 200),
    open("get", "/api/shift/status", 200),
    open("get", "/api/health", 200),
    staff("get", "/api/health/detailed", [403, 200, 200, 200, 403]),
    staff("get", "/api/metrics", [403, 200, 200, 200, 403]),
    open("get", "/healthz", 200),
    open("get", "/readyz", 200),
    open("get", "/", 200),
    line("get", "/api/customer", [200; 3], [401; 5]),
    line("post", "/api/customer/identify", [200; 3], [401; 5]),
    // The last one: it signs the visitor out.
    line("post", "/api/customer/sign-out", [200; 3], [401; 5]),
    // The last one: it signs staff out.
    staff("post", "/api/agent/logout", [200; 5]),
];

#[tokio::test]
async fn every_route_answers_each_role_as_listed() {
    let session = fresh("roles");
    let customer = customer_with(&session).await;
    let other = customer_with(&fresh("another")).await;
    let mut staff = Vec::new();
    for role in Role::ALL {
        staff.push(Member::with_role(*role).await.staff);
    }
    let position = customer.chat(&session, "hello").await.unwrap()["position"].as_u64().unwrap();
    super::session_at(&customer, &session, position).await;
    for Line { method, path, outside, staff: statuses } in TABLE {
        let (method, concrete) = (verb(method), filled(path, &session));
        // Nobody and another customer also use the session's name in the path.
        let own = if path.contains("{name}") { session.clone() } else { fresh("own") };
        let outsiders = [
            desk().customer().request(method.clone(), &concrete),
            customer.request(method.clone(), &concrete),
            other.request(method.clone(), &concrete),
        ];
        let insiders = staff.iter().map(|staff| staff.request(method.clone(), &concrete));
        let callers = outsiders.into_iter().chain(insiders).zip(outside.iter().chain(statuses));
        for (caller, (request, status)) in callers.enumerate() {
            let got = with_body(&method, path, request, &own).send().await.unwrap().status().as_u16();
            assert_eq!(got, *status, "{method} {path} by caller {caller}");
        }
    }
}

/// The path of something: of this session, or of nothing that there is.
fn filled(path: &str, session: &str) -> String {
    // Whether a note covers a session by now is a matter of time.
    let session = if path.ends_with("/proof") { "no-such-session" } else { session };
    path.replace("{name}", session).replace("{id}", "no-such-account").replace("{kind}", "reply")
}

fn verb(method: &str) -> Method {
    method.to_uppercase().parse().unwrap()
}

fn with_body(method: &Method, path: &str, request: RequestBuilder, session: &str) -> RequestBuilder {
    if *method == Method::GET {
        return request;
    }
    request.json(&match path {
        "/api/customer/identify" => json!({"identity_token": Key::Secret.sign(&claims("roles"))}),
        "/api/customer/sign-out" => json!({}),
        "/api/sessions/{name}/typing" => json!({"is_typing": true}),
        "/api/sessions/{name}/viewing" => json!({"is_viewing": true}),
        people if people.starts_with("/api/sessions/{name}/") => json!({}),
        _original => json!({"message": "hello", "user_id": session, "session_id": session}),
    })
}

#[tokio::test]
async fn openapi_lists_every_status_of_the_role_table() {
    let document = super::document().await;
    for Line { method, path, outside, staff } in TABLE {
        for status in outside.iter().chain(staff) {
            let told = &document["paths"][path][method]["responses"][status.to_string()];
            assert!(told.is_object(), "{method} {path} does not tell of {status}");
        }
    }
}

/// What is registered is a row of [`ROUTES`]; other rows than these are files of the page and of the documentation, and an
/// alias.
#[tokio::test]
async fn every_route_is_in_the_role_table() {
    let document = super::document().await;
    let mut documented: Vec<(String, String)> = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        documented.extend(operations.as_object().unwrap().keys().map(|method| (method.clone(), path.clone())));
    }
    let mut listed: Vec<(String, String)> =
        TABLE.iter().map(|line| (line.method.to_owned(), line.path.to_owned())).collect();
    let rows = ROUTES.iter().filter(|row| row.is_documented);
    let mut rows: Vec<(String, String)> = rows.map(|row| (row.method.to_lowercase(), row.path.to_owned())).collect();
    documented.sort();
    listed.sort();
    rows.sort();
    assert_eq!(documented, listed, "the role table and the OpenAPI document list the same routes");
    assert_eq!(rows, listed, "the role table and the table of routes list the same routes");
}

#[test]
fn what_each_role_gets_is_what_the_table_of_routes_says() {
    for row in ROUTES.iter().filter(|row| row.is_documented) {
        let line = TABLE.iter().find(|line| line.method == row.method.to_lowercase() && line.path == row.path).unwrap();
        let lets_in = |statuses: [u16; 5], may: &dyn Fn(&Role) -> bool| {
            Role::ALL.iter().zip(statuses).all(|(role, status)| (status != 401 && status != 403) == may(role))
        };
        let is_right = match row.access {
            Access::Anybody => lets_in(line.staff, &|_| true) && line.outside == [line.staff[0]; 3],
            // A body may lack its fields.
            Access::Visitor => line.staff == [401; 5] && [[200; 3], [400; 3]].contains(&line.outside),
            Access::Staff(needed) => line.outside == [401; 3] && lets_in(line.staff, &|role| role.may(needed)),
            Access::CurrentUser => line.outside == [401; 3] && lets_in(line.staff, &|_| true),
            Access::StaffOrVisitor(needed) => {
                // No person is awaited in the session, and bodies lack their fields.
                let outside = [[404, 200, 404], [404, 409, 404], [400; 3]];
                outside.contains(&line.outside) && lets_in(line.staff, &|role| role.may(needed))
            }
        };
        assert!(is_right, "{row:?}");
    }
    for row in ROUTES.iter().filter(|row| !row.is_documented) {
        assert_eq!(row.access, Access::Anybody, "{row:?} is for no role, and is in no document");
    }
}

#[tokio::test]
async fn staff_sees_every_session_with_staff_only_fields() {
    let session = fresh("staff-sees");
    let customer = customer_with(&session).await;
    let answer = customer.chat(&session, "hello").await.unwrap();
    let at = format!("?min_position={}", answer["position"]);
    for name in [session.clone(), answer["session_id"].as_str().unwrap().to_owned()] {
        let shown = ok(desk().staff().get(&format!("/api/sessions/{name}{at}")).await.unwrap()).await;
        assert_eq!(shown["data"]["session"]["session_name"], session);
        let trail = shown["data"]["audit_trail"].as_array().unwrap();
        assert!(!trail.is_empty() && trail.iter().all(|entry| entry["operator"].is_string()), "{trail:?}");
    }
}

#[tokio::test]
async fn session_name_used_by_several_visitors_gets_409_for_staff() {
    let (session, staff) = (fresh("ambiguous"), desk().staff());
    let mut ids = Vec::new();
    let mut position = 0;
    for _ in 0..2 {
        let answer = desk().customer().chat(&session, "hello").await.unwrap();
        ids.push(answer["session_id"].clone());
        position = answer["position"].as_u64().unwrap();
    }
    ok(staff.get(&format!("/api/sessions?min_position={position}")).await.unwrap()).await;
    for path in [format!("/api/sessions/{session}"), format!("/api/sessions/{session}/events")] {
        let refused = super::problem(staff.get(&path).await.unwrap(), 409, "AMBIGUOUS_SESSION").await;
        assert_eq!(refused["session_ids"], Value::from(ids.clone()));
    }
    for id in &ids {
        let shown = ok(staff.get(&format!("/api/sessions/{}", id.as_str().unwrap())).await.unwrap()).await;
        assert_eq!(shown["data"]["session"]["session_id"], *id);
    }
}

#[tokio::test]
async fn foreign_origin_cannot_act_with_the_visitor_cookie() {
    let session = fresh("forged");
    let cookie = format!("desk_visitor={}", customer_with(&session).await.token().unwrap());
    let own = desk().url();
    for line in TABLE.iter().filter(|line| line.method == "post" && line.outside == [200; 3]) {
        let request = || tests::http_client::client().post(format!("{own}{}", line.path)).header("Cookie", &cookie);
        for foreign in ["https://evil.example", "null", "http://127.0.0.1", "https://127.0.0.1.evil.example", ""] {
            let response = with_body(&Method::POST, line.path, request().header("Origin", foreign), &session)
                .send()
                .await
                .unwrap();
            super::problem(response, 403, "FOREIGN_ORIGIN").await;
        }
        for request in [request().header("Origin", &own), request()] {
            assert_eq!(
                with_body(&Method::POST, line.path, request, &session).send().await.unwrap().status(),
                200,
                "{}",
                line.path
            );
        }
    }
}

#[tokio::test]
async fn invalid_expired_and_foreign_visitor_tokens_get_401() {
    let session = fresh("tokens");
    let customer = customer_with(&session).await;
    let good = customer.token().unwrap();
    let foreign = super::prepared::token_of(&[7; 32], uuid::Uuid::new_v4(), jiff::Timestamp::now());
    let key = hex::decode(std::fs::read_to_string(desk().data_dir().join("token-key")).unwrap().trim()).unwrap();
    let old = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(24 * 181);
    let expired = super::prepared::token_of(&key, uuid::Uuid::new_v4(), old);
    let cut = good[..good.len() - 2].to_owned();
    let unsigned = format!("eyJhbGciOiJub25lIn0.{}.", good.split('.').nth(1).unwrap());
    for token in ["x", "a.b.c", &foreign, &expired, &cut, &unsigned, &"x".repeat(4000)] {
        for Line { method, path, .. } in TABLE
            .iter()
            .filter(|line| line.outside[0] != 400)
            .filter(|line| line.path.starts_with("/api") && (line.outside[0] != 200 || line.method == "post"))
        {
            let (method, route, path) = (verb(method), path, path.replace("{name}", &session));
            let request = tests::http_client::client().request(method.clone(), format!("{}{path}", desk().url()));
            let request = request.header("Authorization", format!("Bearer {token}"));
            let response = with_body(&method, route, request, &session).send().await.unwrap();
            assert_eq!(response.headers()["www-authenticate"], "Bearer", "{method} {path} {token}");
            super::problem(response, 401, "UNAUTHORIZED").await;
        }
    }
}
