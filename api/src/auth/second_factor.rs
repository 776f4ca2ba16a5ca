//! One-time codes (RFC 6238: SHA-1, six digits, 30 seconds, as every authenticator app has them) and recovery codes.
//!
//! Invariants: whether a code was used before is the log's to say, not ours: here it is only found out which 30 seconds it
//! belongs to. A recovery code has 100 random bits, so a plain digest of it is enough.

use std::str::FromStr;

use domain::{
    AgentId,
    agent::{
        Account, Role,
        command::SecondFactorProof,
        event::{RecoveryDigest, TotpSecret},
    },
    text::{
        Username,
        form::{beginning, code},
    },
};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use totp_rs::{Builder, Secret, Totp};

/// Bytes of a secret: as many as SHA-1 gives (RFC 4226, 4).
const SECRET_BYTES: usize = 20;
/// Recovery codes of one account.
const RECOVERY_CODES: usize = 10;
/// Letters and digits of a recovery code, of five bits each: five groups of four.
const RECOVERY_CHARS: usize = 20;
/// Bytes that they are made of.
const RECOVERY_BYTES: usize = 13;
/// The longest text that is looked at.
const MAX_CHARS: usize = 64;
/// What authenticator apps show.
const ISSUER: &str = "Fiido Desk";

/// Roles whose members need a second factor.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SecondFactorRoles(Vec<Role>);

impl SecondFactorRoles {
    /// Whether it is one of these.
    #[must_use]
    pub fn contains(&self, role: Role) -> bool {
        self.0.contains(&role)
    }
}

/// No role of this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no role")]
pub struct UnknownRole(String);

impl FromStr for SecondFactorRoles {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
        names
            .map(|name| Role::parse(name).ok_or_else(|| UnknownRole(name.to_owned())))
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

/// A new secret.
#[must_use]
pub fn new_secret() -> TotpSecret {
    TotpSecret(Secret::from(rand::random::<[u8; SECRET_BYTES]>().to_vec()).to_base32())
}

/// What an authenticator app reads from a picture or a link.
#[must_use]
pub fn uri(secret: &TotpSecret, username: &Username) -> Option<String> {
    let builder = builder(secret)?.with_account_name(username.as_str()).with_issuer(Some(ISSUER));
    builder.build().ok()?.to_url().ok()
}

/// The 30 seconds that a code belongs to; a clock may be 30 seconds ahead or behind.
#[must_use]
pub fn step_of(secret: &TotpSecret, code: &str, now: Timestamp) -> Option<u64> {
    let totp: Totp = builder(secret)?.build().ok()?;
    totp.check(&tidied(code), u64::try_from(now.as_second()).ok()?)
}

fn builder(secret: &TotpSecret) -> Option<Builder> {
    Some(Builder::new().with_skew(1).with_secret(Secret::try_from_base32(&secret.0).ok()?))
}

/// What a text is as a second factor of an account: one of its one-time codes, or else perhaps a recovery code.
#[must_use]
pub fn proof(agent: AgentId, account: &Account, text: &str, now: Timestamp) -> SecondFactorProof {
    let secret = account.second_factor.as_ref().and_then(|factor| factor.secret.clone());
    let step = secret.as_ref().and_then(|secret| step_of(secret, text, now));
    match secret.zip(step) {
        Some((secret, step)) => SecondFactorProof::Totp { secret, step },
        None => SecondFactorProof::RecoveryCode(digest(agent, text)),
    }
}

/// Ten recovery codes as they are shown, once.
#[must_use]
pub fn new_recovery_codes() -> Vec<String> {
    let one = |_| {
        let letters = Secret::from(rand::random::<[u8; RECOVERY_BYTES]>().to_vec()).to_base32().to_lowercase();
        let groups: Vec<&str> = (0..RECOVERY_CHARS).step_by(4).map(|at| &letters[at..at + 4]).collect();
        groups.join("-")
    };
    (0..RECOVERY_CODES).map(one).collect()
}

/// What is kept of recovery codes.
#[must_use]
pub fn digests(agent: AgentId, codes: &[String]) -> Vec<RecoveryDigest> {
    codes.iter().map(|code| digest(agent, code)).collect()
}

fn digest(agent: AgentId, code: &str) -> RecoveryDigest {
    let mut hash = Sha256::new_with_prefix(b"fiido-desk/recovery-code/1");
    hash.update(agent.0);
    hash.update(tidied(code));
    RecoveryDigest(hex::encode(hash.finalize()))
}

/// People type spaces, dashes, capitals, and the digits of their keyboard.
fn tidied(text: &str) -> String {
    code(beginning(text, MAX_CHARS))
}

#[cfg(test)]
mod tests {
    use domain::agent::SecondFactor;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    const AGENT: AgentId = AgentId(Uuid::from_u128(1));

    /// RFC 6238, appendix B: the key of the SHA-1 rows, "12345678901234567890".
    fn rfc() -> TotpSecret {
        TotpSecret("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ".to_owned())
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    #[test]
    fn codes_match_the_vectors_of_rfc_6238() {
        // The last six of the eight digits that the RFC prints.
        for (second, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            let step = u64::try_from(second / 30).ok();
            assert_eq!(step_of(&rfc(), code, at(second)), step, "{second}");
            assert_eq!(step_of(&rfc(), code, at(second + 30)), step, "a clock that is behind");
            assert_eq!(step_of(&rfc(), code, at(second - 30)), step, "a clock that is ahead");
            assert_eq!(step_of(&rfc(), code, at(second + 60)), None);
        }
        for typed in [" 287 082 ", "287–082", "２８７０８２", "٢٨٧٠٨٢"] {
            assert_eq!(step_of(&rfc(), typed, at(59)), Some(1), "{typed}");
        }
        for bad in ["", "28708", "2870822", "28708a", "+87082", "２８７０８"] {
            assert_eq!(step_of(&rfc(), bad, at(59)), None, "{bad}");
        }
    }

    #[test]
    fn secrets_are_160_bits_and_apps_can_read_them() {
        let secret = new_secret();
        assert_eq!(secret.0.len(), 32);
        assert_ne!(secret, new_secret());
        let username = Username::parse("anna@shop").expect("a good name");
        let uri = uri(&rfc(), &username).expect("a link");
        assert_eq!(
            uri,
            "otpauth://totp/Fiido%20Desk:anna%40shop?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Fiido%20Desk"
        );
    }

    #[test]
    fn recovery_codes_are_ten_and_are_known_however_they_are_typed() {
        let codes = new_recovery_codes();
        assert_eq!(codes.len(), 10);
        assert!(
            codes.iter().all(|code| code.len() == 24 && code.split('-').all(|group| group.len() == 4)),
            "{codes:?}"
        );
        let letters: std::collections::HashSet<char> = codes.iter().flat_map(|code| code.chars()).collect();
        assert!(letters.len() > 20, "five bits each: {codes:?}");
        let kept = digests(AGENT, &codes);
        let typed = codes[3].to_uppercase().replace('-', " ");
        assert_eq!(digest(AGENT, &typed), kept[3]);
        assert_ne!(digest(AgentId(Uuid::from_u128(2)), &codes[3]), kept[3], "each account has its own");
    }

    #[test]
    fn roles_are_read_from_a_list() {
        let some: SecondFactorRoles = " admin, auditor,".parse().expect("roles");
        assert!(some.contains(Role::Admin) && some.contains(Role::Auditor) && !some.contains(Role::Agent));
        assert_eq!("".parse(), Ok(SecondFactorRoles::default()));
        assert_eq!("admin,boss".parse::<SecondFactorRoles>(), Err(UnknownRole("boss".to_owned())));
    }

    #[test]
    fn a_valid_one_time_code_is_one_and_all_else_a_recovery_code() {
        let second_factor = Some(SecondFactor { secret: Some(rfc()), ..SecondFactor::default() });
        let account = Account { second_factor, ..Account::nameless(Role::Agent) };
        let code = proof(AGENT, &account, "287082", at(59));
        assert_eq!(code, SecondFactorProof::Totp { secret: rfc(), step: 1 });
        assert!(matches!(proof(AGENT, &account, "287083", at(59)), SecondFactorProof::RecoveryCode(_)));
    }

    proptest! {
        #[test]
        fn arbitrary_text_does_not_panic(text: String, secret: String, second in 0..4_000_000_000_i64) {
            let _ = step_of(&TotpSecret(secret), &text, at(second));
            prop_assert!(step_of(&rfc(), &text, at(second)).is_none() || tidied(&text).len() == 6);
        }
    }
}
