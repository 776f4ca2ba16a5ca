//! The settings of the doors, each parsed once.

use std::net::SocketAddr;

use super::{Layers, SettingsError};
use crate::doors::{address::TrustedProxies, headers::FrameAncestors, origins::Origins, tls::TlsFiles};

/// Who may come in, and how.
#[derive(Debug, Clone)]
pub struct Doors {
    /// Pages elsewhere that may call the API with cookies.
    pub allowed_origins: Origins,
    /// The same, and the visitor's cookie reaches them.
    pub widget_origins: Origins,
    /// Who may show our pages in a frame.
    pub frame_ancestors: FrameAncestors,
    /// Whose word on the client's address counts.
    pub trusted_proxies: TrustedProxies,
    /// Messages a minute, per visitor and per address; 0 is no limit.
    pub chat_rate_per_minute: u32,
    /// Requests a second, per address or account; 0 is no limit.
    pub rate_per_second: u32,
    /// For TLS in the server itself.
    pub tls: Option<TlsFiles>,
    /// Where plain HTTP is told to come back by https.
    pub redirect_listen: Option<SocketAddr>,
}

const ORIGINS: &str = "origins like https://shop.example with commas between them, and no *: cookies are sent along";
const ANCESTORS: &str =
    "self, none, or origins like https://shop.example or https://*.shop.example with commas between them";
const PROXIES: &str = "addresses or networks like 10.0.0.0/8 with commas between them";

impl Doors {
    pub(super) fn parse(layers: &Layers) -> Result<Self, SettingsError> {
        let doors = Self {
            allowed_origins: layers.parse("allowed_origins", ORIGINS)?,
            widget_origins: layers.parse("widget_origins", ORIGINS)?,
            frame_ancestors: layers.parse("frame_ancestors", ANCESTORS)?,
            trusted_proxies: layers.parse("trusted_proxies", PROXIES)?,
            chat_rate_per_minute: layers.parse("chat_rate_per_minute", "a number of messages, 0 for no limit")?,
            rate_per_second: layers.parse("rate_per_second", "a number of requests, 0 for no limit")?,
            tls: tls(layers)?,
            redirect_listen: match layers.get("redirect_listen") {
                Some(_) => Some(layers.parse("redirect_listen", "an address like 0.0.0.0:80")?),
                None => None,
            },
        };
        if doors.redirect_listen.is_some() && doors.tls.is_none() {
            return Err(layers.invalid("redirect_listen", "unset without tls_cert_file: there is no https to lead to"));
        }
        Ok(doors)
    }
}

fn tls(layers: &Layers) -> Result<Option<TlsFiles>, SettingsError> {
    match (layers.get("tls_cert_file"), layers.get("tls_key_file")) {
        (None, None) => Ok(None),
        (Some(cert), Some(key)) => Ok(Some(TlsFiles { cert: cert.into(), key: key.into() })),
        (Some(_), None) => Err(layers.invalid("tls_key_file", "set together with tls_cert_file")),
        (None, Some(_)) => Err(layers.invalid("tls_cert_file", "set together with tls_key_file")),
    }
}
