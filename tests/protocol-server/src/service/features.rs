//! `ServerFeatures`: which methods there are, named in lower case as KurrentDB names them, and the version.

use tonic::{Request, Response, Status};

use super::Node;
use crate::proto::server_features::{SupportedMethod, SupportedMethods, server_features_server::ServerFeatures};

const STREAMS: &str = "event_store.client.streams.streams";

/// Method, service, features.
const METHODS: &[(&str, &str, &[&str])] = &[
    ("read", STREAMS, &["position", "events"]),
    ("append", STREAMS, &[]),
    ("delete", STREAMS, &[]),
    ("tombstone", STREAMS, &[]),
    ("batchappend", STREAMS, &["deadline_duration"]),
    ("read", "event_store.client.gossip.gossip", &[]),
    ("getsupportedmethods", "event_store.client.server_features.serverfeatures", &[]),
    ("startscavenge", "event_store.client.operations.operations", &[]),
    ("resignnode", "event_store.client.operations.operations", &[]),
];

#[tonic::async_trait]
impl ServerFeatures for Node {
    async fn get_supported_methods(&self, request: Request<()>) -> Result<Response<SupportedMethods>, Status> {
        self.cluster.counts.call("features");
        self.caller(&request)?;
        let methods = METHODS.iter().map(|(method, service, features)| SupportedMethod {
            method_name: (*method).to_owned(),
            service_name: (*service).to_owned(),
            features: features.iter().map(|feature| (*feature).to_owned()).collect(),
        });
        let event_store_server_version = self.cluster.options.version.clone();
        Ok(Response::new(SupportedMethods { methods: methods.collect(), event_store_server_version }))
    }
}
