//! The list with its filters, orders and cursors, what of it somebody has not read, and the counts.

use super::*;

async fn list(agent: &Colleague, query: &str) -> Value {
    ok(agent.staff().get(&format!("/api/sessions?{query}")).await.unwrap()).await["data"].clone()
}

fn names(page: &Value) -> Vec<&str> {
    page["sessions"].as_array().unwrap().iter().map(|row| row["session_name"].as_str().unwrap()).collect()
}

/// Waits until the views have read everything.
async fn caught_up(agent: &Colleague) {
    let head = desk().staff().head().await.unwrap();
    list(agent, &format!("limit=1&min_position={head}")).await;
}

#[tokio::test]
async fn sessions_are_found_by_whose_they_are_and_by_words() {
    let agent = Colleague::with_role(Role::Agent).await;
    let mine = Thread::with(&agent).await;
    ok(mine.say("Mein Akku ist IN DER GARAGE leer, 100%_sicher").await).await;
    caught_up(&agent).await;
    assert_eq!(names(&list(&agent, "agent=mine").await), [&mine.name]);
    assert_eq!(names(&list(&agent, &format!("agent={}&sort=vip", agent.username)).await), [&mine.name]);
    let unassigned = list(&agent, &format!("agent=unassigned&keyword={}", mine.name)).await;
    assert_eq!((names(&unassigned), &unassigned["total"]), (vec![], &json!(0)));
    for keyword in [mine.name.to_uppercase(), "akku ist in der garage".to_owned(), "100%25_SICHER".to_owned()] {
        let found = list(&agent, &format!("keyword={}&agent=mine", keyword.replace(' ', "+"))).await;
        assert_eq!((names(&found), &found["total"]), (vec![&*mine.name], &json!(1)), "{keyword}");
    }
    assert!(names(&list(&agent, "agent=mine&keyword=100%25xsicher").await).is_empty(), "a wildcard is a letter");
    assert_eq!(
        names(&list(&agent, "agent=mine&customer_type=new&class=normal&status=manual_live").await),
        [&mine.name]
    );
    assert!(names(&list(&agent, "agent=mine&customer_type=old").await).is_empty());
    assert_eq!(names(&list(&agent, "agent=mine&from=2026-01-01T00:00:00Z").await), [&mine.name]);
    assert!(names(&list(&agent, "agent=mine&to=2026-01-01T00:00:00Z").await).is_empty());
    assert_eq!(names(&list(&agent, "agent=mine&rule=R1").await), [&mine.name]);
    for (query, field) in [
        ("sort=latest", "sort"),
        ("cursor=newest-0-1", "cursor"),
        ("cursor=newest-0-1-1&sort=oldest", "cursor"),
        ("sort=vip&offset=1", "offset"),
        ("customer_type=good", "customer_type"),
        ("class=high", "class"),
        ("keyword=", "keyword"),
        ("keyword=%00", "keyword"),
        ("from=yesterday", "from"),
    ] {
        let refused = agent.staff().get(&format!("/api/sessions?{query}")).await.unwrap();
        assert_eq!(problem(refused, 400, "INVALID_FIELD").await["field"], field, "{query}");
    }
}

#[tokio::test]
async fn pages_go_on_where_the_one_before_ended_whatever_moves() {
    let agent = Colleague::with_role(Role::Agent).await;
    let mut threads = Vec::new();
    for _ in 0..5 {
        threads.push(Thread::with(&agent).await);
    }
    caught_up(&agent).await;
    for (sort, order) in [("newest", [4, 3, 2, 1, 0]), ("oldest", [0, 1, 2, 3, 4]), ("vip", [4, 3, 2, 1, 0])] {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = list(&agent, &format!("agent=mine&sort={sort}&limit=2{cursor}")).await;
            seen.extend(names(&page).into_iter().map(str::to_owned));
            assert_eq!(
                (&page["total"], page["has_more"] == true),
                (&json!(5), page["next_cursor"].is_string()),
                "{page}"
            );
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(seen, order.map(|number: usize| threads[number].name.clone()), "{sort}");
    }
    let first = list(&agent, "agent=mine&limit=2").await;
    // It comes to the top of the list and moves what would be on the next page.
    ok(threads[0].say("And another thing").await).await;
    caught_up(&agent).await;
    let next = list(&agent, &format!("agent=mine&limit=2&cursor={}", first["next_cursor"].as_str().unwrap())).await;
    assert_eq!(names(&next), [&*threads[2].name, &*threads[1].name]);
    let waiting = [Thread::waiting().await, Thread::waiting().await];
    caught_up(&agent).await;
    let queue = list(&agent, "status=pending_manual&sort=waitTime&limit=200").await;
    let places = waiting.map(|one| names(&queue).iter().position(|name| **name == one.name).unwrap());
    assert!(places[0] < places[1], "{places:?}");
}

#[tokio::test]
async fn counts_follow_sessions_as_they_move() {
    let agent = Colleague::with_role(Role::Agent).await;
    let counts = async || {
        caught_up(&agent).await;
        ok(agent.staff().get("/api/sessions/counts").await.unwrap()).await["data"].clone()
    };
    assert_eq!(counts().await["mine"], 0);
    let thread = Thread::with(&agent).await;
    let with_it = counts().await;
    assert_eq!(with_it["mine"], 1);
    assert!(with_it["live"].as_u64().unwrap() >= 1 && with_it["all"].as_u64() >= with_it["live"].as_u64(), "{with_it}");
    assert_eq!(list(&agent, "limit=1").await["total"], counts().await["all"]);
    ok(thread.act(&agent, "close", json!({})).await).await;
    assert_eq!(counts().await["mine"], 0);
}

#[tokio::test]
async fn what_the_customer_wrote_behind_the_callers_marker_is_unread() {
    let [agent, other] = [Colleague::with_role(Role::Agent).await, Colleague::with_role(Role::Agent).await];
    let thread = Thread::with(&agent).await;
    let unread = async |of: &Colleague| {
        caught_up(of).await;
        let page = list(of, &format!("keyword={}", thread.name)).await;
        page["sessions"][0]["unread"].clone()
    };
    let said = ok(thread.say("one").await).await;
    ok(thread.say("two").await).await;
    // "hello" was for the assistant.
    assert_eq!((unread(&agent).await, unread(&other).await), (json!(3), json!(3)));
    let path = format!("/api/sessions/{}/read", thread.id);
    let position = said["position"].as_u64().unwrap();
    let read = ok(agent.staff().put(&path, &json!({"position": position})).await.unwrap()).await;
    assert_eq!(read["data"], json!({"position": position}));
    assert_eq!((unread(&agent).await, unread(&other).await), (json!(1), json!(3)));
    // What was read stays read.
    let earlier = ok(agent.staff().put(&path, &json!({"position": 1})).await.unwrap()).await;
    assert_eq!(earlier["data"], json!({"position": position}));
    ok(thread.answer(&agent, "three").await).await;
    assert_eq!(unread(&agent).await, 1, "an agent's own messages are none");
    let ahead = agent.staff().put(&path, &json!({"position": 1_u64 << 60})).await.unwrap();
    problem(ahead, 409, "CURSOR_AHEAD").await;
}
