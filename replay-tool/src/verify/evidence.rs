//! The checkpoints and proofs that an auditor gives to `verify`.
//!
//! Invariant: a damaged file among good ones is named and passed over; where no good one is left, there is no verdict.

use event_store::{
    Identity,
    checkpoint::{Checkpoint, PublicKey},
    event::time_text,
    verify::{Evidence, Report},
};

use crate::{
    checkpoint_files,
    cli::VerifyArgs,
    failure::{Failure, with_causes},
    source::Maps,
};

/// What was given.
#[derive(Default)]
pub(super) struct Given {
    evidence: Evidence,
    /// What is remarkable about the files.
    remarks: Vec<String>,
    here: Option<Identity>,
}

impl Given {
    pub(super) fn read(wanted: &VerifyArgs, maps: &Maps, here: Identity) -> Result<Self, Failure> {
        let Some(key) = &wanted.key else { return Ok(Self::default()) };
        let key = PublicKey::read(key)?;
        let mut given = Self { here: Some(here), ..Self::default() };
        given.read_notes(wanted, &key, maps)?;
        for file in &wanted.proof {
            let (checkpoint, proof) = checkpoint_files::read_proof(file, &key, maps)?;
            given.evidence.parts.extend(proof.parts(&checkpoint));
            given.evidence.checkpoints.push(checkpoint);
        }
        given.evidence.restored_at.clone_from(&wanted.restored_at);
        given.evidence.key = Some(key);
        given.remark_order();
        Ok(given)
    }

    fn read_notes(&mut self, wanted: &VerifyArgs, key: &PublicKey, maps: &Maps) -> Result<(), Failure> {
        let mut refused = None;
        for note in checkpoint_files::read_all(&wanted.checkpoint, key)? {
            match note {
                Ok(note) => self.evidence.checkpoints.push(maps.checkpoint(&note.checkpoint)),
                Err(failure) => {
                    self.remarks.push(format!("passed over: {}", with_causes(&failure)));
                    refused.get_or_insert(failure);
                }
            }
        }
        match refused {
            Some(failure) if self.evidence.checkpoints.is_empty() && wanted.proof.is_empty() => Err(failure),
            Some(_) | None => Ok(()),
        }
    }

    /// A clock that was set back, or a note made later than it says.
    fn remark_order(&mut self) {
        let mut in_order: Vec<&Checkpoint> = self.evidence.checkpoints.iter().collect();
        in_order.sort_by_key(|checkpoint| (checkpoint.size, checkpoint.signed_at));
        let earlier =
            in_order.windows(2).filter(|pair| pair[0].size < pair[1].size && pair[1].signed_at < pair[0].signed_at);
        let remarks = earlier.map(|pair| {
            format!(
                "the checkpoint over {} events was signed at {}, before the one over {} events, at {}: a clock was wrong",
                pair[1].size,
                time_text(pair[1].signed_at),
                pair[0].size,
                time_text(pair[0].signed_at)
            )
        });
        let remarks: Vec<String> = remarks.collect();
        self.remarks.extend(remarks);
    }

    /// Whether there is anything to compare with.
    pub(super) fn is_given(&self) -> bool {
        self.evidence.key.is_some()
    }

    pub(super) fn evidence(&self) -> Evidence {
        self.evidence.clone()
    }

    /// What is remarkable about the files, and about what the log says of itself.
    pub(super) fn remarks(&self, report: &Report) -> Vec<String> {
        let mut remarks = self.remarks.clone();
        let foreign = self
            .evidence
            .checkpoints
            .iter()
            .find(|checkpoint| self.here.is_some_and(|here| checkpoint.log.log_id != here.log_id));
        if let (Some(foreign), Some(here)) = (foreign, self.here) {
            remarks.push(format!(
                "the checkpoints are of log {}, and this one says it is {}",
                foreign.log.log_id, here.log_id
            ));
        }
        for restored in &report.restores {
            let signed = match &self.evidence.key {
                Some(key) if restored.is_signed_by(key) => "signed by the key",
                Some(_) => "NOT signed by the key, so it explains nothing",
                None => "its signature was not checked",
            };
            let (from, generation, who) = (restored.from, restored.generation, &restored.who);
            remarks.push(format!("restored at position {from} to generation {generation} by {who:?}; {signed}"));
        }
        let replaced = report.proved.iter().flat_map(|proved| &proved.replaced);
        let agreed = replaced.filter(|_| report.first_flaw.is_none());
        remarks.extend(agreed.map(|checkpoint| {
            format!("not compared: the checkpoint over {} events reaches beyond a restore", checkpoint.size)
        }));
        remarks.extend(report.times_unchecked_up_to.map(|position| {
            format!(
                "unchecked in time up to position {position}: the log says it is a copy of one that several clocks wrote, and no \
                 key given here has signed that"
            )
        }));
        remarks
    }
}
