// What a proof file says, as far as a person wants to know it at once. Whether it is right is for the auditor's program.

export interface ProofSummary {
  events: number;
  /** How many events the log had when the note was signed. */
  size: string | null;
  root: string | null;
}

export function proofSays(text: string): ProofSummary {
  const file = JSON.parse(text) as { events?: unknown[]; checkpoint?: string };
  const [, size, root] = (file.checkpoint ?? '').split('\n');
  return { events: file.events?.length ?? 0, size: size || null, root: root || null };
}
