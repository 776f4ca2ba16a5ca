// Something that is done at the press of a button: busy meanwhile, and a refusal is told, at the field that it is about where
// the form has it.
import { computed, ref, shallowRef, type ComputedRef, type Ref, type ShallowRef } from 'vue';
import { useI18n } from 'vue-i18n';

import { asProblem, type Problem } from '../../api/problem';
import { explain, isAbout } from '../../i18n/explain';
import { useToasts } from '../../stores/toasts';

export interface Action {
  isBusy: Ref<boolean>;
  refused: ShallowRef<Problem | null>;
  /** What is refused and belongs to none of the form's fields. */
  error: ComputedRef<string>;
  errorAt: (field: string) => string | undefined;
  clear: () => void;
  /** True where it was done. `quiet` tells no refusal by a toast: the form shows it. */
  act: (run: () => Promise<unknown>, quiet?: boolean) => Promise<boolean>;
}

/** `fields`: those of the body that the form shows, by the server's names. */
export function useAction(fields: readonly string[] = []): Action {
  const { t } = useI18n();
  const toasts = useToasts();
  const isBusy = ref(false);
  const refused = shallowRef<Problem | null>(null);
  const text = computed(() => (refused.value ? explain(t, refused.value) : ''));
  const place = computed(() => fields.find((field) => refused.value && isAbout(refused.value, field)));
  const error = computed(() => (place.value === undefined ? text.value : ''));
  const errorAt = (field: string): string | undefined => (place.value === field ? text.value : undefined);
  const clear = (): void => void (refused.value = null);

  async function act(run: () => Promise<unknown>, quiet = false): Promise<boolean> {
    isBusy.value = true;
    clear();
    try {
      await run();
      return true;
    } catch (failure) {
      refused.value = asProblem(failure);
      if (!quiet) toasts.show(text.value, 'danger');
      return false;
    } finally {
      isBusy.value = false;
    }
  }

  return { isBusy, refused, error, errorAt, clear, act };
}
