//! What staff keeps beside the talk: internal notes, tags, the priority; and what is told of the customer.

use super::*;

/// A request about a note, by somebody who saw this version.
async fn change(
    thread: &Thread,
    agent: &Colleague,
    method: Method,
    note: &Value,
    seen: Option<u64>,
    body: Value,
) -> Response {
    let path = format!("/api/sessions/{}/notes/{}", thread.id, note["id"].as_str().unwrap());
    let mut request = agent.staff().request(method, &path).json(&body);
    if let Some(seen) = seen {
        request = request.header("If-Match", format!("\"{seen}\""));
    }
    request.send().await.unwrap()
}

async fn edit(thread: &Thread, agent: &Colleague, note: &Value, seen: u64, text: &str) -> Response {
    change(thread, agent, Method::PUT, note, Some(seen), json!({"text": text})).await
}

async fn remove(thread: &Thread, agent: &Colleague, note: &Value, seen: u64) -> Response {
    change(thread, agent, Method::DELETE, note, Some(seen), json!({})).await
}

/// What staff is told under a session's path, once the views have read so far.
async fn told(thread: &Thread, agent: &Colleague, what: &str, position: &Value) -> Value {
    let path = format!("/api/sessions/{}{what}?min_position={position}", thread.id);
    ok(agent.staff().get(&path).await.unwrap()).await["data"].clone()
}

async fn shown_to_customer(thread: &Thread, position: &Value) -> Value {
    let position = position.as_u64().unwrap();
    super::super::session_at(&thread.customer, &thread.name, position).await["data"]["session"].clone()
}

#[tokio::test]
async fn note_is_added_edited_and_removed_with_its_history() {
    let team = team().await;
    let thread = Thread::with(&team.agent).await;
    let body =
        json!({"text": "asked before", "mentions": [team.supervisor.username, team.supervisor.id, team.other.id]});
    let response = thread.act(&team.other, "notes", body).await;
    assert_eq!(response.headers()["etag"], "\"1\"");
    let added = ok(response).await["data"].clone();
    assert_eq!(
        (&added["text"], &added["version"], &added["removed"]),
        (&json!("asked before"), &json!(1), &json!(false))
    );
    let author = json!({"agent_id": team.other.username, "agent_uuid": team.other.id, "name": "Anna Li"});
    assert_eq!(added["author"], author);
    let mentioned: Vec<&Value> = added["mentions"].as_array().unwrap().iter().map(|one| &one["agent_uuid"]).collect();
    assert_eq!(mentioned, [&json!(team.supervisor.id), &json!(team.other.id)], "each once");

    let edited = ok(edit(&thread, &team.other, &added, 1, "asked twice").await).await;
    let note = &edited["data"];
    assert_eq!((&note["text"], &note["version"]), (&json!("asked twice"), &json!(2)));
    assert_eq!(note["history"], json!([{"text": "asked before", "at": added["created_at"]}]));
    assert!(note["edited_at"].is_string() && note["mentions"] == json!([]));

    let second = ok(thread.act(&team.agent, "notes", json!({"text": "second"})).await).await;
    let removed = ok(remove(&thread, &team.supervisor, note, 2).await).await;
    let gone = &removed["data"];
    assert_eq!((&gone["text"], &gone["removed"], &gone["version"]), (&Value::Null, &json!(true), &json!(3)));
    let listed = told(&thread, &team.auditor, "/notes", &removed["position"]).await;
    assert_eq!(listed, json!([gone, second["data"]]), "a removed note keeps its place");
    assert_eq!(gone["history"], json!([]));
    let session = told(&thread, &team.agent, "", &removed["position"]).await;
    assert_eq!(session["session"]["notes"], 1);
    let path = format!("/api/sessions/{}/notes?at={}", thread.id, edited["position"]);
    let then = ok(team.auditor.staff().get(&path).await.unwrap()).await;
    assert_eq!((&then["data"], &then["position"]), (&json!([note]), &edited["position"]), "as they stood");
}

#[tokio::test]
async fn stale_edit_gets_412_with_the_note_as_it_is() {
    let team = team().await;
    let thread = Thread::with(&team.agent).await;
    let added = ok(thread.act(&team.agent, "notes", json!({"text": "one"})).await).await["data"].clone();
    let now = ok(edit(&thread, &team.agent, &added, 1, "two").await).await["data"].clone();
    for response in
        [edit(&thread, &team.agent, &added, 1, "three").await, remove(&thread, &team.agent, &added, 1).await]
    {
        let stale = problem(response, 412, "CHANGED_MEANWHILE").await;
        assert_eq!((&stale["current"], &stale["version"]), (&now, &json!(2)));
    }
    let gone = ok(remove(&thread, &team.supervisor, &added, 2).await).await["data"].clone();
    let stale = problem(edit(&thread, &team.agent, &added, 2, "three").await, 412, "CHANGED_MEANWHILE").await;
    assert_eq!(stale["current"], gone);
    problem(edit(&thread, &team.agent, &added, 3, "three").await, 404, "NOT_FOUND").await;
    ok(remove(&thread, &team.agent, &added, 3).await).await;
    assert_eq!(thread.count("session.note_edited").await, 1);
    assert_eq!(thread.count("session.note_removed").await, 1);
}

#[tokio::test]
async fn notes_of_others_are_not_edited_and_nothing_is_changed_unseen() {
    let team = team().await;
    let thread = Thread::with(&team.agent).await;
    let note = ok(thread.act(&team.agent, "notes", json!({"text": "mine"})).await).await["data"].clone();
    let refused = problem(edit(&thread, &team.supervisor, &note, 1, "yours").await, 403, "NOT_THE_AUTHOR").await;
    assert_eq!(refused["agent_uuid"], team.agent.id);
    problem(remove(&thread, &team.other, &note, 1).await, 403, "NOT_THE_AUTHOR").await;
    for method in [Method::PUT, Method::DELETE] {
        let unseen = change(&thread, &team.agent, method, &note, None, json!({"text": "x"})).await;
        problem(unseen, 428, "PRECONDITION_REQUIRED").await;
    }
    let nobody = json!({"text": "x", "mentions": ["nobody-of-this-name"]});
    assert_eq!(
        problem(thread.act(&team.agent, "notes", nobody).await, 400, "INVALID_FIELD").await["field"],
        "mentions"
    );
    let many = json!({"text": "x", "mentions": vec![team.other.id.clone(); 21]});
    problem(thread.act(&team.agent, "notes", many).await, 400, "INVALID_FIELD").await;
    problem(thread.act(&team.auditor, "notes", json!({"text": "x"})).await, 403, "PERMISSION_DENIED").await;
}

#[tokio::test]
async fn customer_is_told_nothing_of_notes_tags_and_quick_replies() {
    let team = team().await;
    let thread = Thread::with(&team.agent).await;
    ok(thread.act(&team.agent, "notes", json!({"text": "difficult"})).await).await;
    ok(thread.act(&team.agent, "tags", json!({"add": ["Complaint"]})).await).await;
    let quick_reply = uuid::Uuid::new_v4();
    let body = json!({"session_name": thread.id, "role": "agent", "content": "Hello!", "quick_reply": quick_reply});
    let said = ok(agent_says(&team.agent, &body).await).await;
    let shown = shown_to_customer(&thread, &said["position"]).await;
    for field in ["notes", "tags", "class"] {
        assert_eq!(shown.get(field), None, "{field}");
    }
    let mut stream = thread.customer.follow(&thread.name, Some("0")).await.unwrap();
    let frames = stream.until(|frame| frame.data["position"] == said["position"]).await;
    let told: Vec<&str> = frames.iter().filter_map(|frame| frame.event.as_deref()).collect();
    assert!(told.contains(&"session.agent_message_sent"), "{told:?}");
    assert!(!told.iter().any(|event| event.contains("note_") || event.contains("tags_")), "{told:?}");
    assert!(frames.iter().all(|frame| frame.data["data"].get("quick_reply").is_none()));
    let events = thread.events().await;
    let sent = events.iter().find(|event| event["type"] == "session.agent_message_sent").unwrap();
    assert_eq!(sent["data"]["quick_reply"], quick_reply.to_string());
    for path in ["notes", "customer"] {
        let path = format!("/api/sessions/{}/{path}", thread.name);
        problem(thread.customer.get(&path).await.unwrap(), 401, "UNAUTHORIZED").await;
    }
}

async fn agent_says(agent: &Colleague, body: &Value) -> Response {
    agent.staff().post("/api/manual/messages", body).await.unwrap()
}

#[tokio::test]
async fn who_is_mentioned_hears_of_it_whoever_has_the_session() {
    let team = team().await;
    let thread = Thread::with(&team.agent).await;
    let added = ok(thread.act(&team.agent, "notes", json!({"text": "look", "mentions": [team.other.id]})).await).await;
    let after = added["position"].as_u64().unwrap() - 1;
    let path = format!("/api/agent/events?after={after}");
    let request = team.other.staff().request(Method::GET, &path).header("Accept", "text/event-stream");
    let mut stream = tests::desk::Frames::of(request.send().await.unwrap());
    let frames = stream.until(|frame| frame.event.as_deref() == Some("session.note_added")).await;
    let frame = frames.last().unwrap();
    assert_eq!((&frame.data["position"], &frame.data["personal"]["text"]), (&added["position"], &json!("look")));
    assert_eq!(frame.data["data"]["author_name"], "Anna Li");
}

#[tokio::test]
async fn tags_are_folded_counted_and_at_most_twenty() {
    let team = team().await;
    let thread = Thread::new().await;
    let (one, two) = (fresh("Tag").to_uppercase(), fresh("tag"));
    let (one, two) = (&one[..36], &two[..36]);
    let body = json!({"add": [format!("  {one} "), two, one]});
    let done = ok(thread.act(&team.other, "tags", body).await).await;
    let mut expected = vec![one.to_lowercase(), two.to_owned()];
    expected.sort();
    assert_eq!(done["data"]["tags"], json!(expected));
    let second = Thread::new().await;
    let again = ok(second.act(&team.other, "tags", json!({"add": [one], "remove": [two]})).await).await;
    let path = format!("/api/tags?min_position={}", again["position"]);
    let all = ok(team.auditor.staff().get(&path).await.unwrap()).await["data"].clone();
    let counted =
        |tag: &str| all.as_array().unwrap().iter().find(|row| row["tag"] == tag).map(|row| row["sessions"].clone());
    assert_eq!((counted(&one.to_lowercase()), counted(two)), (Some(json!(2)), Some(json!(1))));
    let gone = ok(thread.act(&team.other, "tags", json!({"remove": [one.to_lowercase()]})).await).await;
    assert_eq!(gone["data"]["tags"], json!([two]));
    let many: Vec<String> = (0..20).map(|n| format!("tag {n}")).collect();
    problem(thread.act(&team.other, "tags", json!({"add": many})).await, 409, "TOO_MANY_TAGS").await;
    for bad in [json!([""]), json!(["x".repeat(41)]), json!(["a\nb"]), json!(vec!["x"; 21])] {
        problem(thread.act(&team.other, "tags", json!({"add": bad})).await, 400, "INVALID_FIELD").await;
    }
}

#[tokio::test]
async fn priority_is_set_by_staff_and_danger_stays() {
    let team = team().await;
    let thread = Thread::waiting().await;
    let set = async |class: &str| {
        let path = format!("/api/sessions/{}/priority", thread.id);
        team.other.staff().put(&path, &json!({"class": class})).await.unwrap()
    };
    let done = ok(set("vip").await).await;
    assert_eq!(done["data"], json!({"class": "vip"}));
    let session = told(&thread, &team.agent, "", &done["position"]).await["session"].clone();
    assert_eq!((&session["class"], &session["hand_off"]["priority_class"]), (&json!("vip"), &json!("vip")));
    assert_eq!(ok(set("normal").await).await["data"]["class"], "normal");
    for class in ["danger", "high", ""] {
        problem(set(class).await, 400, "INVALID_FIELD").await;
    }
    ok(thread.say("电池冒烟着火了").await).await;
    problem(set("normal").await, 409, "DANGER_IS_BY_RULE").await;
    ok(thread.own("close").await).await;
    problem(set("vip").await, 409, "INVALID_STATUS").await;
}

#[tokio::test]
async fn commands_are_done_once_under_their_key() {
    let team = team().await;
    let thread = Thread::with(&team.agent).await;
    let all = [
        ("notes", json!({"text": "once"}), json!({"text": "twice"})),
        ("tags", json!({"add": ["once"]}), json!({"add": ["twice"]})),
    ];
    for (command, body, other) in all {
        let first = ok(thread.act_keyed(&team.agent, command, "k", body.clone()).await).await;
        assert_eq!(ok(thread.act_keyed(&team.agent, command, "k", body).await).await, first);
        let reused = thread.act_keyed(&team.agent, command, "k", other).await;
        problem(reused, 422, "IDEMPOTENCY_KEY_REUSED").await;
    }
    assert_eq!((thread.count("session.note_added").await, thread.count("session.tags_changed").await), (1, 1));
}

#[tokio::test]
async fn customer_of_a_session_is_told_with_its_episodes() {
    let team = team().await;
    let thread = Thread::with(&team.agent).await;
    ok(thread.answer(&team.agent, "Hello!").await).await;
    ok(thread.act(&team.agent, "close", json!({})).await).await;
    let rating = thread.customer.post(&format!("/api/sessions/{}/rating", thread.name), &json!({"score": 4})).await;
    ok(rating.unwrap()).await;
    let body = json!({"message": "me again", "user_id": thread.name, "parameters": {"order": "F-1"}});
    let again = ok(thread.customer.post("/api/chat", &body).await.unwrap()).await;
    let other = fresh("second");
    let last = thread.customer.chat(&other, "and another").await.unwrap();
    assert!(last["position"].as_u64() > again["position"].as_u64());
    let customer = told(&thread, &team.auditor, "/customer", &last["position"]).await;
    assert_eq!(
        (&customer["sessions"], &customer["vip"], &customer["customer_id"]),
        (&json!(2), &json!(false), &Value::Null)
    );
    assert_eq!(customer["parameters"], json!({"order": "F-1"}));
    let episodes = customer["episodes"].as_array().unwrap();
    let names: Vec<(&Value, &Value)> = episodes.iter().map(|one| (&one["session_name"], &one["episode"])).collect();
    let (other, own) = (json!(other), json!(thread.name));
    assert_eq!(names, [(&other, &json!(1)), (&own, &json!(2)), (&own, &json!(1))]);
    let first = &episodes[2];
    assert_eq!((&first["rating"], &first["escalation_reason"]), (&json!(4), &json!("manual")));
    assert_eq!(first["agents"][0]["agent_id"], team.agent.username);
    assert!(first["ended_at"].is_string() && episodes[1]["ended_at"].is_null());
    assert!(first["messages"].as_u64() >= Some(3), "{first}");
}
