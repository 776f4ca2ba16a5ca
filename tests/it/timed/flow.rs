//! How long after its commit each step of a hand-off reaches the other side's stream.

use std::{collections::BTreeMap, time::Duration};

use super::quantile;
use crate::{
    crash::Backend,
    flow::{Floor, Run},
};

const RUNS: usize = 1_000;
/// Between two nodes.
const RUNS_BETWEEN_NODES: usize = 200;
/// As many on one server; access tokens end after a quarter of an hour.
const LOT: usize = 250;
/// The bar for the 99th percentile.
const P99: Duration = Duration::from_millis(200);

/// Delays of each step.
type Delays = BTreeMap<&'static str, Vec<Duration>>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "timed: make test-long runs it alone"]
async fn steps_of_a_hand_off_reach_the_other_side_in_time_on_sqlite() {
    let mut delays = Delays::new();
    for lot in 0..RUNS / LOT {
        measure(&mut Floor::open(&Backend::Files, 1).await, lot, LOT, &mut delays).await;
    }
    print_and_judge("SQLite", &mut delays);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "timed: make test-long runs it alone"]
async fn steps_of_a_hand_off_reach_another_node_in_time_on_postgres() {
    let mut delays = Delays::new();
    measure(&mut Floor::open(&Backend::postgres().await, 2).await, 0, RUNS_BETWEEN_NODES, &mut delays).await;
    print_and_judge("two nodes on PostgreSQL", &mut delays);
}

async fn measure(floor: &mut Floor, lot: usize, runs: usize, delays: &mut Delays) {
    for number in 0..runs {
        let Run { delays: steps, .. } = floor.run(&format!("flow-{lot}-{number}")).await;
        for (step, delay) in steps {
            delays.entry(step).or_default().push(delay);
        }
    }
}

fn print_and_judge(place: &str, delays: &mut Delays) {
    let all = delays.values().flatten().copied().collect();
    delays.insert("all steps", all);
    let mut late = Vec::new();
    for (step, delays) in delays {
        let [half, most, longest] = [0.5, 0.99, 1.0].map(|share| quantile(delays, share));
        println!("{place}, {step}, {} times: p50 {half:?}, p99 {most:?}, longest {longest:?}", delays.len());
        if most >= P99 {
            late.push((*step, most));
        }
    }
    assert!(late.is_empty(), "{late:?}");
}
