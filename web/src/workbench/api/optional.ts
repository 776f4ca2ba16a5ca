// Routes that a server may not have: what it answers 404 once is not asked for again, and its place on screen is left out.
import { reactive } from 'vue';

import { Problem } from './problem';

export type Feature =
  | 'notes' | 'tags' | 'priority' | 'customer' | 'quick_replies' | 'drafts' | 'read' | 'counts' | 'faq' | 'proof';

/** Of one session: 404 says that the session is not there, or not yet in the views, and nothing about the route. */
const OF_A_SESSION = new Set<Feature>(['notes', 'tags', 'priority', 'customer', 'drafts', 'read', 'proof']);
const missing = reactive(new Set<Feature>());

export const has = (feature: Feature): boolean => !missing.has(feature);

/** Null where the server has no such route; every other refusal is thrown. */
export async function optional<T>(feature: Feature, call: () => Promise<T>): Promise<T | null> {
  if (!has(feature)) return null;
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof Problem) || !error.isMissing) throw error;
    if (!OF_A_SESSION.has(feature)) missing.add(feature);
    return null;
  }
}
