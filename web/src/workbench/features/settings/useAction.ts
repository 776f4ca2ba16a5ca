// Something that is done at the press of a button: busy meanwhile, and a refusal is told.
import { ref, type Ref } from 'vue';
import { useI18n } from 'vue-i18n';

import { asProblem } from '../../api/problem';
import { explain } from '../../i18n/explain';
import { useToasts } from '../../stores/toasts';

export function useAction(): {
  isBusy: Ref<boolean>;
  error: Ref<string>;
  /** True where it was done. `quiet` tells no refusal by a toast: the form shows `error`. */
  act: (run: () => Promise<unknown>, quiet?: boolean) => Promise<boolean>;
} {
  const { t } = useI18n();
  const toasts = useToasts();
  const isBusy = ref(false);
  const error = ref('');

  async function act(run: () => Promise<unknown>, quiet = false): Promise<boolean> {
    isBusy.value = true;
    error.value = '';
    try {
      await run();
      return true;
    } catch (failure) {
      error.value = explain(t, asProblem(failure));
      if (!quiet) toasts.show(error.value, 'danger');
      return false;
    } finally {
      isBusy.value = false;
    }
  }

  return { isBusy, error, act };
}
