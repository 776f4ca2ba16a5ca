//! A bucket that speaks S3's protocol. Where it is and who asks comes from the environment, as for Amazon's own tools.
//!
//! Invariant: the client is the program's own, so TLS is what it is everywhere in the program.

use std::{fmt, future::Future, time::Duration};

use async_trait::async_trait;
use object_store::{
    ClientOptions, Error, ObjectStore, ObjectStoreExt as _, PutMode, PutOptions,
    aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey},
    client::{HttpClient, HttpConnector},
    path::Path,
};
use tokio::time::timeout;

use super::{Created, NoTarget, Target, TargetError};

/// The longest that one file may take, with the repeats of the client.
const PATIENCE: Duration = Duration::from_secs(120);

pub(super) struct Bucket {
    store: AmazonS3,
    prefix: String,
    shown: String,
}

#[derive(Clone)]
struct OwnClient(reqwest::Client);

impl fmt::Debug for OwnClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OwnClient")
    }
}

impl HttpConnector for OwnClient {
    fn connect(&self, _options: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.0.clone()))
    }
}

impl Bucket {
    pub(super) fn open(text: &str, bucket: &str, prefix: &str, client: reqwest::Client) -> Result<Self, NoTarget> {
        let builder = AmazonS3Builder::from_env().with_bucket_name(bucket).with_http_connector(OwnClient(client));
        if let Some(endpoint) = builder.get_config_value(&AmazonS3ConfigKey::Endpoint).filter(|url| !is_protected(url))
        {
            return Err(NoTarget::Unprotected(endpoint));
        }
        let store = builder.with_allow_http(true).build();
        let store = store.map_err(|error| NoTarget::Bucket(text.to_owned(), error.into()))?;
        Ok(Self { store, prefix: prefix.trim_matches('/').to_owned(), shown: text.to_owned() })
    }

    fn path(&self, name: &str) -> Path {
        Path::from(format!("{}/{name}", self.prefix))
    }

    async fn asked<T>(
        &self,
        name: &str,
        verb: &'static str,
        asking: impl Future<Output = object_store::Result<T>>,
    ) -> Result<T, TargetError> {
        let failed = |source| TargetError { name: name.to_owned(), target: self.shown(), verb, source };
        match timeout(PATIENCE, asking).await {
            Ok(answer) => answer.map_err(|error| failed(error.into())),
            Err(elapsed) => Err(failed(elapsed.into())),
        }
    }
}

/// By TLS, or to this machine.
fn is_protected(url: &str) -> bool {
    let host = url.strip_prefix("http://").map(|rest| rest.split(['/', ':']).next().unwrap_or_default());
    host.is_none_or(|host| matches!(host, "localhost" | "127.0.0.1" | "[::1]"))
}

#[async_trait]
impl Target for Bucket {
    async fn create(&self, name: &str, bytes: &[u8]) -> Result<Created, TargetError> {
        let path = self.path(name);
        let asking = async {
            let options = PutOptions::from(PutMode::Create);
            match self.store.put_opts(&path, bytes.to_vec().into(), options).await {
                Ok(_) => Ok(Created::New),
                Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => Ok(Created::Exists),
                Err(error) => Err(error),
            }
        };
        self.asked(name, "written", asking).await
    }

    async fn read(&self, name: &str) -> Result<Option<Vec<u8>>, TargetError> {
        let path = self.path(name);
        let asking = async {
            match self.store.get(&path).await {
                Ok(found) => found.bytes().await.map(|bytes| Some(bytes.to_vec())),
                Err(Error::NotFound { .. }) => Ok(None),
                Err(error) => Err(error),
            }
        };
        self.asked(name, "read", asking).await
    }

    async fn children(&self, folder: &str) -> Result<Vec<String>, TargetError> {
        let path = self.path(folder);
        let listed = self.asked(folder, "listed", self.store.list_with_delimiter(Some(&path))).await?;
        let files = listed.objects.iter().map(|object| &object.location);
        let names = listed.common_prefixes.iter().chain(files).filter_map(|path| Some(path.filename()?.to_owned()));
        let mut names: Vec<String> = names.collect();
        names.sort();
        Ok(names)
    }

    async fn remove(&self, name: &str) -> Result<(), TargetError> {
        let path = self.path(name);
        let asking = async {
            match self.store.delete(&path).await {
                Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
                Err(error) => Err(error),
            }
        };
        self.asked(name, "removed", asking).await
    }

    fn shown(&self) -> String {
        self.shown.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_and_this_machine_are_asked() {
        for url in ["https://s3.eu-central-1.amazonaws.com", "http://localhost:9000", "http://127.0.0.1:5000/x"] {
            assert!(is_protected(url), "{url}");
        }
        for url in ["http://s3.example.com", "http://127.0.0.1.example.com", "http://10.0.0.1:9000"] {
            assert!(!is_protected(url), "{url}");
        }
    }
}
