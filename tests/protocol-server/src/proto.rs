//! The protocol as generated from the client's `.proto` files: messages, and both ends of each service, so that tests can
//! speak to the server below the official client.
#![allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic)]
#![allow(rustdoc::broken_intra_doc_links, rustdoc::invalid_html_tags, rustdoc::bare_urls)]

mod generated {
    include!(concat!(env!("OUT_DIR"), "/protocol.rs"));
}

pub use generated::{
    event_store::client::{gossip, operations, server_features, streams, *},
    google::rpc,
};
