// Signing in as a form: name, password, and the one-time code once the server asks for it.
import { reactive } from 'vue';
import { useI18n } from 'vue-i18n';

import { asProblem } from '../../api/problem';
import { signIn } from '../../api/sign_in';
import { explain } from '../../i18n/explain';

interface SignInForm {
  username: string;
  password: string;
  code: string;
  needsCode: boolean;
  isBusy: boolean;
  error: string;
}

export function useSignIn(username = ''): { form: SignInForm; submit: () => Promise<void> } {
  const { t } = useI18n();
  const form = reactive<SignInForm>({ username, password: '', code: '', needsCode: false, isBusy: false, error: '' });

  async function submit(): Promise<void> {
    form.isBusy = true;
    form.error = '';
    try {
      await signIn(form.username.trim(), form.password, form.needsCode ? form.code.trim() : null);
    } catch (error) {
      const problem = asProblem(error);
      const asksForCode = problem.code === 'SECOND_FACTOR_REQUIRED';
      form.needsCode ||= asksForCode;
      form.error = asksForCode ? '' : explain(t, problem);
    } finally {
      form.isBusy = false;
    }
  }

  return { form, submit };
}
