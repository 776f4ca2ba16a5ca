//! A day and a half at a started server in seconds, because its clock is moved: at night a customer asks for a person and the
//! team gets a mail; in the morning the session stands in the queue, but nobody comes; the next morning an agent takes it and is
//! lost. The customer's stream, which is open all the time, tells each step; `desk-replay` tells them again.

use std::{fs, path::PathBuf, process::Command, time::Duration};

use jiff::{SignedDuration, Timestamp};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::{
    desk::{ADMIN_PASSWORD, Customer, Desk, EventFrame, Frames, Setup, Staff, program},
    mail_server::MailServer,
};

const LIMIT: Duration = Duration::from_secs(30);
const SESSION: &str = "long-shift";
/// Just after a moment that something happens at.
const MARGIN: SignedDuration = SignedDuration::from_secs(5);

/// A server whose people work for eight hours a day, from two to three hours after its start on.
struct Shop {
    desk: Desk,
    started_at: Timestamp,
    opens_at: Timestamp,
    clock: PathBuf,
    mails: MailServer,
    _folder: TempDir,
}

impl Shop {
    fn open() -> Self {
        let (folder, mails) = (tempfile::tempdir().unwrap(), MailServer::start(&[]));
        let clock = folder.path().join("clock");
        fs::write(&clock, "0").unwrap();
        let started_at = Timestamp::now();
        let hour = started_at.as_second() - started_at.as_second() % 3600;
        let opens_at = Timestamp::from_second(hour).unwrap() + SignedDuration::from_hours(3);
        let closes_at = opens_at + SignedDuration::from_hours(8);
        let environment = vec![
            ("DESK_CLOCK_FILE", clock.display().to_string()),
            ("DESK_DEV", "true".to_owned()),
            ("DESK_TIME_ZONE", "UTC".to_owned()),
            ("HUMAN_SHIFT_START", opens_at.strftime("%H:%M").to_string()),
            ("HUMAN_SHIFT_END", closes_at.strftime("%H:%M").to_string()),
            ("WEEKENDS_DISABLED", "false".to_owned()),
            ("DESK_AGENT_LOST_AFTER", "2s".to_owned()),
            ("DESK_SMTP_HOST", "127.0.0.1".to_owned()),
            ("DESK_SMTP_PORT", mails.port().to_string()),
            ("DESK_SMTP_SECURITY", "none".to_owned()),
            ("DESK_EMAIL_FROM", "desk@example.com".to_owned()),
            ("DESK_EMAIL_RECIPIENTS", "team@example.com".to_owned()),
        ];
        let desk = Desk::start(Setup { environment, ..Setup::default() });
        Self { desk, started_at, opens_at, clock, mails, _folder: folder }
    }

    /// The server's clock is moved to just after this moment, and goes on from there.
    fn move_clock_past(&self, moment: Timestamp) {
        let offset = moment.duration_since(Timestamp::now()) + MARGIN;
        fs::write(&self.clock, offset.as_secs().to_string()).unwrap();
    }

    /// Signed in anew, because the clock has outlived any token.
    async fn admin(&self) -> Staff {
        let credentials = json!({"username": "admin", "password": ADMIN_PASSWORD});
        let answer = ok(self.desk.customer().post("/api/agent/login", &credentials).await.unwrap()).await;
        Staff::new(self.desk.url(), answer["access_token"].as_str().unwrap().to_owned())
    }

    /// The names of the sessions in the queue, as of a position at least.
    async fn queue(&self, position: &Value) -> Vec<String> {
        let path = format!("/api/sessions/queue?min_position={position}");
        let queue = ok(self.admin().await.get(&path).await.unwrap()).await["data"]["queue"].clone();
        let name = |row: &Value| row["session_name"].as_str().unwrap().to_owned();
        queue.as_array().unwrap().iter().map(name).collect()
    }

    /// The text of the newest of so many mails.
    fn mail(&self, count: usize) -> String {
        let mails = tokio::task::block_in_place(|| self.mails.wait_for(count));
        assert_eq!(mails.len(), count);
        mails[count - 1].text.clone()
    }

    /// As the customer reads it.
    fn in_words(&self, moment: Timestamp) -> String {
        moment.strftime("%A %-d %B at %H:%M (UTC)").to_string()
    }
}

async fn ok(response: Response) -> Value {
    let status = response.status();
    let text = response.text().await.unwrap();
    assert!(status.is_success(), "{status}: {text}");
    serde_json::from_str(&text).unwrap()
}

/// What the customer's stream says.
struct Screen(Frames);

impl Screen {
    /// The data of the frames up to and with the next of this type.
    async fn until(&mut self, event: &str) -> Vec<Value> {
        let event_type = format!("session.{event}");
        let is_last = |frame: &EventFrame| frame.event.as_deref() == Some(&*event_type);
        let frames = tokio::time::timeout(LIMIT, self.0.until(is_last)).await;
        let frames = frames.unwrap_or_else(|_| panic!("{event} does not come"));
        assert!(frames.last().is_some_and(is_last), "the stream ends before {event}");
        frames.into_iter().map(|frame| frame.data).collect()
    }

    /// The text of the next notice.
    async fn notice(&mut self) -> String {
        let seen = self.until("notice_given").await;
        seen.last().unwrap()["data"]["text"].as_str().unwrap().to_owned()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn night_opening_nobody_and_a_lost_agent_each_lead_to_the_next_step() {
    let shop = tokio::task::block_in_place(Shop::open);
    let customer = shop.desk.customer();
    let session = ok(customer.post("/api/chat", &json!({"user_id": SESSION, "message": "hello"})).await.unwrap()).await;
    let session = session["session_id"].as_str().unwrap();
    let mut screen = Screen(customer.follow(SESSION, None).await.unwrap());

    asks_at_night(&shop, &customer, &mut screen).await;
    stands_in_the_queue_at_opening(&shop, &mut screen, shop.opens_at).await;
    nobody_comes(&shop, &customer, &mut screen).await;
    let tomorrow = shop.opens_at + SignedDuration::from_hours(24);
    stands_in_the_queue_at_opening(&shop, &mut screen, tomorrow).await;
    agent_is_lost(&shop, session, &mut screen).await;
    another_answers_and_closes(&shop, session, &mut screen).await;
    replay_tells_it_again(&shop, session);
    let took = Timestamp::now().duration_since(shop.started_at);
    println!("a day and a half took {took:#}");
}

async fn asks_at_night(shop: &Shop, customer: &Customer, screen: &mut Screen) {
    let asked = customer.post("/api/manual/escalate", &json!({"session_name": SESSION})).await.unwrap();
    let asked = ok(asked).await;
    assert_eq!(asked["data"]["status"], "after_hours_email");
    assert_eq!((&asked["email_sent"], &asked["is_in_shift"]), (&json!(true), &json!(false)));
    let told = screen.notice().await;
    assert!(told.contains(&format!("We are back on {}.", shop.in_words(shop.opens_at))), "{told}");
    assert!(shop.mail(1).contains(SESSION));
    assert_eq!(shop.queue(&asked["position"]).await, [""; 0]);
    // The assistant goes on, and the address that it is asked for is noted.
    let answer = customer.chat(SESSION, "Please write to anna@example.com").await.unwrap();
    assert_eq!(answer["success"], true, "{answer}");
    screen.until("profile_changed").await;
}

async fn stands_in_the_queue_at_opening(shop: &Shop, screen: &mut Screen, opening: Timestamp) {
    shop.move_clock_past(opening);
    let seen = screen.until("escalated").await;
    let position = &seen.last().unwrap()["position"];
    assert_eq!(shop.queue(position).await, [SESSION]);
}

/// By default the customer is told so, the team gets another mail, and at the next opening the session waits again.
async fn nobody_comes(shop: &Shop, customer: &Customer, screen: &mut Screen) {
    shop.move_clock_past(shop.opens_at + SignedDuration::from_mins(11));
    let given = screen.until("after_hours_notice_given").await;
    let told = screen.notice().await;
    let tomorrow = shop.in_words(shop.opens_at + SignedDuration::from_hours(24));
    assert!(told.contains(&tomorrow) && !told.contains("e-mail"), "{told}");
    assert!(shop.mail(2).contains("anna@example.com"));
    let path = format!("/api/sessions/{SESSION}?min_position={}", given.last().unwrap()["position"]);
    let shown = ok(customer.get(&path).await.unwrap()).await;
    assert_eq!(shown["data"]["session"]["status"], "after_hours_email");
}

async fn agent_is_lost(shop: &Shop, session: &str, screen: &mut Screen) {
    let agent = shop.admin().await;
    ok(agent.post("/api/agent/heartbeat", &json!({})).await.unwrap()).await;
    ok(agent.post(&format!("/api/sessions/{session}/takeover"), &json!({})).await.unwrap()).await;
    screen.until("agent_took_over").await;
    let seen = screen.until("returned_to_queue").await;
    let told = seen.iter().rfind(|event| event["type"] == "session.notice_given").unwrap();
    assert_eq!(told["data"]["notice"]["code"], "agent_lost");
    assert_eq!(seen.last().unwrap()["data"]["reason"], "agent_lost");
    assert_eq!(shop.queue(&seen.last().unwrap()["position"]).await, [SESSION]);
}

/// Without heartbeats, as the original's clients: who sends none is not lost.
async fn another_answers_and_closes(shop: &Shop, session: &str, screen: &mut Screen) {
    let agent = shop.admin().await;
    ok(agent.post(&format!("/api/sessions/{session}/takeover"), &json!({})).await.unwrap()).await;
    let said = json!({"session_name": session, "role": "agent", "content": "Here I am"});
    let request = agent.request(Method::POST, "/api/manual/messages").json(&said);
    ok(request.send().await.unwrap()).await;
    assert_eq!(screen.until("agent_message_sent").await.last().unwrap()["personal"]["text"], "Here I am");
    ok(agent.post(&format!("/api/sessions/{session}/close"), &json!({})).await.unwrap()).await;
    screen.until("closed").await;
}

fn replay_tells_it_again(shop: &Shop, session: &str) {
    let mut replay = Command::new(program("desk-replay"));
    replay.arg("--store").arg(shop.desk.data_dir()).arg("--master-key").arg(shop.desk.master_key_file());
    let output = replay.args(["show", session]).output().unwrap();
    let shown = String::from_utf8(output.stdout).unwrap() + &String::from_utf8_lossy(&output.stderr);
    assert_eq!(shown.matches("sent at attempt 1").count(), 2, "{shown}");
    let mut rest = &*shown;
    for expected in [
        "ESCALATED: manual, rule R1",
        &format!("We are back on {}.", shop.in_words(shop.opens_at)),
        "to the team asked for: escalation",
        "| e-mail: anna@example.com",
        "rule opening_time",
        "-> pending_manual",
        "-> after_hours_email",
        &format!("We are back on {}.", shop.in_words(shop.opens_at + SignedDuration::from_hours(24))),
        "rule opening_time",
        "taken over by agent",
        "from our customer service has joined the chat",
        "lost the connection",
        ": agent_lost  -> pending_manual",
        "| Here I am",
        "This chat has been closed.",
        "closed: resolved",
    ] {
        let (_, after) =
            rest.split_once(expected).unwrap_or_else(|| panic!("{expected:?} does not follow in\n{shown}"));
        rest = after;
    }
}
