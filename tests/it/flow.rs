//! The whole hand-off over streams, without polling: a customer asks for a person, waits, is offered to an agent, taken over,
//! answered, transferred, released and closed. Each side sends commands, and learns everything else from its stream alone.

mod floor;
mod reader;

use serde_json::{Value, json};

use crate::crash::Backend;
pub(crate) use floor::{Floor, Run};

/// What the customer sees. Offers are none of it.
const CUSTOMERS: [&str; 16] = [
    "opened",
    "escalated",
    "notice_given",
    "agent_took_over",
    "notice_given",
    "customer_message_sent",
    "agent_message_sent",
    "notice_given",
    "transferred",
    "customer_message_sent",
    "agent_message_sent",
    "notice_given",
    // A person helped: the customer is asked how well.
    "notice_given",
    "released",
    "notice_given",
    "closed",
];
/// What the agent sees who takes it over and transfers it.
const FIRST_AGENTS: [&str; 11] = [
    "escalated",
    "session_visible",
    "offer_made",
    "offer_accepted",
    "agent_took_over",
    "notice_given",
    "customer_message_sent",
    "agent_message_sent",
    "notice_given",
    "session_hidden",
    "transferred",
];
/// What the agent sees who gets it and releases it: the queue, and then its own.
const SECOND_AGENTS: [&str; 10] = [
    "escalated",
    "agent_took_over",
    "session_visible",
    "transferred",
    "customer_message_sent",
    "agent_message_sent",
    "notice_given",
    "notice_given",
    "session_hidden",
    "released",
];

/// What a supervisor sees who is shown everything.
fn supervisors() -> Vec<&'static str> {
    let mut all = CUSTOMERS.to_vec();
    all.splice(3..3, ["offer_made", "offer_accepted"]);
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_side_of_a_hand_off_sees_each_step_in_order_on_its_stream() {
    sees_each_step(&mut Floor::open(&Backend::Files, 1).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_side_sees_each_step_also_from_another_node_on_postgres() {
    sees_each_step(&mut Floor::open(&Backend::postgres().await, 2).await).await;
}

async fn sees_each_step(floor: &mut Floor) {
    for name in ["flow-1", "flow-2"] {
        let run = floor.run(name).await;
        assert_eq!(run.customer.names(), CUSTOMERS);
        assert_eq!(run.first.names(), FIRST_AGENTS);
        assert_eq!(run.second.names(), SECOND_AGENTS);
        assert_eq!(run.supervisor.names(), supervisors());
        assert_said(&run);
        assert_positions_rise(&run);
    }
}

/// What was written reaches the other side as it was written, and notices name who acts.
fn assert_said(run: &Run) {
    let [from, to] = &run.agents;
    assert_eq!(run.customer.texts(), ["Is it done?", "Nearly", "And now?", "It is"]);
    assert_eq!((run.first.texts(), run.second.texts()), (vec!["Is it done?", "Nearly"], vec!["And now?", "It is"]));
    let notices = run.customer.notices();
    let [queued, joined, transferred, released, asked, closed] = &*notices else { panic!("{notices:?}") };
    assert_eq!(*joined, format!("{from} from our customer service has joined the chat and is here to help you."));
    assert_eq!(*transferred, format!("Your chat has been transferred from {from} to {to}."));
    assert!(queued.contains("person") && released.contains("AI assistant") && closed.contains("closed"), "{notices:?}");
    assert!(asked.contains("from 1 (poor) to 5"), "{notices:?}");
    let reasons: Vec<_> = [&run.first, &run.second].iter().map(|seen| seen.reason_of_visibility()).collect();
    assert_eq!(reasons, [json!("offer"), json!("owner")]);
}

/// A stream that breaks off goes on after the last of these.
fn assert_positions_rise(run: &Run) {
    for seen in [&run.customer, &run.first, &run.second, &run.supervisor] {
        let positions = seen.positions();
        assert!(positions.is_sorted_by(|before, after| before < after), "{positions:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_moment_of_a_hand_off_is_shown_again_as_it_was() {
    let mut floor = Floor::open(&Backend::Files, 1).await;
    let run = floor.run("flow-again").await;
    let (mut statuses, mut owners) = (Vec::new(), Vec::new());
    for (index, at) in run.supervisor.positions().into_iter().enumerate() {
        let then = floor.moment(&run.session, at).await;
        let trail = then["audit_trail"].as_array().unwrap();
        assert_eq!((trail.len(), &trail[index]["position"]), (index + 1, &json!(at)), "{then}");
        let said: Vec<&str> =
            then["customer_view"]["session"]["history"].as_array().unwrap().iter().map(content).collect();
        let had_been: Vec<&str> = run.customer.said().iter().filter(|said| said.0 <= at).map(|said| said.1).collect();
        assert_eq!(said, had_been);
        push_changed(&mut statuses, then["session"]["status"].clone());
        push_changed(&mut owners, then["session"]["assigned_agent"]["name"].clone());
    }
    let [from, to] = &run.agents;
    assert_eq!(json!(statuses), json!(["bot_active", "pending_manual", "manual_live", "bot_active", "closed"]));
    assert_eq!(json!(owners), json!([null, from, to, null]));
}

fn content(message: &Value) -> &str {
    message["content"].as_str().unwrap()
}

fn push_changed(all: &mut Vec<Value>, value: Value) {
    if all.last() != Some(&value) {
        all.push(value);
    }
}
