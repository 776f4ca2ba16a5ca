//! The proof of a session as a download: refused until a note is signed, and checked by whoever has the public key alone.

use event_store::{checkpoint::CheckpointKey, proof::check};
use tests::desk::{Desk, Setup};

use super::{fresh, ok, problem};

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_proved_by_the_newest_note_and_what_is_newer_is_told() {
    let mut desk = Desk::start(Setup::default());
    let (customer, session) = (desk.customer(), fresh("proved"));
    let answer = customer.chat(&session, "hello").await.unwrap();
    let path = format!("/api/sessions/{}/proof", answer["session_id"].as_str().unwrap());
    let head = desk.staff().head().await.unwrap();
    ok(desk.staff().get(&format!("/api/sessions?min_position={head}")).await.unwrap()).await;
    // The first note may be signed at the start already, and holds nothing of the session then.
    problem(desk.staff().get(&path).await.unwrap(), 409, "NOT_SIGNED_YET").await;

    // A note is signed at the stop.
    desk.terminate();
    desk.start_again();
    let proof = desk.staff().get(&path).await.unwrap();
    assert_eq!((proof.status().as_u16(), &proof.headers()["x-newer-events"]), (200, &"0".parse().unwrap()));
    let name = proof.headers()["content-disposition"].to_str().unwrap().to_owned();
    assert!(name.starts_with("attachment; filename=\"proof-"), "{name}");
    let text = proof.text().await.unwrap();
    let key = CheckpointKey::read(&desk.data_dir().join("checkpoint-key")).unwrap();
    let (_, proved) = check(text.as_bytes(), key.public()).unwrap();
    assert!(proved.events().iter().all(|event| event.stream.ends_with(answer["session_id"].as_str().unwrap())));
    let before = proved.events().len();

    customer.at(desk.url()).chat(&session, "and again").await.unwrap();
    let proof = desk.staff().get(&path).await.unwrap();
    assert_ne!(proof.headers()["x-newer-events"], "0");
    let (_, proved) = check(proof.text().await.unwrap().as_bytes(), key.public()).unwrap();
    assert_eq!(proved.events().len(), before);
}
