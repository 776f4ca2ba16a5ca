//! Accounts and sessions from before names were kept in NFC: they are found under the name that they have, with the id that they have.

use commands::sessions::OpenSession;
use domain::{
    AgentId, SessionId, VisitorId,
    agent::{Role, command::NewAccount, event::PasswordOrigin},
    text::{PersonName, SessionName, Username},
};
use event_store::Actor;
use serde_json::{Value, json};
use tests::app_without_processes::{self, visitor_token};
use uuid::Uuid;

/// Two letters of Korean as three: they were always taken in names, and are one character in NFC.
const DECOMPOSED: &str = "\u{1112}\u{1161}\u{11ab}";
const COMPOSED: &str = "\u{d55c}";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_are_looked_up_as_they_were_sent_and_then_in_nfc() {
    let served = app_without_processes::serve_in_memory().await;
    let (app, url) = (&served.services, &served.url);

    // A session as it was made then, under the very name.
    let (visitor, name) = (VisitorId(Uuid::from_u128(7)), SessionName::parse(DECOMPOSED.to_owned()).unwrap());
    let old = OpenSession { visitor, name, key: None, correlation_id: Uuid::nil() };
    let old = app.sessions.open(old).await.unwrap().session;
    assert_eq!(old, SessionId::of(visitor, DECOMPOSED));
    let (accounts, log_id) = (&app.staff.accounts, app.identity.log_id);

    let create = async |visitor: VisitorId, name: &str| {
        let request = tests::http_client::client().post(format!("{url}/api/conversation/create"));
        let request = request.bearer_auth(visitor_token(visitor)).json(&json!({"user_id": name}));
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        answer["position"].as_u64().unwrap()
    };
    assert_eq!(create(visitor, DECOMPOSED).await, 1, "the old session, and nothing new");
    assert_eq!(create(visitor, COMPOSED).await, 2, "the other name is another session, as it was");
    let other = VisitorId(Uuid::from_u128(8));
    assert_eq!(create(other, DECOMPOSED).await, 3);
    assert_eq!(create(other, COMPOSED).await, 3, "new sessions have one form");

    // An account as it was made then cannot be made any more, so it is looked for where it would be.
    let username = Username::parse(DECOMPOSED).unwrap();
    let found = accounts.by_name(&username).await.unwrap();
    assert_eq!(found.agent, AgentId::of(log_id, &username.composed()), "there is none: then in NFC");
    let new = NewAccount {
        name: PersonName::parse("Han").unwrap(),
        username: username.clone(),
        email: None,
        role: Role::Agent,
        skills: Vec::new(),
        languages: Vec::new(),
        capacity: 5,
        hash: domain::agent::event::PasswordHash("x".to_owned()),
        by: PasswordOrigin::Owner,
    };
    let made = accounts.create(Actor::new("system", "test"), new, Uuid::nil()).await.unwrap();
    assert_eq!(made.account.username, Some(username.composed()));
    assert_eq!(accounts.by_name(&username).await.unwrap().agent, made.agent);
}
