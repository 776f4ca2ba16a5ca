//! Which assistant a started program asks: flags move new sessions to another order, and a budget that is spent moves them to the FAQ
//! until the shop's day ends. A stand-in for a model's server answers the other questions.

use std::{collections::BTreeMap, fs, time::Duration};

use serde_json::{Value, json};
use tests::{
    contract_server::ContractServer,
    desk::{ADMIN_PASSWORD, Desk, Setup, Staff},
};
use uuid::Uuid;

use crate::crash::until;

const PATIENCE: Duration = Duration::from_secs(20);

/// A program with a model, each of whose answers takes 21 tokens.
fn start(model: &ContractServer, more: &[(&'static str, &str)]) -> Desk {
    let mut environment = vec![
        ("DESK_OPENAI_BASE_URL", format!("{}/v1", model.url())),
        ("DESK_OPENAI_MODEL", "test-model".to_owned()),
        ("DESK_OPENAI_API_KEY", "sk-key-of-the-shop".to_owned()),
    ];
    environment.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
    Desk::start(Setup { environment, ..Setup::default() })
}

fn model() -> ContractServer {
    ContractServer::start("openai_server.py", &["--dialect", "openai", "--key", "sk-key-of-the-shop"])
}

/// A new customer asks: who was asked, and the variant, as the log has them.
async fn ask(desk: &Desk) -> (String, Option<String>) {
    ask_before(desk, &desk.staff()).await
}

async fn ask_before(desk: &Desk, staff: &Staff) -> (String, Option<String>) {
    let (customer, session) = (desk.customer(), format!("order-{}", Uuid::new_v4().simple()));
    customer.arrive(&session).await.unwrap();
    let answer = customer.chat(&session, "How do I return my bike?").await.unwrap();
    assert_eq!(answer["success"], true, "{answer}");
    let stream = format!("session-{}", answer["session_id"].as_str().unwrap());
    let log = staff.log().await.unwrap();
    let started = log
        .iter()
        .rev()
        .find(|event| event["stream"] == stream.as_str() && event["type"] == "session.assistant_run_started");
    let data = &started.expect("an answer has a run")["data"];
    (data["assistant"].as_str().unwrap().to_owned(), data["variant"].as_str().map(str::to_owned))
}

async fn publish(desk: &Desk, document: &str) -> u64 {
    let body = json!({"document": document, "reason": "half of them try the FAQ alone"});
    let answer = desk.staff().post("/api/flags", &body).await.unwrap().error_for_status().unwrap();
    answer.json::<Value>().await.unwrap()["version"].as_u64().unwrap()
}

const HALF: &str = "[flags.assistant_order]\ntype = \"string\"\nshare_seed = \"winter\"\nvariant_seed = \"winter variants\"\n\
                    rules = [{ percent = 50 }]\nvariants = [\n\
                    { name = \"faq alone\", share = 60, assistants = [\"faq\"] },\n\
                    { name = \"model\", share = 40, assistants = [\"coze\", \"openai\"] },\n]\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flag_that_is_changed_moves_new_sessions_to_another_order_without_a_restart() {
    let model = model();
    let desk = start(&model, &[]);
    assert_eq!(ask(&desk).await, ("openai".to_owned(), None));
    assert_eq!(publish(&desk, HALF).await, 1);
    let mut counts: BTreeMap<(String, Option<String>), u32> = BTreeMap::new();
    for _ in 0..100 {
        *counts.entry(ask(&desk).await).or_default() += 1;
    }
    let count = |assistant: &str, variant: Option<&str>| {
        counts.get(&(assistant.to_owned(), variant.map(str::to_owned))).copied().unwrap_or_default()
    };
    let out = count("openai", None);
    let (alone, first) = (count("faq", Some("faq alone")), count("openai", Some("model")));
    assert_eq!(out + alone + first, 100, "{counts:?}");
    // Five standard deviations of 100 tries at 50, 30 and 20 percent.
    assert!((25..=75).contains(&out) && (8..=52).contains(&alone) && (1..=40).contains(&first), "{counts:?}");

    let back = json!({"to_version": 0});
    desk.staff().post("/api/flags/rollback", &back).await.unwrap().error_for_status().unwrap();
    for _ in 0..10 {
        assert_eq!(ask(&desk).await, ("openai".to_owned(), None));
    }
}

async fn budgets(staff: &Staff) -> Value {
    let shown = staff.get("/api/health/detailed").await.unwrap().error_for_status().unwrap();
    shown.json::<Value>().await.unwrap()["data"]["budgets"].take()
}

/// Of 3 cents: after the first answer 70 percent are used, after the second all of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_budget_that_is_spent_has_the_faq_answer_until_the_next_day() {
    let (model, folder) = (model(), tempfile::tempdir().unwrap());
    let clock = folder.path().join("clock");
    fs::write(&clock, "0").unwrap();
    let clock_file = clock.display().to_string();
    let set = [
        ("DESK_OPENAI_PRICE", "1000/1000"),
        ("DESK_ASSISTANT_CURRENCY", "EUR"),
        ("DESK_ASSISTANT_DAILY_BUDGET", "openai=0.03"),
        ("DESK_CLOCK_FILE", &clock_file),
        ("DESK_DEV", "true"),
    ];
    let mut desk = start(&model, &set);
    assert_eq!(ask(&desk).await.0, "openai");
    assert_eq!(budgets(&desk.staff()).await, json!([]));
    assert_eq!(ask(&desk).await.0, "openai");
    until("the budget is spent", PATIENCE, async || budgets(&desk.staff()).await[0]["level"] == 100).await;
    let spent = budgets(&desk.staff()).await;
    assert_eq!(
        (&spent[0]["assistant"], &spent[0]["spent"], &spent[0]["budget"], &spent[0]["currency"]),
        (&json!("openai"), &json!(42_000), &json!(30_000), &json!("EUR")),
        "{spent}"
    );
    let shown = desk.staff().get("/api/assistants").await.unwrap().error_for_status().unwrap();
    let openai = shown.json::<Value>().await.unwrap()["data"][0].take();
    assert_eq!((&openai["name"], &openai["takes_questions"]), (&json!("openai"), &json!(false)), "{openai}");
    assert_eq!(openai["budget"], spent[0]);
    assert_eq!(ask(&desk).await.0, "faq");
    let _told = desk.log_with("an assistant's budget of the day is used");

    desk.kill();
    desk.start_again();
    assert_eq!(ask(&desk).await.0, "faq", "a restart forgets nothing");
    let log = desk.staff().log().await.unwrap();
    let noted: Vec<&Value> = log.iter().filter(|event| event["type"] == "settings.budget_reached").collect();
    let levels: Vec<&Value> = noted.iter().map(|event| &event["data"]["level"]).collect();
    assert_eq!(levels, [80, 100], "{noted:?}");
    assert!(noted.iter().all(|event| event["stream"] == "settings-budgets" && event["actor"] == "policy:budgets"));

    fs::write(&clock, "86400").unwrap();
    let tomorrow = signed_in_tomorrow(&desk).await;
    assert_eq!(ask_before(&desk, &tomorrow).await.0, "openai");
    assert_eq!(budgets(&tomorrow).await, json!([]));
}

/// Once the program has seen that its clock was moved, the tokens of the day before are no good.
async fn signed_in_tomorrow(desk: &Desk) -> Staff {
    let (old, body) = (desk.staff(), json!({"username": "admin", "password": ADMIN_PASSWORD}));
    until("the clock is moved", PATIENCE, async || old.get("/api/flags").await.unwrap().status() == 401).await;
    let answer = desk.customer().post("/api/agent/login", &body).await.unwrap().error_for_status().unwrap();
    let token = answer.json::<Value>().await.unwrap()["access_token"].as_str().unwrap().to_owned();
    Staff::new(desk.url(), token)
}

/// The customer is told that a person comes, and the session waits for one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_budget_that_is_spent_calls_a_person_where_that_is_set() {
    let model = model();
    let set = [("DESK_ASSISTANT_DAILY_TOKENS", "21"), ("DESK_ASSISTANT_BUDGET_THEN", "person")];
    let desk = start(&model, &set);
    assert_eq!(ask(&desk).await.0, "openai");
    until("the budget is spent", PATIENCE, async || budgets(&desk.staff()).await[0]["level"] == 100).await;
    let before = model.state().await["requests"].as_array().map(Vec::len);
    assert_eq!(ask(&desk).await.0, "openai");
    assert_eq!(model.state().await["requests"].as_array().map(Vec::len), before, "the model is not asked");
    let log = desk.staff().log().await.unwrap();
    let outcomes = log.iter().filter(|event| event["type"] == "session.assistant_replied");
    let outcomes: Vec<&Value> = outcomes.map(|event| &event["data"]["outcome"]).collect();
    assert_eq!(outcomes, ["answered", "hands_over"]);
}

#[test]
fn a_budget_of_nobody_is_refused_at_the_start() {
    let environment = vec![("DESK_ASSISTANT_DAILY_BUDGET", "openia=5.00".to_owned())];
    let (code, said) = Desk::start_refused(Setup { environment, ..Setup::default() });
    assert!(code != Some(0) && said.contains("openia") && said.contains("the assistants are faq"), "{code:?}: {said}");
}
