//! `tail`: events in log order.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    time::Duration,
};

use serde_json::{Value, json};

use crate::shop::{Shop, customer, customer_says, program};

#[tokio::test]
async fn it_prints_up_to_the_head_and_stops() {
    let shop = Shop::with_a_session().await;
    let shown = shop.replay(["tail"]).ok();
    assert_eq!(shown.lines().count(), 10);
    assert!(shown.lines().next().unwrap().contains("session.opened"), "{shown}");
    assert_eq!(shop.replay(["tail", "--after", "8"]).ok().lines().count(), 2);
    assert_eq!(shop.replay(["tail", "--after", "10"]).ok(), "");
}

#[tokio::test]
async fn a_position_beyond_the_head_is_refused() {
    let shop = Shop::with_a_session().await;
    let refused = shop.replay(["tail", "--after", "11"]).failed(2);
    assert!(refused.contains("the log ends at position 10"), "{refused}");
}

#[tokio::test]
async fn json_output_is_one_envelope_per_line_with_hashes() {
    let shop = Shop::with_a_session().await;
    let shown = shop.replay_with_key(["--json", "tail"]).ok();
    let events: Vec<Value> = shown.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(events.len(), 10);
    for (before, event) in events.iter().zip(&events[1..]) {
        assert_eq!(event["prev_hash"], before["hash"]);
        assert_eq!(event["hash"].as_str().unwrap().len(), 64);
    }
    assert_eq!(events[3]["personal_state"], json!("known"));
    assert_eq!(events[2]["personal_state"], json!("absent"));
    assert_eq!(events[3]["data"]["confidence_permille"], json!(870));
}

/// A running program; killed if the test ends first.
struct Following {
    child: Child,
    lines: Receiver<String>,
}

impl Following {
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (send, lines) = channel();
        std::thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| send.send(line)));
        Self { child, lines }
    }

    fn next_line(&self) -> String {
        self.lines.recv_timeout(Duration::from_secs(30)).unwrap()
    }

    fn interrupt(mut self) -> Option<i32> {
        let interrupted = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status().unwrap();
        assert!(interrupted.success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        // Fails if it has ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[tokio::test]
async fn follow_prints_new_events_and_ends_when_interrupted() {
    let shop = Shop::with_a_session().await;
    let following = Following::start(program(shop.folder()).args(["tail", "--after", "9", "--follow"]));
    assert!(following.next_line().contains("session.released"));
    shop.append(1, customer(1), &customer_says(50, "还在吗？")).await;
    assert!(following.next_line().contains("session.customer_message_sent"));
    assert_eq!(following.interrupt(), Some(0));
}
