//! The rules of the second factor: it is offered, then proven by a first code, then asked for at every sign-in.
//!
//! Invariant: a code is good once: what it opened is recorded with its number or its 30 seconds, at the version that the
//! decision was made at.

use crate::{
    agent::{
        command::SecondFactorProof,
        decide::Decision,
        event::{
            Event, Offer, RecoveryCodes, RecoveryCodesReplaced, RecoveryDigest, SecondFactorDisabled,
            SecondFactorEnabled, SecondFactorOffered, SecondFactorUsed, TotpSecret,
        },
        rejection::Rejection,
        state::{Account, SecondFactor},
    },
    personal::Personal,
};

pub(super) fn offer(account: &Account, secret: TotpSecret) -> Decision {
    if account.second_factor.is_some() {
        return Err(Rejection::SecondFactorEnabled);
    }
    Ok(vec![Event::SecondFactorOffered(SecondFactorOffered { offer: Personal::Known(Offer { secret }) })])
}

pub(super) fn enable(account: &Account, secret: &TotpSecret, step: u64, digests: Vec<RecoveryDigest>) -> Decision {
    if account.second_factor.is_some() {
        return Err(Rejection::SecondFactorEnabled);
    }
    if account.offered.as_ref() != Some(secret) {
        return Err(Rejection::SecondFactorNotOffered);
    }
    let recovery = Personal::Known(RecoveryCodes { digests });
    Ok(vec![Event::SecondFactorEnabled(SecondFactorEnabled { step, recovery })])
}

pub(super) fn replace_codes(
    account: &Account,
    proof: Option<SecondFactorProof>,
    digests: Vec<RecoveryDigest>,
) -> Decision {
    let used = used(account, proof)?.ok_or(Rejection::SecondFactorNotOffered)?;
    let recovery = Personal::Known(RecoveryCodes { digests });
    Ok(vec![used, Event::RecoveryCodesReplaced(RecoveryCodesReplaced { recovery })])
}

pub(super) fn disable(account: &Account, proof: Option<SecondFactorProof>) -> Decision {
    let used = used(account, proof)?;
    Ok(used.into_iter().chain(reset(account)).collect())
}

pub(super) fn reset(account: &Account) -> Vec<Event> {
    let disabled = || Event::SecondFactorDisabled(SecondFactorDisabled {});
    account.second_factor.iter().map(|_| disabled()).collect()
}

/// What is recorded of a second factor that is good; nothing where none is needed.
pub(super) fn used(account: &Account, proof: Option<SecondFactorProof>) -> Result<Option<Event>, Rejection> {
    let Some(factor) = &account.second_factor else { return Ok(None) };
    let proof = proof.ok_or(Rejection::SecondFactorRequired)?;
    let used = good(factor, &proof).ok_or(Rejection::SecondFactorWrong)?;
    Ok(Some(Event::SecondFactorUsed(used)))
}

fn good(factor: &SecondFactor, proof: &SecondFactorProof) -> Option<SecondFactorUsed> {
    match proof {
        SecondFactorProof::Totp { secret, step } => {
            let is_good = factor.secret.as_ref() == Some(secret) && *step > factor.used_step;
            is_good.then_some(SecondFactorUsed::Totp { step: *step })
        }
        SecondFactorProof::RecoveryCode(digest) => {
            let (number, _) = factor.recovery.iter().find(|(_, known)| *known == digest)?;
            Some(SecondFactorUsed::RecoveryCode { number: *number })
        }
    }
}
