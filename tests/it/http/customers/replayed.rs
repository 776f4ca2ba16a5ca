//! `desk-replay` on a log with customers: verify, stats, show and compare.

use std::process::Command;

use tests::desk::program;

use super::*;

#[tokio::test]
async fn desk_replay_reads_a_log_with_customers() {
    let mut own = Own::start(&[]);
    let customer = own.desk.customer();
    customer.arrive("s").await.unwrap();
    ok(identify(&customer, &token_for("4711")).await).await;
    ok(identify(&customer, &token_for("4711")).await).await;
    ok(identify(&customer, &Key::Rsa.sign(&with(claims("4711"), &json!({"vip": true})))).await).await;
    let said = customer.chat("s", "hello").await.unwrap();
    super::super::session_at(&customer, "s", said["position"].as_u64().unwrap()).await;
    let position = sign_out(&customer).await["position"].as_u64().unwrap();
    ok(own.desk.staff().get(&format!("/api/sessions?min_position={position}")).await.unwrap()).await;
    let (data, key) = (own.desk.data_dir().to_owned(), own.desk.master_key_file());
    own.desk.terminate();
    let replay = |command: &str| {
        let mut replay = Command::new(program("desk-replay"));
        let output = replay.arg("--store").arg(&data).arg("--master-key").arg(&key).arg(command).output().unwrap();
        let told = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{command}: {told}");
        told
    };
    replay("verify");
    replay("compare");
    let (stats, tail) = (replay("stats"), replay("tail"));
    // No route erases.
    for event_type in domain::customer::codec::EVENT_TYPES.iter().filter(|known| **known != "customer.data_erased") {
        assert!(stats.contains(event_type) && tail.contains(event_type), "{event_type}: {stats} {tail}");
    }
    assert!(stats.contains("1  customer\n"), "{stats}");
    assert!(tail.contains("ming@example.com") && tail.contains("4711"), "{tail}");
}
