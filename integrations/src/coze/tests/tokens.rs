//! Tokens: exchanged once, kept up to a margin before their end, replaced once when they are refused.

use domain::session::event::FailureCode;
use futures::future::join_all;
use serde_json::{Value, json};

use super::{server::Server, *};

const NOW: i64 = 1_720_000_000;

/// Answers token requests with `expires_in` and numbers the tokens; makes conversations unless the token is refused.
async fn server(expires_in: i64, refused: &'static [&'static str]) -> Server {
    Server::start(move |number, asked| {
        if asked.line.contains("/oauth2/token") {
            return (200, json!({"access_token": format!("czs_{number}"), "expires_in": expires_in}).to_string());
        }
        let token = asked.headers["authorization"].trim_start_matches("Bearer ").to_owned();
        if refused.contains(&&*token) {
            return (401, json!({"code": 4100, "msg": "authentication is invalid"}).to_string());
        }
        (200, json!({"code": 0, "data": {"id": "7480"}, "detail": {"logid": "x"}}).to_string())
    })
    .await
}

fn coze(server: &Server, clock: &Arc<SetClock>) -> Coze {
    let clock: Arc<dyn Clock> = Arc::clone(clock) as Arc<dyn Clock>;
    Coze::new(&config(&server.url), clock).expect("the settings can be used")
}

async fn secret(coze: &Coze, number: u8) -> String {
    coze.calls.tokens.get(session(number)).await.expect("there is one").secret().to_owned()
}

fn exchanges(server: &Server) -> usize {
    server.asked().iter().filter(|asked| asked.line.contains("/oauth2/token")).count()
}

#[tokio::test]
async fn a_hundred_who_ask_at_once_cause_one_exchange_for_each_session() {
    let server = server(NOW + 3600, &[]).await;
    let coze = coze(&server, &SetClock::at(NOW));
    let secrets = join_all((0..100).map(|number| secret(&coze, number % 2))).await;
    assert_eq!(exchanges(&server), 2);
    assert!(secrets.iter().step_by(2).all(|secret| *secret == secrets[0]));
    assert_ne!(secrets[0], secrets[1], "each session has its own");
}

#[tokio::test]
async fn the_exchange_is_asked_for_as_documented() {
    let server = server(NOW + 3600, &[]).await;
    secret(&coze(&server, &SetClock::at(NOW)), 1).await;
    let asked = &server.asked()[0];
    assert_eq!(asked.line, "POST /api/permission/oauth2/token HTTP/1.1");
    let body: Value = serde_json::from_str(&asked.body).expect("it is JSON");
    assert_eq!(body["grant_type"], "urn:ietf:params:oauth:grant-type:jwt-bearer");
    assert!((1..=86_399).contains(&body["duration_seconds"].as_i64().expect("a number")));
    assert_eq!(asked.headers["content-type"], "application/json");
}

#[tokio::test]
async fn a_token_is_kept_up_to_a_margin_before_its_absolute_end() {
    let server = server(NOW + 3600, &[]).await;
    let clock = SetClock::at(NOW);
    let coze = coze(&server, &clock);
    let first = secret(&coze, 1).await;
    clock.advance(3600 - 61);
    assert_eq!(secret(&coze, 1).await, first);
    clock.advance(2);
    assert_ne!(secret(&coze, 1).await, first);
    assert_eq!(exchanges(&server), 2);
}

#[tokio::test]
async fn a_small_expires_in_is_a_duration() {
    let server = server(900, &[]).await;
    let clock = SetClock::at(NOW);
    let coze = coze(&server, &clock);
    let first = secret(&coze, 1).await;
    clock.advance(839);
    assert_eq!(secret(&coze, 1).await, first);
    clock.advance(2);
    let several = join_all((0..20).map(|_| secret(&coze, 1))).await;
    let second = several[0].clone();
    assert!(second != first && several.iter().all(|secret| *secret == second));
    clock.advance(839);
    assert_eq!((secret(&coze, 1).await, exchanges(&server)), (second, 2));
}

#[tokio::test]
async fn a_refused_token_is_replaced_once_and_each_jwt_is_fresh() {
    let server = server(NOW + 3600, &["czs_0"]).await;
    let coze = coze(&server, &SetClock::at(NOW));
    assert_eq!(coze.calls.create_conversation(session(1)).await.expect("the second token works"), "7480");
    let asked = server.asked();
    assert_eq!((asked.len(), exchanges(&server)), (4, 2));
    assert_eq!(coze.token_exchanges(), (2, 0));
    assert_ne!(asked[0].headers["authorization"], asked[2].headers["authorization"]);
}

#[tokio::test]
async fn a_token_that_is_refused_again_is_an_error_and_not_a_loop() {
    let server = server(NOW + 3600, &["czs_0", "czs_2", "czs_4"]).await;
    let coze = coze(&server, &SetClock::at(NOW));
    let error = coze.calls.create_conversation(session(1)).await.expect_err("no token works").error;
    assert_eq!((error.code, error.retryable, error.error_code.as_deref()), (FailureCode::Refused, false, Some("4100")));
    assert_eq!(server.asked().len(), 4);
}

#[tokio::test]
async fn a_personal_token_is_sent_as_it_is_and_never_exchanged() {
    let server = server(NOW, &["pat_1"]).await;
    let config = CozeConfig { auth: CozeAuth::PersonalToken("pat_1".to_owned()), ..config(&server.url) };
    let coze = Coze::new(&config, SetClock::at(NOW)).expect("the settings can be used");
    let error = coze.calls.create_conversation(session(1)).await.expect_err("it is refused").error;
    assert_eq!((error.code, server.asked().len()), (FailureCode::Refused, 1));
    assert_eq!(coze.token_info().total_sessions, 0);
    coze.refresh_token(session(1)).await.expect("there is nothing to do");
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn what_the_token_endpoint_refuses_an_operator_must_put_right_and_its_troubles_pass() {
    let cases = [
        (
            400,
            json!({"error_code": "invalid_request", "error_message": "invalid request: iss"}),
            FailureCode::Refused,
            "invalid_request",
        ),
        (401, json!({"error_code": "invalid_client"}), FailureCode::Refused, "invalid_client"),
        (
            403,
            json!({"error_code": "access_deny", "error_message": "deactivated by the owner"}),
            FailureCode::Refused,
            "access_deny",
        ),
        (500, json!({"error_code": "internal_error"}), FailureCode::Unavailable, "internal_error"),
        (200, json!({"code": 700_012_006, "msg": "access token invalid"}), FailureCode::Refused, "700012006"),
        (401, json!({}), FailureCode::Refused, "http_401"),
        (502, json!("<html>"), FailureCode::Unavailable, "http_502"),
    ];
    for (status, body, code, error_code) in cases {
        let server = Server::start(move |_, _| (status, body.to_string())).await;
        let error = coze(&server, &SetClock::at(NOW)).refresh_token(session(1)).await.expect_err("there is none");
        assert_eq!((error.code, error.error_code.as_deref()), (code, Some(error_code)));
        assert_eq!((error.retryable, error.log_id.as_deref()), (code == FailureCode::Unavailable, Some("log-0")));
        assert_eq!(server.asked().len(), 1, "no refresh of what is none");
    }
    for body in [
        json!({"access_token": "", "expires_in": 900}),
        json!({"access_token": "czs"}),
        json!({}),
        json!({"access_token": "a b", "expires_in": 9}),
    ] {
        let server = Server::start(move |_, _| (200, body.to_string())).await;
        let error = coze(&server, &SetClock::at(NOW)).refresh_token(session(1)).await.expect_err("there is none");
        assert_eq!(error.code, FailureCode::Malformed);
    }
}

#[tokio::test]
async fn a_failed_exchange_is_shared_by_those_who_wait_and_not_kept() {
    let server = Server::start(|number, _| match number {
        0 => (500, json!({"error_code": "internal_error"}).to_string()),
        _ => (200, json!({"access_token": "czs", "expires_in": NOW + 3600}).to_string()),
    })
    .await;
    let coze = coze(&server, &SetClock::at(NOW));
    let failed = join_all((0..50).map(|_| coze.calls.tokens.get(session(1)))).await;
    assert!(failed.iter().all(Result::is_err));
    assert_eq!((server.asked().len(), secret(&coze, 1).await.as_str()), (1, "czs"));
}

#[tokio::test]
async fn token_info_says_who_has_one_and_shows_nothing_of_it() {
    let server = server(NOW + 3600, &[]).await;
    let clock = SetClock::at(NOW);
    let coze = coze(&server, &clock);
    secret(&coze, 1).await;
    let shown = serde_json::to_value(coze.token_info()).expect("it is JSON");
    let expected = json!({"is_valid": true, "expires_at": NOW + 3600, "token_preview": "***"});
    assert_eq!(shown, json!({"total_sessions": 1, "sessions": {session(1).to_string(): expected}}));
    clock.advance(3600);
    assert!(!coze.token_info().sessions[&session(1).to_string()].is_valid);
    coze.refresh_token(session(1)).await.expect("it can be replaced");
    assert_eq!((secret(&coze, 1).await.is_empty(), exchanges(&server) >= 2), (false, true));
}
