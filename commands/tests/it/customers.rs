//! A token of the shop is used once, whatever breaks between the log and the answer, and on however many nodes.

mod fixture;

use commands::{CommandError, customers::IdentifyError};
use futures::future::join_all;
use jiff::Timestamp;

use self::fixture::{Fixture, as_visitor, identify, visitor};

fn is_replayed<T>(answer: &Result<T, IdentifyError>) -> bool {
    matches!(answer, Err(IdentifyError::Replayed))
}

#[tokio::test]
async fn lost_identify_answer_is_repeated_for_its_visitor_only() {
    let fixture = Fixture::new();
    let node = fixture.node();
    fixture.lose_answers(1);
    let lost = node.identify(identify(Some(visitor(1)), "4711", "a")).await;
    let recorded = fixture.head().await;
    assert!(matches!(lost, Err(IdentifyError::Command(CommandError::Unavailable(_)))), "{lost:?}");
    for node in [&node, &fixture.node()] {
        let again = node.identify(identify(Some(visitor(1)), "4711", "a")).await.unwrap();
        assert_eq!((again.visitor, again.position), (visitor(1), recorded));
        assert!(is_replayed(&node.identify(identify(Some(visitor(2)), "4711", "a")).await));
        assert!(is_replayed(&node.identify(identify(None, "4711", "a")).await));
    }
    assert_eq!(fixture.types().await, ["customer.identified"]);
}

#[tokio::test]
async fn identify_interrupted_by_an_outage_succeeds_with_the_same_token() {
    let fixture = Fixture::new();
    let node = fixture.node();
    node.identify(identify(Some(visitor(1)), "4711", "a")).await.unwrap();
    // The first is put out, and the second is not there yet.
    fixture.fail_appends_after(1);
    assert!(node.identify(identify(Some(visitor(1)), "4712", "b")).await.is_err());
    assert_eq!(fixture.types().await, ["customer.identified", "customer.signed_out"]);
    fixture.fail_appends_after(usize::MAX);
    let second = fixture.node().identify(identify(Some(visitor(1)), "4712", "b")).await.unwrap();
    assert_ne!(second.visitor, visitor(1));
    assert!(node.current(visitor(1)).await.unwrap().state.has_left());
    assert!(is_replayed(&node.identify(identify(Some(visitor(1)), "4712", "b")).await));
}

#[tokio::test]
async fn concurrent_nodes_accept_an_identity_token_once() {
    let fixture = Fixture::new();
    let nodes: Vec<_> = (0..8).map(|_| fixture.node()).collect();
    let strangers = nodes.iter().map(|node| node.identify(identify(None, "4711", "a")));
    let answers = join_all(strangers).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    assert_eq!(answers.iter().filter(|answer| is_replayed(answer)).count(), 7);
    assert_eq!(fixture.types().await, ["customer.identified"]);
}

#[tokio::test]
async fn concurrent_tokens_on_one_visitor_give_one_customer_or_two_visitors() {
    for (sub, visitors) in [("4711", 1), ("4712", 2)] {
        let fixture = Fixture::new();
        let (here, there) = (fixture.node(), fixture.node());
        let (one, other) = tokio::join!(
            here.identify(identify(Some(visitor(1)), "4711", "a")),
            there.identify(identify(Some(visitor(1)), sub, "b")),
        );
        let (one, other) = (one.unwrap(), other.unwrap());
        assert_eq!(one.visitor == other.visitor, visitors == 1);
        let unchanged = ["customer.identified", "customer.command_confirmed"];
        let put_out = ["customer.identified", "customer.signed_out", "customer.identified"];
        assert_eq!(fixture.types().await, if visitors == 1 { &unchanged[..] } else { &put_out[..] });
    }
}

#[tokio::test]
async fn erased_customer_returns_as_a_new_visitor() {
    let fixture = Fixture::new();
    for (n, jti) in [(1, "a"), (2, "b")] {
        fixture.node().identify(identify(Some(visitor(n)), "4711", jti)).await.unwrap();
    }
    for n in [1, 3] {
        fixture.log.vault().erase_subject(visitor(n).0, Timestamp::now()).await.unwrap();
    }
    let node = fixture.node();
    assert!(node.current(visitor(1)).await.unwrap().state.customer().unwrap().profile.is_none());
    for (n, jti) in [(1, "c"), (3, "d")] {
        let back = node.identify(identify(Some(visitor(n)), "4711", jti)).await.unwrap();
        assert_ne!(back.visitor, visitor(n));
        assert_eq!(back.customer.profile.unwrap(), as_visitor("4711"));
    }
}
