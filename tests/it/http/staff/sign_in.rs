//! Sign-in, refresh and sign-out of staff.

use domain::agent::Role;
use serde_json::json;

use super::{FIRST, Member, desk, fresh, login, make, ok, post, post_from, refresh, refresh_token, token};
use crate::http::problem;

#[tokio::test]
async fn sign_in_answer_has_the_original_fields() {
    let member = Member::with_role(Role::Supervisor).await;
    for (path, field) in
        [("/api/agent/login", "username"), ("/api/auth/agent/login", "agent_id"), ("/api/v1/agent/login", "username")]
    {
        let answer = ok(post(path, &json!({field: member.username, "password": member.password})).await).await;
        assert_eq!((&answer["success"], &answer["expires_in"]), (&json!(true), &json!(900)));
        assert_eq!(answer["token"], answer["access_token"]);
        let agent = &answer["agent"];
        assert_eq!((&agent["username"], &agent["role"]), (&json!(member.username), &json!("supervisor")));
        assert_eq!(
            (&agent["name"], &agent["status"], &agent["max_sessions"]),
            (&json!("Anna Li"), &json!("online"), &json!(5))
        );
        assert!(answer["permissions"].as_array().unwrap().contains(&json!("session:read")));
        let shown = answer.to_string();
        assert!(!shown.contains("argon2") && !shown.contains(&member.password), "{shown}");
    }
}

#[tokio::test]
async fn usernames_are_case_insensitive() {
    let member = Member::with_role(Role::Agent).await;
    ok(login(&json!({"username": member.username.to_uppercase(), "password": member.password})).await).await;
}

#[tokio::test]
async fn failed_sign_in_does_not_reveal_whether_the_account_exists() {
    let closed = Member::with_role(Role::Agent).await;
    ok(desk().staff().request(reqwest::Method::DELETE, &format!("/api/agents/{}", closed.id)).send().await.unwrap())
        .await;
    let there = Member::with_role(Role::Agent).await;
    let mut told = Vec::new();
    for body in [
        json!({"username": fresh("nobody"), "password": "whatever it is"}),
        json!({"username": there.username, "password": "not the right one"}),
        json!({"username": "../etc/passwd\u{0}", "password": "whatever it is"}),
        closed.credentials(),
    ] {
        let mut refused = problem(login(&body).await, 401, "INVALID_CREDENTIALS").await;
        refused.as_object_mut().unwrap().remove("request_id");
        told.push(refused);
    }
    assert!(told.windows(2).all(|pair| pair[0] == pair[1]), "{told:?}");
}

#[tokio::test]
async fn sign_in_without_a_field_names_it() {
    for (body, field) in [
        (json!({"password": "x"}), "username"),
        (json!({"username": "x"}), "password"),
        (json!({"username": "x", "password": "x", "device_id": "short"}), "device_id"),
    ] {
        let refused = problem(login(&body).await, 400, "INVALID_FIELD").await;
        assert_eq!(refused["field"], field);
    }
}

#[tokio::test]
async fn password_set_by_an_administrator_must_be_changed_first() {
    let username = fresh("new");
    make(&username, Role::Admin).await;
    let answer = ok(login(&json!({"username": username, "password": FIRST})).await).await;
    let staff = tests::desk::Staff::new(desk().url(), token(&answer));
    problem(staff.get("/api/sessions").await.unwrap(), 403, "PASSWORD_CHANGE_REQUIRED").await;
    problem(staff.get("/api/agents").await.unwrap(), 403, "PASSWORD_CHANGE_REQUIRED").await;
    let change = |old: &str, new: &str| json!({"old_password": old, "new_password": new});
    let path = "/api/agent/change-password";
    problem(staff.post(path, &change("wrong", "long enough words")).await.unwrap(), 400, "OLD_PASSWORD_INCORRECT")
        .await;
    problem(staff.post(path, &change(FIRST, FIRST)).await.unwrap(), 400, "PASSWORD_SAME").await;
    for bad in ["short", "password123", &format!("{username} and more")] {
        problem(staff.post(path, &change(FIRST, bad)).await.unwrap(), 400, "INVALID_PASSWORD").await;
    }
    ok(staff.post(path, &change(FIRST, "long enough words")).await.unwrap()).await;
    ok(staff.get("/api/sessions").await.unwrap()).await;
}

#[tokio::test]
async fn refresh_rotates_tokens_and_repeats_a_lost_answer() {
    let member = Member::with_role(Role::Agent).await;
    let next = ok(refresh(&member.refresh_token).await).await;
    assert_ne!(refresh_token(&next), member.refresh_token);
    let again = ok(refresh(&member.refresh_token).await).await;
    assert_eq!(refresh_token(&again), refresh_token(&next), "the same successor");
    let staff = tests::desk::Staff::new(desk().url(), token(&next));
    ok(staff.get("/api/agent/profile").await.unwrap()).await;
}

#[tokio::test]
async fn three_tabs_that_reload_again_and_again_sign_nobody_out() {
    let member = Member::with_role(Role::Agent).await;
    let mut newest = member.refresh_token.clone();
    let mut tabs = [newest.clone(), newest.clone(), newest.clone()];
    for reload in 0..9 {
        let answer = ok(refresh(&newest).await).await;
        newest = refresh_token(&answer);
        // This tab has known nothing of the exchanges since its own last one.
        let late = ok(refresh(&tabs[reload % 3]).await).await;
        assert_eq!(refresh_token(&late), newest, "the newest pair");
        ok(tests::desk::Staff::new(desk().url(), token(&late)).get("/api/agent/profile").await.unwrap()).await;
        tabs[reload % 3] = refresh_token(&late);
    }
}

#[tokio::test]
async fn concurrent_refreshes_get_the_same_tokens() {
    let member = Member::with_role(Role::Agent).await;
    let both = futures::future::join_all((0..8).map(|_| refresh(&member.refresh_token))).await;
    let mut tokens = Vec::new();
    for answer in both {
        tokens.push(refresh_token(&ok(answer).await));
    }
    assert!(tokens.windows(2).all(|pair| pair[0] == pair[1]), "{tokens:?}");
}

#[tokio::test]
async fn access_and_refresh_tokens_are_not_interchangeable() {
    let member = Member::with_role(Role::Agent).await;
    let answer = ok(login(&member.credentials()).await).await;
    problem(refresh(&token(&answer)).await, 401, "INVALID_REFRESH_TOKEN").await;
    let other = tests::desk::Staff::new(desk().url(), refresh_token(&answer));
    problem(other.get("/api/sessions").await.unwrap(), 401, "UNAUTHORIZED").await;
}

#[tokio::test]
async fn sign_out_ends_only_this_sign_in() {
    let member = Member::with_role(Role::Agent).await;
    let (other, _) = member.again().await;
    ok(member.staff.post("/api/agent/logout", &json!({})).await.unwrap()).await;
    problem(member.staff.get("/api/agent/profile").await.unwrap(), 401, "SIGNED_OUT").await;
    problem(refresh(&member.refresh_token).await, 401, "SIGNED_OUT").await;
    ok(other.get("/api/agent/profile").await.unwrap()).await;
}

#[tokio::test]
async fn own_sign_ins_are_listed_and_can_be_ended() {
    let member = Member::with_role(Role::Agent).await;
    let elsewhere = std::net::Ipv4Addr::new(127, 9, 8, 7);
    let answer = ok(post_from(elsewhere, "/api/agent/login", &member.credentials()).await).await;
    let other = tests::desk::Staff::new(desk().url(), token(&answer));
    let listed = super::super::eventually(
        || async { ok(member.staff.get("/api/agent/sign-ins").await.unwrap()).await },
        |listed| listed["data"].as_array().unwrap().len() == 2,
    )
    .await;
    let rows = listed["data"].as_array().unwrap();
    let its = rows.iter().find(|row| row["is_this"] == false).unwrap();
    assert_eq!(its["address"], "127.9.8.7");
    let path = format!("/api/agent/sign-ins/{}", its["id"].as_str().unwrap());
    let stranger = Member::with_role(Role::Admin).await;
    problem(stranger.staff.request(reqwest::Method::DELETE, &path).send().await.unwrap(), 404, "NOT_FOUND").await;
    ok(member.staff.request(reqwest::Method::DELETE, &path).send().await.unwrap()).await;
    problem(other.get("/api/agent/profile").await.unwrap(), 401, "SIGNED_OUT").await;
    ok(member.staff.get("/api/agent/profile").await.unwrap()).await;
}

#[tokio::test]
async fn password_change_ends_all_other_sign_ins() {
    let member = Member::with_role(Role::Agent).await;
    let (other, refresh_of_other) = member.again().await;
    let change = json!({"old_password": member.password, "new_password": "and now another"});
    ok(member.staff.post("/api/agent/change-password", &change).await.unwrap()).await;
    problem(other.get("/api/agent/profile").await.unwrap(), 401, "SIGNED_OUT").await;
    problem(refresh(&refresh_of_other).await, 401, "SIGNED_OUT").await;
    ok(member.staff.get("/api/agent/profile").await.unwrap()).await;
    problem(login(&member.credentials()).await, 401, "INVALID_CREDENTIALS").await;
}
