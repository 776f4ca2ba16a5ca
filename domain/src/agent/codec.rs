//! How the events of an account are stored.

use crate::{
    agent::event::{
        ApiKeyIssued, ApiKeyLabel, ApiKeyRevoked, CapacityChanged, Created, DataErased, Deactivated, Event,
        LanguagesChanged, Names, Offer, PasswordSecret, PasswordSet, Person, PresenceChanged, Reactivated,
        RecoveryCodes, RecoveryCodesReplaced, Renamed, RoleChanged, SecondFactorDisabled, SecondFactorEnabled,
        SecondFactorOffered, SecondFactorUsed, SignInRenewed, SignInRevoked, SignInsFailed, SignedIn, SignedOut,
        SkillsChanged, Whereabouts,
    },
    codec::{stored_events, upcast::Upcaster},
};

/// None yet: every event is still at its first schema.
const UPCASTERS: &[Upcaster] = &[];

stored_events! {
    Event;
    plain {
        RoleChanged = "agent.role_changed",
        SkillsChanged = "agent.skills_changed",
        LanguagesChanged = "agent.languages_changed",
        CapacityChanged = "agent.capacity_changed",
        Deactivated = "agent.deactivated",
        Reactivated = "agent.reactivated",
        SignInRenewed = "agent.sign_in_renewed",
        SignedOut = "agent.signed_out",
        SignInRevoked = "agent.sign_in_revoked",
        PresenceChanged = "agent.presence_changed",
        SecondFactorUsed = "agent.second_factor_used",
        SecondFactorDisabled = "agent.second_factor_disabled",
        ApiKeyRevoked = "agent.api_key_revoked",
        DataErased = "agent.data_erased",
    }
    personal {
        Created = "agent.created", person: Person, Staff;
        Renamed = "agent.renamed", names: Names, Staff;
        PasswordSet = "agent.password_set", secret: PasswordSecret, Staff;
        SignedIn = "agent.signed_in", origin: Whereabouts, Staff;
        SignInsFailed = "agent.sign_ins_failed", origin: Whereabouts, Staff;
        SecondFactorOffered = "agent.second_factor_offered", offer: Offer, Staff;
        SecondFactorEnabled = "agent.second_factor_enabled", recovery: RecoveryCodes, Staff;
        RecoveryCodesReplaced = "agent.recovery_codes_replaced", recovery: RecoveryCodes, Staff;
        ApiKeyIssued = "agent.api_key_issued", label: ApiKeyLabel, Staff;
    }
}
