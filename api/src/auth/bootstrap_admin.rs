//! The first account: `admin`, created if there is none of this name. Its password comes from the settings, or is generated and
//! written to a file that only the operator can read, to be changed at the first sign-in.
//!
//! Invariant: the log decides whether it is the first start, so several nodes that start at once make one account.

use std::fs;

use commands::{Accounts, CommandError, accounts::Managed};
use domain::{
    Language,
    agent::{
        Rejection, Role,
        command::{CAPACITY, NewAccount},
        event::PasswordOrigin,
    },
    text::{PersonName, Username},
};
use event_store::Actor;
use uuid::Uuid;

use crate::{
    auth::passwords::{Password, Passwords},
    data_dir::DataDir,
};

/// What the first account signs in with.
pub const ADMINISTRATOR: &str = "admin";
/// Where its password is left if none was set.
pub const PASSWORD_FILE: &str = "admin-password";

type AnyError = Box<dyn std::error::Error + Send + Sync>;

/// Makes the first account unless it is there, with the password that was set or one that is made up.
///
/// # Errors
/// The password of the settings is not taken, the file cannot be written, or the log does not answer.
pub async fn make_administrator(
    accounts: &Accounts,
    passwords: &Passwords,
    set: Option<&str>,
    data_dir: &DataDir,
) -> Result<(), AnyError> {
    let username = Username::parse(ADMINISTRATOR)?;
    if let Some(account) = accounts.by_name(&username).await?.account() {
        if !account.must_change_password {
            remove_password_file(data_dir)?;
        }
        return Ok(());
    }
    let (password, by) = first_password(set, data_dir, &username)?;
    let hash = passwords.hash(password).await?;
    let new = NewAccount {
        name: PersonName::parse("Administrator")?,
        username,
        email: None,
        role: Role::Admin,
        skills: Vec::new(),
        languages: Language::ALL.to_vec(),
        capacity: CAPACITY,
        hash,
        by,
    };
    match accounts.create(Actor::new("system", "first-start"), new, Uuid::new_v4()).await {
        Ok(made) => say(&made, by, data_dir),
        // Another node was faster: its password is the right one.
        Err(CommandError::Account(Rejection::AlreadyExists)) => remove_password_file(data_dir)?,
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

fn first_password(
    set: Option<&str>,
    data_dir: &DataDir,
    username: &Username,
) -> Result<(Password, PasswordOrigin), AnyError> {
    if let Some(set) = set {
        let fit = Password::given(set.to_owned()).fit_for(username);
        let password = fit.map_err(|error| format!("admin_password (DESK_ADMIN_PASSWORD) {error}"))?;
        return Ok((password, PasswordOrigin::Owner));
    }
    let fresh = || Password::generate().expose().to_owned();
    let (kept, _) = data_dir.keep(PASSWORD_FILE, fresh)?;
    Ok((Password::given(kept), PasswordOrigin::Administrator))
}

fn say(made: &Managed, by: PasswordOrigin, data_dir: &DataDir) {
    let agent = made.agent.to_string();
    match by {
        PasswordOrigin::Owner => tracing::info!(agent, "the account admin was made with the password of the settings"),
        PasswordOrigin::Administrator => {
            let path = data_dir.join(PASSWORD_FILE);
            tracing::info!(agent, path = %path.display(), "the account admin was made; its password is in the file, and is to be changed at the first sign-in");
        }
    }
}

/// Takes the file with the first password away, if it is there.
///
/// # Errors
/// It cannot be removed.
pub fn remove_password_file(data_dir: &DataDir) -> std::io::Result<()> {
    match fs::remove_file(data_dir.join(PASSWORD_FILE)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}
