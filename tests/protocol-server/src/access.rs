//! Who calls, and what they may do.
//!
//! With no users set up nothing is checked. Otherwise a call needs the name and password of one; streams are for whom their
//! metadata's access list names. Where it names nobody, everybody signed in may use ordinary streams, and only the group
//! `$admins` may use those whose names begin with `$`, `$all` among them. Who may read and write a stream's metadata is said
//! by that stream's own list.

use base64::{Engine, prelude::BASE64_STANDARD};
use tonic::{Status, metadata::MetadataMap};

use crate::{
    event::{SYSTEM, described_by},
    index::{
        Index,
        metadata::{Acl, Names},
    },
    options::User,
    statuses,
};

const ADMINS: &str = "$admins";
/// Stands for everybody in an access list.
const EVERYBODY: &str = "$all";

/// What somebody is about to do with a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    Read,
    Write,
    Delete,
}

/// Who calls.
pub(crate) enum Caller<'a> {
    /// Nobody asks.
    Unchecked,
    Anonymous,
    User(&'a User),
}

impl<'a> Caller<'a> {
    /// # Errors
    /// `UNAUTHENTICATED`: a wrong name or password, or a header that cannot be read.
    pub(crate) fn of(metadata: &MetadataMap, users: &'a [User]) -> Result<Self, Status> {
        if users.is_empty() {
            return Ok(Self::Unchecked);
        }
        let Some(header) = metadata.get("authorization") else { return Ok(Self::Anonymous) };
        let refused = || Status::unauthenticated("Unauthenticated");
        let (name, password) = credentials(header.to_str().ok()).ok_or_else(refused)?;
        let user = users.iter().find(|user| user.name == name && user.password == password);
        user.map(Self::User).ok_or_else(refused)
    }

    /// # Errors
    /// `PERMISSION_DENIED`.
    pub(crate) fn may(&self, act: Act, stream: &str, index: &Index, until: u64) -> Result<(), Status> {
        let user = match self {
            Self::Unchecked => return Ok(()),
            Self::Anonymous => return Err(statuses::access_denied()),
            Self::User(user) => user,
        };
        let described = described_by(stream);
        let subject = described.unwrap_or(stream);
        let acl = index.metadata(subject, until).acl.unwrap_or_default();
        let is_named = match named(&acl, act, described.is_some()) {
            Some(names) => names.iter().any(|name| is(user, name)),
            None => !subject.starts_with(SYSTEM),
        };
        if is_named || is(user, ADMINS) { Ok(()) } else { Err(statuses::access_denied()) }
    }

    /// # Errors
    /// `PERMISSION_DENIED` for whoever does not run the server.
    pub(crate) fn may_operate(&self) -> Result<(), Status> {
        match self {
            Self::Unchecked => Ok(()),
            Self::User(user) if is(user, ADMINS) || is(user, "$ops") => Ok(()),
            Self::Anonymous | Self::User(_) => Err(statuses::access_denied()),
        }
    }
}

fn named(acl: &Acl, act: Act, is_metadata: bool) -> Option<&Names> {
    match (act, is_metadata) {
        (Act::Read, false) => acl.read.as_ref(),
        (Act::Write, false) => acl.write.as_ref(),
        (Act::Delete, _) => acl.delete.as_ref(),
        (Act::Read, true) => acl.read_metadata.as_ref(),
        (Act::Write, true) => acl.write_metadata.as_ref(),
    }
}

fn is(user: &User, name: &str) -> bool {
    name == EVERYBODY || user.name == name || user.groups.iter().any(|group| group == name)
}

fn credentials(header: Option<&str>) -> Option<(String, String)> {
    let decoded = BASE64_STANDARD.decode(header?.strip_prefix("Basic ")?.trim()).ok()?;
    let decoded = String::from_utf8(decoded).ok()?;
    decoded.split_once(':').map(|(name, password)| (name.to_owned(), password.to_owned()))
}
