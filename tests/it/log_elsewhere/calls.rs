//! How often a chat turn asks the log's server. Each call costs a turn its time on the network.

use super::*;

/// Turns that are counted together: what else desk asks now and then does not decide.
const TURNS: u64 = 20;
/// Calls for a turn in a session that is known: three appends, for each of which an earlier one with its ids is looked for, the
/// visitor's sign-in, the transcript, and what follows the message: ten or eleven. The rest is for what comes by the clock, of which
/// there is more on a busy machine; it was 28 when each follower read for itself.
const CALLS: u64 = 18;

/// Everything that is sent to the server for the log: appends and reads, of streams and of all.
fn calls(kurrent: &Kurrent) -> u64 {
    kurrent.server().calls().values().sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn chat_turn_makes_few_calls() {
    let kurrent = Kurrent::start();
    let fixture = Fixture::new(Log::Kurrent(kurrent.clone()), None);
    let desk = fixture.start("data");
    talk(&desk, "counted").await;
    let customer = desk.customer();
    customer.arrive("counted").await.unwrap();
    let before = calls(&kurrent);
    for _ in 0..TURNS {
        assert_eq!(customer.chat("counted", "多久发货？").await.unwrap()["success"], true);
    }
    let made = calls(&kurrent) - before;
    assert!(made <= TURNS * CALLS, "{made} calls for {TURNS} turns: {:?}", kurrent.server().calls());
}
