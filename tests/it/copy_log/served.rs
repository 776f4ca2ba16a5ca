//! A desk on a copy serves the same sessions. State with old positions is refused first, with instructions.

use std::path::{Path, PathBuf};

use reqwest::StatusCode;
use serde_json::Value;
use tests::desk::{Customer, Desk, LOOK, Setup};

use super::{Place, copy, copy_keys, proves_itself, replay, text};
use crate::crash::until;

/// A stopped desk with sessions on SQLite.
struct Past {
    folder: tempfile::TempDir,
    customer: Customer,
    told: Value,
    /// The customer's last event, as an event stream gave it.
    cursor: String,
}

impl Past {
    async fn lived() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let setup = Setup { data_dir: Some(folder.path().join("data")), ..Setup::default() };
        let mut desk = tokio::task::block_in_place(|| Desk::start(setup));
        let customer = desk.customer();
        customer.arrive("copied").await.unwrap();
        for question in ["多久发货？", "How long does shipping take?", "续航多少公里？"] {
            assert_eq!(customer.chat("copied", question).await.unwrap()["success"], true);
        }
        let told = told_in_whole(&customer).await;
        let mut frames = customer.follow("copied", None).await.unwrap();
        let offer = |frame: &tests::desk::EventFrame| frame.event.as_deref() == Some("session.notice_given");
        let cursor = frames.until(offer).await.pop().unwrap().id.unwrap();
        assert_eq!(tokio::task::block_in_place(|| desk.terminate()), Some(0), "{}", desk.log());
        Self { folder, customer, told, cursor }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn key_file(&self) -> String {
        text(&self.folder.path().join("test-master-key"))
    }

    /// The log in its folder, which this keeps.
    fn place(&self) -> Place {
        Place::Kept(self.data())
    }

    /// On the same data directory, with the log elsewhere.
    fn with_log_at(&self, place: &Place) -> Setup {
        Setup { data_dir: Some(self.data()), event_store_url: Some(place.url()), ..Setup::default() }
    }

    async fn is_served_by(&self, desk: &Desk) -> Customer {
        let customer = self.customer.at(desk.url());
        until("the views are there", std::time::Duration::from_secs(60), async || {
            let answer = customer.get("/api/sessions/copied").await.unwrap();
            answer.status() == StatusCode::OK
                && answer.json::<Value>().await.unwrap()["data"]["session"]["history"] != Value::Null
        })
        .await;
        let began = std::time::Instant::now();
        while told(&customer).await != self.told && began.elapsed() < std::time::Duration::from_secs(30) {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        assert_eq!(told(&customer).await, self.told);
        let answer = customer.chat("copied", "我想退货").await.unwrap();
        assert_eq!(answer["success"], true, "{answer}");
        customer
    }

    /// Both programs agree on the copy.
    async fn is_proved(&self, place: &Place, views: &str) {
        proves_itself(place).await;
        let key = self.key_file();
        let compare = ["--views", views, "--master-key", &key, "compare"];
        until("the views are what the log gives", std::time::Duration::from_secs(30), async || {
            replay(place, &compare).await.0 == Some(0)
        })
        .await;
        let (code, said) = replay(place, &["--views", views, "--master-key", &key, "show", "copied"]).await;
        assert!(code == Some(0) && said.contains("续航多少公里"), "{said}");
    }
}

/// With all three answers and the offer of a person after the third, which the views may lack for a moment.
async fn told_in_whole(customer: &Customer) -> Value {
    let is_whole = |told: &Value| told["history"].as_array().is_some_and(|history| history.len() == 7);
    until("the answers are in the views", std::time::Duration::from_secs(60), async || is_whole(&told(customer).await))
        .await;
    told(customer).await
}

/// A session as its customer sees it, without positions.
async fn told(customer: &Customer) -> Value {
    let answer = customer.get("/api/sessions/copied").await.unwrap();
    if answer.status() != StatusCode::OK {
        return Value::Null;
    }
    let mut told = answer.json::<Value>().await.unwrap()["data"]["session"].take();
    without(&mut told, &["position"]);
    told
}

fn without(value: &mut Value, names: &[&str]) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !names.contains(&&**name));
            fields.values_mut().for_each(|value| without(value, names));
        }
        Value::Array(values) => values.iter_mut().for_each(|value| without(value, names)),
        _leaf => {}
    }
}

fn remove(folder: &Path, beginning: &str) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        if entry.file_name().to_str().unwrap().starts_with(beginning) {
            std::fs::remove_file(entry.path()).unwrap();
        }
    }
}

fn is_refused(setup: Setup, words: &[&str]) {
    let (code, said) = tokio::task::block_in_place(|| Desk::start_refused(setup));
    assert_eq!(code, Some(2), "{said}");
    assert!(words.iter().all(|word| said.contains(word)), "{words:?} are not all in: {said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn copy_to_postgres_is_served_without_a_visible_change() {
    let past = Past::lived().await;
    let Place::Postgres(database) = Place::postgres().await else { unreachable!() };
    let target = Place::Postgres(database.clone());
    copy(&past.place(), &target, &[]).await;
    copy_keys(&past.data(), &database.url()).await;
    let token_key = text(&past.data().join("token-key"));
    let setup = Setup {
        data_dir: Some(past.folder.path().join("other")),
        environment: vec![("DESK_TOKEN_KEY_FILE", token_key)],
        ..crate::crash::on(&database)
    };
    let desk = tokio::task::block_in_place(|| Desk::start(setup));
    let customer = past.is_served_by(&desk).await;
    // The log generation is the same, so earlier cursors stay valid.
    let mut frames = customer.follow("copied", Some(&past.cursor)).await.unwrap();
    let next = frames.next_within(std::time::Duration::from_secs(10)).await.unwrap();
    assert_eq!(next.event.as_deref(), Some("session.customer_message_sent"), "{next:?}");
    past.is_proved(&target, &database.app_url()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn copy_to_kurrentdb_refuses_old_positions_and_serves_after_a_rebuild() {
    let past = Past::lived().await;
    let target = Place::kurrent();
    copy(&past.place(), &target, &[]).await;
    assert!(past.data().join("position-map-1-to-2").exists(), "the map lies beside the log that it is of");
    let setup = past.with_log_at(&target);
    is_refused(setup.clone(), &["the views are of the log's generation 1", "it 2", "delete the views (files views-*"]);
    remove(&past.data(), "views-");
    is_refused(setup.clone(), &["the policies' store belongs to another log", "remove the policies' store"]);
    remove(&past.data(), "policies.db");
    let mut desk = tokio::task::block_in_place(|| Desk::start(setup));
    let customer = past.is_served_by(&desk).await;
    let mut frames = customer.follow("copied", Some(&past.cursor)).await.unwrap();
    let first = frames.next_within(std::time::Duration::from_secs(10)).await.unwrap();
    assert_eq!(first.event.as_deref(), Some("reset"), "{first:?}");
    past.is_proved(&target, &text(&past.data())).await;

    assert_eq!(tokio::task::block_in_place(|| desk.terminate()), Some(0), "{}", desk.log());
    // And back with the new events: the third generation of the log.
    let home = Place::folder();
    let more = target.events().await.len();
    let said = copy(&target, &home, &["--map", &text(&past.data().join("second"))]).await;
    assert!(said.contains(&format!("{more} events")) && said.contains("generation 3 (it was 2)"), "{said}");
    proves_itself(&home).await;
}

/// Views and policies of the source are in another database than the configured one.
#[tokio::test(flavor = "multi_thread")]
async fn copy_to_kurrentdb_with_the_rest_on_postgres_is_served() {
    let past = Past::lived().await;
    let (target, Place::Postgres(rest)) = (Place::kurrent(), Place::postgres().await) else { unreachable!() };
    copy(&past.place(), &target, &[]).await;
    copy_keys(&past.data(), &rest.url()).await;
    let token_key = text(&past.data().join("token-key"));
    let setup = Setup {
        data_dir: Some(past.folder.path().join("other")),
        event_store_url: Some(target.url()),
        environment: vec![("DESK_TOKEN_KEY_FILE", token_key)],
        ..crate::crash::on(&rest)
    };
    let desk = tokio::task::block_in_place(|| Desk::start(setup));
    past.is_served_by(&desk).await;
    past.is_proved(&target, &rest.app_url()).await;
    let log = desk.staff().log().await.unwrap();
    assert!(log.iter().all(|event| event["type"] != LOOK));
}
