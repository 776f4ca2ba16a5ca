//! What sign-in, accounts and keys of staff need together.

use std::sync::Arc;

use commands::{Accounts, LoginThrottle, process::SignsOfLife};
use event_store::Clock;
use uuid::Uuid;

use super::{
    passwords::Passwords, second_factor::SecondFactorRoles, staff_directory::StaffDirectory, staff_tokens::StaffTokens,
};

/// The services of staff's accounts.
pub struct StaffServices {
    /// The use cases of accounts and keys.
    pub accounts: Arc<Accounts>,
    /// Who of staff may come in, and as what.
    pub directory: Arc<StaffDirectory>,
    /// Signs and checks tokens.
    pub tokens: StaffTokens,
    /// Hashes and checks passwords.
    pub passwords: Passwords,
    /// Who could not sign in, and has to wait.
    pub login_throttle: LoginThrottle,
    /// Who of staff is heard of.
    pub signs_of_life: Arc<SignsOfLife>,
    /// Roles whose members need a second factor.
    pub second_factor_roles: SecondFactorRoles,
    /// Says when tokens and sign-ins end.
    pub clock: Arc<dyn Clock>,
    /// Which log this is: ids of accounts are made from it.
    pub log_id: Uuid,
}
