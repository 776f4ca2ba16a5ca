//! The visitor's cookie: beside others of its name, of another desk on the same host, and of an earlier version.

use reqwest::{Response, header::SET_COOKIE};
use serde_json::json;
use tests::desk::{Desk, Setup};

use super::super::{desk, fresh};

/// A new session at a server; what it set as cookies, `name=value` each.
async fn created(desk: &Desk, session: &str, cookie: &str) -> (Response, Vec<String>) {
    let request = tests::http_client::client().post(format!("{}/api/conversation/create", desk.url()));
    let request = request.json(&json!({"user_id": session})).header("Cookie", cookie);
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    let set = response.headers().get_all(SET_COOKIE).iter().map(|value| value.to_str().unwrap());
    let pairs = set.map(|cookie| cookie.split(';').next().unwrap().to_owned()).collect();
    (response, pairs)
}

async fn looking(desk: &Desk, session: &str, cookie: &str) -> Response {
    let request = tests::http_client::client().get(format!("{}/api/sessions/{session}/events", desk.url()));
    request.header("Cookie", cookie).send().await.unwrap()
}

#[tokio::test]
async fn the_first_good_cookie_of_our_name_counts_whatever_else_is_there() {
    let session = fresh("cookies");
    let (_, pairs) = created(desk(), &session, "").await;
    let [pair] = pairs.as_slice() else { panic!("{pairs:?}") };
    let (name, token) = pair.split_once('=').unwrap();
    for cookie in [
        format!("{name}=rubbish; {pair}"),
        format!("{name}=; {name}=a.b.c; {pair}; {name}=rubbish"),
        format!("no pair; =; broken=\"; {name}=\"{token}\""),
        format!("desk_visitor=rubbish; {pair}"),
    ] {
        let response = looking(desk(), &session, &cookie).await;
        assert_eq!(response.status(), 200, "{cookie}");
        assert!(response.headers().get("set-cookie").is_none(), "{cookie}");
    }
    assert_eq!(looking(desk(), &session, &format!("{name}x={token}")).await.status(), 404);
}

#[tokio::test]
async fn two_desks_on_one_host_do_not_take_each_others_cookie() {
    let other = Desk::start(Setup::default());
    let session = fresh("host");
    let (_, here) = created(desk(), &session, "").await;
    let (_, there) = created(&other, &session, &here[0]).await;
    assert_ne!(here[0].split('=').next(), there[0].split('=').next(), "one name each");
    let both = format!("{}; {}", there[0], here[0]);
    for desk in [desk(), &other] {
        assert_eq!(looking(desk, &session, &both).await.status(), 200);
    }
}

#[tokio::test]
async fn the_cookie_of_an_earlier_version_is_taken_and_replaced() {
    let session = fresh("earlier");
    let (_, pairs) = created(desk(), &session, "").await;
    let (name, token) = pairs[0].split_once('=').unwrap();
    let shared = format!("desk_visitor={token}");
    let response = looking(desk(), &session, &shared).await;
    assert_eq!(response.status(), 200, "the session is the visitor's");
    let set: Vec<&str> = response.headers().get_all(SET_COOKIE).iter().map(|value| value.to_str().unwrap()).collect();
    assert!(set[0].starts_with(&format!("{name}=")) && set[0].contains("Max-Age=15552000"), "{set:?}");
    assert!(set[1].starts_with("desk_visitor=;") && set[1].contains("Max-Age=0"), "{set:?}");
    let renewed = set[0].split(';').next().unwrap();
    assert_eq!(looking(desk(), &session, renewed).await.status(), 200);
}
