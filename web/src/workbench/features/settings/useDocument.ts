// A document that is published in versions: the policy, the calendars.
//
// Invariant: it is published over the version that was seen. What somebody else published meanwhile is a conflict; what was
// written stays.
import { computed, onMounted, ref, shallowRef, type ComputedRef, type Ref, type ShallowRef } from 'vue';

import { request } from '../../api/client';
import { asProblem, type Problem } from '../../api/problem';
import type { Version } from '../../api/types';

export interface PublishedDocument {
  versions: ShallowRef<Version[]>;
  inForce: Ref<number>;
  shown: Ref<number>;
  text: Ref<string>;
  isChanged: ComputedRef<boolean>;
  isLoading: Ref<boolean>;
  problem: ShallowRef<Problem | null>;
  /** Of what was to be published. */
  refused: ShallowRef<Problem | null>;
  load: () => Promise<void>;
  show: (version: number) => Promise<void>;
  publish: (reason: string) => Promise<number | null>;
  rollBack: (version: number, reason: string) => Promise<number | null>;
}

interface Versions {
  data: Version[];
  version: number;
}

export function useDocument(base: '/api/policies' | '/api/calendars'): PublishedDocument {
  const versions = shallowRef<Version[]>([]);
  const [inForce, shown, text, stored, isLoading] = [ref(0), ref(0), ref(''), ref(''), ref(true)];
  const [problem, refused] = [shallowRef<Problem | null>(null), shallowRef<Problem | null>(null)];
  const isChanged = computed(() => text.value !== stored.value);

  async function load(): Promise<void> {
    problem.value = null;
    try {
      await readVersions();
      await show(inForce.value);
    } catch (error) {
      problem.value = asProblem(error);
    } finally {
      isLoading.value = false;
    }
  }

  async function readVersions(): Promise<void> {
    const answer = await request<Versions>('GET', base);
    versions.value = [...answer.data].sort((a, b) => b.version - a.version);
    inForce.value = answer.version;
  }

  async function show(version: number): Promise<void> {
    const answer = await request<{ data: { document: string } }>('GET', `${base}/${version}`);
    [shown.value, text.value, stored.value] = [version, answer.data.document, answer.data.document];
    refused.value = null;
  }

  const publish = (reason: string): Promise<number | null> =>
    change(base, { document: text.value, ...(reason && { reason }) });
  const rollBack = (version: number, reason: string): Promise<number | null> =>
    change(`${base}/rollback`, { to_version: version, ...(reason && { reason }) });

  async function change(path: string, body: Record<string, unknown>): Promise<number | null> {
    refused.value = null;
    try {
      const { version } = await request<{ version: number }>('POST', path, { body, ifMatch: inForce.value });
      await readVersions();
      await show(version);
      return version;
    } catch (error) {
      refused.value = asProblem(error);
      if (refused.value.status === 412) await readVersions();
      return null;
    }
  }

  onMounted(load);
  return { versions, inForce, shown, text, isChanged, isLoading, problem, refused, load, show, publish, rollBack };
}
