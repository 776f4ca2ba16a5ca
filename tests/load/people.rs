//! `desk-load people`: gives a running demo what a generated log cannot have, people who are there now: accounts of agents, customers
//! who wait for a person, and a session that an agent has.
//!
//! It does so by the HTTP interface, as anybody would. Run again, it makes no account twice; customers come anew.

use std::time::{Duration, Instant};

use clap::Args;
use serde_json::{Value, json};
use tests::desk::{Customer, Staff};

use super::measure::Failure;

/// Whose demo it is.
#[derive(Debug, Args)]
pub(super) struct PeopleArgs {
    /// Where it listens
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    url: String,
    /// The password of `admin`, and of the agents that are made
    #[arg(long)]
    password: String,
}

/// How long a first start over a generated log may take.
const START: Duration = Duration::from_secs(180);
/// Username, name, role.
const STAFF: [(&str, &str, &str); 3] =
    [("anna", "Anna Li", "agent"), ("bo", "Bo Chen", "agent"), ("mia", "Mia Sun", "supervisor")];
/// Sessions of customers who wait: what each says first, and why it wants a person.
const WAITING: [(&str, &str, &str); 4] = [
    ("demo-brakes", "My front brake squeals after rain, is that normal?", "I want to talk to a human agent, please."),
    (
        "demo-bestellung",
        "Wo ist meine Bestellung? Sie sollte gestern kommen.",
        "Ich möchte mit einem Mitarbeiter sprechen.",
    ),
    ("demo-电池", "电池充不满，只到80%。", "转人工客服"),
    ("demo-batterie", "Ma batterie ne charge plus depuis hier.", "Je veux parler à un conseiller humain."),
];
const LIVE: &str = "demo-display";

/// Waits for the server, and brings the people in.
///
/// # Errors
/// The server does not come, or refuses.
pub(super) async fn people(args: PeopleArgs) -> Result<(), Failure> {
    let PeopleArgs { url, password } = args;
    wait_for(&url).await?;
    let admin = Staff::new(url.clone(), sign_in(&url, "admin", &password).await?);
    let mut agents = Vec::new();
    for (username, name, role) in STAFF {
        agents.push(agent(&url, &admin, &password, (username, name, role)).await?);
    }
    for (session, first, then) in WAITING {
        asks_for_a_person(&url, session, &[first, then]).await?;
    }
    asks_for_a_person(&url, LIVE, &["The display of my bike stays dark.", "I want to talk to a human agent."]).await?;
    // Whoever has it already keeps it.
    agents[0].post(&format!("/api/sessions/{LIVE}/takeover"), &json!({"from": "any"})).await?;
    let hello = json!({"session_name": LIVE, "role": "agent", "content": "Hello, Anna here. Which model do you have?"});
    agents[0].post("/api/manual/messages", &hello).await?;
    say(&format!(
        "anna, bo (agents) and mia (supervisor) can sign in with {password:?}; {} customers wait",
        WAITING.len()
    ));
    Ok(())
}

async fn wait_for(url: &str) -> Result<(), Failure> {
    let (began, stranger) = (Instant::now(), Customer::new(url.to_owned()));
    while !stranger.get("/readyz").await.is_ok_and(|response| response.status() == 200) {
        if began.elapsed() > START {
            return Err(format!("no desk is ready at {url}").into());
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    Ok(())
}

async fn sign_in(url: &str, username: &str, password: &str) -> Result<String, Failure> {
    let body = json!({"username": username, "password": password});
    let answer: Value = Customer::new(url.to_owned()).post("/api/agent/login", &body).await?.json().await?;
    let token = answer["access_token"].as_str();
    Ok(token.ok_or_else(|| format!("{username} cannot sign in: {}", answer["detail"]))?.to_owned())
}

/// An account that can be used at once: the password that somebody else set is changed to the demo's.
async fn agent(
    url: &str,
    admin: &Staff,
    password: &str,
    (username, name, role): (&str, &str, &str),
) -> Result<Staff, Failure> {
    let first = format!("{password}, at first");
    let new = json!({"username": username, "password": first, "name": name, "role": role});
    if admin.post("/api/agents", &new).await?.status().is_success() {
        let staff = Staff::new(url.to_owned(), sign_in(url, username, &first).await?);
        let change = json!({"old_password": first, "new_password": password});
        staff.post("/api/agent/change-password", &change).await?.error_for_status()?;
    }
    Ok(Staff::new(url.to_owned(), sign_in(url, username, password).await?))
}

/// A customer of its own each time; staff finds the newest.
async fn asks_for_a_person(url: &str, session: &str, messages: &[&str]) -> Result<(), Failure> {
    let customer = Customer::new(url.to_owned());
    for message in messages {
        customer.post("/api/chat", &json!({"user_id": session, "message": message})).await?;
    }
    // Where the words did not call one, the button does.
    customer.post("/api/manual/escalate", &json!({"session_name": session})).await?;
    Ok(())
}

#[expect(clippy::print_stderr, reason = "who is there")]
fn say(text: &str) {
    eprintln!("desk-load: {text}");
}
