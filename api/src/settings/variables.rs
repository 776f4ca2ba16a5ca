//! Environment variables: which of them are settings, and which only look like some.
//!
//! Kubernetes gives every container of a namespace variables for each service in it, named after the service: one called `desk` makes
//! `DESK_PORT=tcp://10.0.0.1:8080`, one called `smtp` makes `SMTP_PORT`. They are passed over.

use std::{collections::BTreeMap, ffi::OsString, net::IpAddr};

use super::faults::{SettingsFault, Source};

/// Variables by name, without those that are empty.
#[derive(Default)]
pub(super) struct Variables {
    pub(super) values: BTreeMap<String, String>,
    /// Names that look like settings and are not, each with the reason.
    pub(super) passed_over: Vec<(String, &'static str)>,
    pub(super) faults: Vec<SettingsFault>,
}

const SERVICE_LINK: &str = "Kubernetes' link to a service";
const NO_ADDRESS: &str = "no IP address";

impl Variables {
    /// Sorts them; `is_setting` says whether a name is one that is read.
    pub(super) fn of(all: impl Iterator<Item = (OsString, OsString)>, is_setting: impl Fn(&str) -> bool) -> Self {
        let mut variables = Self::default();
        for (name, value) in all {
            // A name that is no text cannot be one of ours.
            let Ok(name) = name.into_string() else { continue };
            let (is_ours, is_read) = (name.starts_with("DESK_"), is_setting(&name));
            if !(is_ours || is_read) || value.is_empty() {
                continue;
            }
            match value.into_string() {
                Ok(value) if is_link(&name, &value, is_read) => variables.passed_over.push((name, SERVICE_LINK)),
                Ok(value) => drop(variables.values.insert(name, value)),
                Err(_not_text) => {
                    variables.faults.push(SettingsFault::NotText { source_of: Source::Environment(name) })
                }
            }
        }
        variables
    }

    /// What the original's `HOST` and `PORT` say, on the address of `listen` where only the port is given. Many shells set `HOST` to
    /// the machine's name, so one that is no address counts as none.
    pub(super) fn original_listen(&mut self, listen: &str) -> Option<(String, Source)> {
        let (host, port) = (self.values.get("HOST").cloned(), self.values.get("PORT").cloned()?);
        let address: Option<IpAddr> = host.as_deref().and_then(|host| match host {
            "localhost" => Some(IpAddr::from([127, 0, 0, 1])),
            host => host.trim_matches(['[', ']']).parse().ok(),
        });
        if host.is_some() && address.is_none() {
            self.passed_over.push(("HOST".to_owned(), NO_ADDRESS));
        }
        let (host, source) = match address {
            Some(IpAddr::V6(address)) => (format!("[{address}]"), "HOST, PORT"),
            Some(address) => (address.to_string(), "HOST, PORT"),
            None => (listen.rsplit_once(':').map_or(listen, |(host, _)| host).to_owned(), "PORT"),
        };
        Some((format!("{host}:{port}"), Source::Environment(source.to_owned())))
    }
}

/// Names that end as Kubernetes has them, and ports that are URLs.
fn is_link(name: &str, value: &str, is_setting: bool) -> bool {
    let is_port_url = ["tcp://", "udp://", "sctp://"].iter().any(|scheme| value.starts_with(scheme));
    if is_setting {
        return is_port_url;
    }
    let is_service = name.ends_with("_SERVICE_HOST") || name.contains("_SERVICE_PORT");
    let is_port = name.ends_with("_PORT") && is_port_url;
    let of_one_port = name.split_once("_PORT_").is_some_and(|(_, rest)| {
        let mut parts = rest.split('_');
        let is_number = parts.next().is_some_and(|number| number.parse::<u16>().is_ok());
        is_number && parts.next().is_some_and(|protocol| ["TCP", "UDP", "SCTP"].contains(&protocol))
    });
    is_service || is_port || of_one_port
}
