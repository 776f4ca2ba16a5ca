// What one has changed is in what one reads next: answers to changes say where in the log they stand, and reads of lists can
// wait for that place.

let newest = 0;

/** The answer to a change that the server took. */
export async function noteWrite(answer: Response): Promise<void> {
  const body: unknown = await answer.json().catch(() => null);
  const position = (body as { position?: unknown } | null)?.position;
  if (typeof position === 'number') newest = Math.max(newest, position);
}

/** To be added to the query of a read that takes it. */
export const afterOwnWrites = (): { min_position?: number } => (newest > 0 ? { min_position: newest } : {});
