//! `desk-replay compare` on correct views and on views with a mistake: in every column of every table, a missing row, an
//! unexpected row. Tables are read from the database, so that a new view is covered without a change here.

mod seeded;

use commands::{Accounts, accounts::SignInStart};
use domain::{
    AgentId, DeviceId,
    agent::{
        Permission, Role,
        command::{NewAccount, NewApiKey},
        event::{ApiKeyDigest, PasswordHash, PasswordOrigin, TotpSecret, Whereabouts},
    },
    text::{EmailAddress, PersonName, Username},
};
use event_store::{Actor, Expected, Log, StreamName};
use serde_json::Value;
use testkit::new_event;
use uuid::Uuid;

use crate::{
    golden::example::every_type,
    rebuild::fixture::{Ended, Fixture},
};

/// Views of a stopped server, at the head of the log.
async fn compared(mut fixture: Fixture) -> Fixture {
    built(&mut fixture).await;
    fixture
}

async fn built(fixture: &mut Fixture) {
    {
        // Closed before the views are built.
        let log = fixture.log().await;
        staff(&log).await;
        examples(&log).await;
    }
    fixture.replayed(true, &["rebuild"]).await.with_code(0);
}

/// An account with an open and an ended sign-in.
async fn staff(log: &Log) {
    let log_id = log.reader().identity().await.unwrap().log_id;
    let accounts = Accounts::new(log.clone(), log_id);
    let username = Username::parse("anna").unwrap();
    if accounts.by_name(&username).await.unwrap().account().is_some() {
        return;
    }
    let (by, request, hash) = (Actor::new("system", "test"), uuid::Uuid::nil(), PasswordHash("hash".to_owned()));
    let new = NewAccount {
        username,
        name: PersonName::parse("Anna Li").unwrap(),
        email: EmailAddress::parse("anna@example.com").ok(),
        role: Role::Agent,
        skills: Vec::new(),
        languages: Vec::new(),
        capacity: 5,
        hash: hash.clone(),
        by: PasswordOrigin::Owner,
    };
    let agent = accounts.create(by.clone(), new, request).await.unwrap().agent;
    for is_over in [true, false] {
        let origin = Whereabouts { address: "192.0.2.1".to_owned(), user_agent: Some("a browser".to_owned()) };
        let device = Some(DeviceId::of(agent, "a browser"));
        let start = SignInStart { agent, device, origin, checked: hash.clone(), proof: None, correlation_id: request };
        let begun = accounts.sign_in(start, jiff::Timestamp::now()).await.unwrap();
        if is_over {
            accounts.end_sign_in(agent, begun.sign_in, by.clone(), false, request).await.unwrap();
        }
    }
    let secret = TotpSecret("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ".to_owned());
    accounts.offer_second_factor(agent, secret.clone(), request).await.unwrap();
    accounts.enable_second_factor(agent, secret, 1, Vec::new(), request).await.unwrap();
    for is_over in [true, false] {
        let new = NewApiKey {
            name: PersonName::parse("Nightly export").unwrap(),
            permissions: vec![Permission::StatisticsRead],
            digest: ApiKeyDigest("ab".repeat(32)),
            expires_at: Some(jiff::Timestamp::now()),
        };
        let id = AgentId(uuid::Uuid::new_v4());
        accounts.issue_api_key(id, by.clone(), new, request).await.unwrap();
        if is_over {
            accounts.revoke_api_key(id, by.clone(), request).await.unwrap();
        }
    }
}

/// A customer whom the shop named, quick replies, and a session with what staff keeps beside the talk.
async fn examples(log: &Log) {
    let somebody = Uuid::from_u128(0xc0);
    for (event_type, stream) in [
        ("customer.identified", format!("customer-{somebody}")),
        ("settings.personal_quick_reply_saved", format!("settings-quick_replies-{somebody}")),
        ("settings.quick_reply_saved", "settings-quick_replies".to_owned()),
        ("session.opened", format!("session-{somebody}")),
        ("session.customer_message_sent", format!("session-{somebody}")),
        ("session.note_added", format!("session-{somebody}")),
        ("session.tags_changed", format!("session-{somebody}")),
        ("session.agent_message_sent", format!("session-{somebody}")),
    ] {
        let encoded = every_type().into_iter().find(|encoded| encoded.event_type == event_type).unwrap();
        let event = new_event(encoded, somebody, Actor::new("system", "test"));
        log.append(&StreamName::parse(&stream).unwrap(), Expected::Any, &[event]).await.unwrap();
    }
}

fn all_equal(ended: &Ended, erased_since: u64) -> Value {
    let document = ended.with_code(0);
    assert_eq!(document["differences"], serde_json::json!([]), "{document}");
    assert_eq!(document["erased_since"], erased_since, "{document}");
    let rows: u64 = document["rows"].as_array().unwrap().iter().map(|rows| rows["rows"].as_u64().unwrap()).sum();
    assert!(rows > 100, "nothing was compared: {document}");
    document
}

async fn erase(log: &event_store::Log, visitor: domain::VisitorId) {
    let (person, actor) = (commands::erasure::Person::Customer(visitor), event_store::Actor::new("system", "test"));
    commands::Erasure::new(log.clone()).erase(person, domain::ErasureCause::Request, actor).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn compare_reports_keys_destroyed_without_a_record_and_verifies_what_it_folds() {
    let mut fixture = Fixture::on_sqlite(24).await;
    let log = fixture.log().await;
    built(&mut fixture).await;
    log.vault().erase_subject(fixture.visitors[2].0, jiff::Timestamp::now()).await.unwrap();
    let document = fixture.replayed(true, &["compare"]).await.with_code(1);
    assert_eq!(document["destroyed_without_record"]["kind"], "erased_without_record", "{document}");
    let text = String::from_utf8(plain(&fixture).await.stdout).unwrap();
    assert!(text.contains("[key destroyed without an erasure on record]"), "{text}");
    let file = fixture.data_dir().join("events.db");
    crate::tamper::run(
        &file,
        &format!("{} update event set actor = 'agent:eve' where position = 3;", crate::tamper::NO_GUARDS),
    )
    .await;
    let document = fixture.replayed(true, &["compare"]).await.with_code(1);
    assert_eq!(document["first_flaw"]["position"], 3, "{document}");
    let document = fixture.replayed(true, &["rebuild", "--no-wait"]).await.with_code(1);
    assert_eq!(document["first_flaw"]["position"], 3, "{document}");
}

async fn erasures_are_no_differences(fixture: Fixture) {
    let mut fixture = fixture;
    let log = fixture.log().await;
    // Before the views: they never held the texts.
    erase(&log, fixture.visitors[4]).await;
    built(&mut fixture).await;
    all_equal(&fixture.replayed(true, &["compare"]).await, 0);
    // After them: the texts still stand there. Sessions 2 and 12 have a name and six texts, and what a rule saw.
    let log = fixture.log().await;
    for number in [2, 12] {
        erase(&log, fixture.visitors[number]).await;
    }
    let document = fixture.replayed(true, &["compare"]).await.with_code(0);
    let since = document["erased_since"].as_u64().unwrap();
    assert!(since >= 9, "{document}");
    let text = String::from_utf8(plain(&fixture).await.stdout).unwrap();
    assert!(text.contains(&format!("{since} texts erased since")), "{text}");
    built(&mut fixture).await;
    all_equal(&fixture.replayed(true, &["compare"]).await, 0);
}

/// The output for people.
async fn plain(fixture: &Fixture) -> std::process::Output {
    let mut command = tokio::process::Command::new(tests::desk::program("desk-replay"));
    let key = fixture.data_dir().parent().unwrap().join("test-master-key");
    command.env_clear().args(["--store", &fixture.store(), "--master-key", key.to_str().unwrap(), "compare"]);
    command.output().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn compare_reports_no_difference_for_erased_texts_on_sqlite() {
    erasures_are_no_differences(Fixture::on_sqlite(24).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn compare_reports_no_difference_for_erased_texts_on_postgres() {
    erasures_are_no_differences(Fixture::on_postgres(24).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn compare_creates_and_changes_no_file() {
    let fixture = compared(Fixture::on_sqlite(24).await).await;
    let files = || {
        let entries = std::fs::read_dir(fixture.data_dir()).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<_> = entries.map(|path| (path.clone(), std::fs::read(&path).unwrap())).collect();
        files.sort();
        files
    };
    let before = files();
    all_equal(&fixture.replayed(true, &["compare"]).await, 0);
    let names =
        |files: &[(std::path::PathBuf, Vec<u8>)]| files.iter().map(|(path, _)| path.clone()).collect::<Vec<_>>();
    let after = files();
    assert_eq!(names(&after), names(&before));
    for ((path, before), (_, after)) in before.iter().zip(&after) {
        // Readers change the index of the write-ahead log, which holds no data.
        assert!(before == after || path.to_str().unwrap().ends_with("-shm"), "{} was changed", path.display());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn compare_without_key_or_views_says_what_to_do() {
    let fixture = Fixture::on_sqlite(1).await;
    let keyless = fixture.replayed(false, &["compare"]).await;
    assert_eq!(keyless.code, Some(2));
    assert!(keyless.err.contains("help: give --master-key FILE"), "{keyless:?}");
    let none = fixture.replayed(true, &["compare"]).await;
    assert_eq!(none.code, Some(2));
    assert!(none.err.contains("there are no views here") && none.err.contains("first start"), "{none:?}");
}
