//! `desk reset-admin`: the way back in for an operator when no administrator can sign in any more. Whoever can run it holds
//! the log and the master key anyway.
//!
//! Invariant: it goes through the same use cases as everything else, so it is in the log and the audit like everything else,
//! with an actor of its own. Killed anywhere and run again, it ends the same.

use std::path::PathBuf;

use commands::Accounts;
use domain::{
    AgentId,
    agent::{Role, command::Changes},
    text::Username,
};
use event_store::Actor;
use uuid::Uuid;

use crate::{
    auth::{
        bootstrap_admin::{ADMINISTRATOR, PASSWORD_FILE, remove_password_file},
        passwords::{Password, Passwords},
    },
    data_dir::DataDir,
    settings::Settings,
    startup,
};

type AnyError = Box<dyn std::error::Error + Send + Sync>;

/// Opens the account `admin` again, as an administrator without a second factor and with a made-up password; answers the
/// file that the password is in.
///
/// # Errors
/// There is no such account yet, `desk` runs on this folder, or something cannot be opened.
pub async fn reset(settings: &Settings) -> Result<PathBuf, AnyError> {
    let (accounts, data_dir) = startup::open_accounts(settings).await?;
    let found = accounts.by_name(&Username::parse(ADMINISTRATOR)?).await?;
    if found.account().is_none() {
        return Err("there is no account admin yet: the first start of desk makes it".into());
    }
    let password = made_up(&data_dir)?;
    open(&accounts, found.agent, password).await?;
    Ok(data_dir.join(PASSWORD_FILE))
}

/// A new one always: who knows what was in the file before. In its file before it counts: a password that counts and that nobody
/// knows would be worse than none.
fn made_up(data_dir: &DataDir) -> Result<Password, AnyError> {
    remove_password_file(data_dir)?;
    let (kept, _) = data_dir.keep(PASSWORD_FILE, || Password::generate().expose().to_owned())?;
    Ok(Password::given(kept))
}

async fn open(accounts: &Accounts, admin: AgentId, password: Password) -> Result<(), AnyError> {
    let (by, request) = (Actor::new("system", "reset-admin"), Uuid::new_v4());
    let as_administrator = Changes { role: Some(Role::Admin), ..Changes::default() };
    accounts.change(admin, by.clone(), as_administrator, request).await?;
    accounts.set_active(admin, by.clone(), true, request).await?;
    accounts.reset_second_factor(admin, by.clone(), request).await?;
    let hash = Passwords::new().hash(password).await?;
    accounts.set_password(admin, by, hash, None, request).await?;
    Ok(())
}
