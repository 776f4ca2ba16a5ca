//! Typing and looking: who is shown what, on which stream, from which server.

use super::{
    accounts::{Agent, signed_in},
    *,
};

async fn follow(staff: &Staff, path: &str) -> Frames {
    let response = staff.get(path).await.unwrap();
    assert_eq!(response.status(), 200, "{path}");
    Frames::of(response)
}

async fn post_ok(request: reqwest::RequestBuilder, body: Value) {
    let response = request.json(&body).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.json::<Value>().await.unwrap(), json!({"success": true}));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_types_and_who_looks_is_shown_at_the_other_server_to_those_it_is_for() {
    let nodes = Nodes::on_postgres().await;
    let session = nodes.session("shared").await;
    let crowd = signed_in(&nodes, 3).await;
    let [owner, other, stranger] = crowd.as_slice() else { panic!("three") };
    let (owner_here, other_here) = (owner.at(&nodes.here), other.at(&nodes.here));
    let (owner_there, stranger_there) = (owner.at(&nodes.there), stranger.at(&nodes.there));
    session.take_over(&owner_here).await;
    let typing = format!("/api/sessions/{}/typing", session.id);
    let viewing = format!("/api/sessions/{}/viewing", session.id);

    let mut customers = session.there.follow(&session.name, None).await.unwrap();
    let mut owners = follow(&owner_there, "/api/agent/events").await;
    let mut watching = follow(&stranger_there, &format!("/api/agent/events?watch={}", session.id)).await;
    let mut staffs = follow(&stranger_there, &format!("/api/sessions/{}/events", session.id)).await;
    let mut strangers = follow(&stranger_there, "/api/agent/events").await;
    // The owner's workbench knows of it once it has seen what comes after.
    let taken = customers.until(|frame| frame.event.as_deref() == Some("session.agent_took_over"));
    assert!(!tokio::time::timeout(LIMIT, taken).await.expect("it was taken over").is_empty());

    post_ok(other_here.request(Method::POST, &viewing), json!({"is_viewing": true})).await;
    post_ok(other_here.request(Method::POST, &typing), json!({"is_typing": true})).await;
    let path = format!("/api/sessions/{}/typing", session.name);
    post_ok(session.here.request(Method::POST, &path), json!({"is_typing": true})).await;
    post_ok(owner_here.request(Method::POST, &typing), json!({"is_typing": true})).await;

    let looks = json!({"session_id": session.id, "agent": other.id, "agent_name": other.name, "is_viewing": true});
    let types = |agent: &Agent| {
        let (id, name) = (&agent.id, &agent.name);
        json!({"session_id": session.id, "by": "agent", "agent": id, "agent_name": name, "is_typing": true})
    };
    let customer_types = json!({"session_id": session.id, "by": "customer", "is_typing": true});
    for stream in [&mut watching, &mut staffs, &mut owners] {
        assert_eq!(next_called(stream, "viewing").await, looks);
        assert_eq!(next_called(stream, "typing").await, types(other));
        assert_eq!(next_called(stream, "typing").await, customer_types);
    }
    for stream in [&mut watching, &mut staffs] {
        assert_eq!(next_called(stream, "typing").await, types(owner));
    }
    // Nothing of the others before it, and nothing of the looking.
    let shown = customers.until(|frame| frame.id.is_none());
    let shown = tokio::time::timeout(LIMIT, shown).await.expect("the customer is shown that the owner types");
    assert_eq!(shown.last().unwrap().data, types(owner));

    post_ok(owner_here.request(Method::POST, &typing), json!({"is_typing": false})).await;
    assert_eq!(next_called(&mut customers, "typing").await["is_typing"], false);
    // One who neither has nor watches the session is shown no more than that it has changed hands, if that.
    post_ok(stranger_there.request(Method::POST, &viewing), json!({"is_viewing": true})).await;
    assert_eq!(next_called(&mut owners, "viewing").await["agent_name"], *stranger.name);
    assert!(tokio::time::timeout(Duration::from_millis(300), next_called(&mut strangers, "typing")).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn typing_in_files_reaches_the_one_servers_streams_at_most_once_a_second_and_ends_as_it_ended() {
    let folder = tempfile::tempdir().unwrap();
    let setup = setup(&Backend::Files, folder.path()).await;
    let desk = tokio::task::block_in_place(|| Desk::start(setup));
    let customer = desk.customer();
    customer.chat("alone", "hello").await.unwrap();
    let mut frames = follow(&desk.staff(), "/api/agent/events?scope=all").await;
    let started = std::time::Instant::now();
    for n in 0..20 {
        let body = json!({"is_typing": n % 2 == 0});
        post_ok(customer.request(Method::POST, "/api/sessions/alone/typing"), body).await;
    }
    let mut shown = vec![next_called(&mut frames, "typing").await["is_typing"].clone()];
    while shown.last() != Some(&json!(false)) {
        shown.push(next_called(&mut frames, "typing").await["is_typing"].clone());
    }
    assert!(shown.len() <= 2 + started.elapsed().as_secs() as usize, "{shown:?}");
    let quiet = tokio::time::timeout(Duration::from_millis(1500), next_called(&mut frames, "typing")).await;
    assert!(quiet.is_err(), "{quiet:?}");
    let wrong = customer.post("/api/sessions/alone/typing", &json!({"is_typing": 1})).await.unwrap();
    assert_eq!(wrong.status(), 400);
    let viewing = customer.post("/api/sessions/alone/viewing", &json!({"is_viewing": true})).await.unwrap();
    assert_eq!(viewing.status(), 401, "customers look at nothing");
}
