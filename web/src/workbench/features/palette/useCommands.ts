// What the palette offers for what is typed.
import { MessageSquare, Moon, Sun, Zap, type LucideIcon } from '@lucide/vue';
import { computed, type ComputedRef, type Ref } from 'vue';
import { useI18n } from 'vue-i18n';
import { useRouter } from 'vue-router';

import { isOpenTo } from '../../router';
import { usePreferences } from '../../stores/preferences';
import { useSessions } from '../../stores/sessions';
import { MAIN, SETTINGS } from '../shell/pages';
import { bindings } from './keys';

export interface Command {
  id: string;
  group: 'session' | 'page' | 'open' | 'preference';
  label: string;
  detail?: string;
  key?: string;
  icon: LucideIcon;
  run: () => void;
}

const SHOWN_SESSIONS = 8;

export function useCommands(query: Ref<string>): ComputedRef<Command[]> {
  const { t } = useI18n();
  const router = useRouter();
  const sessions = useSessions();
  const { preferences } = usePreferences();

  const actions = computed(() =>
    [...bindings]
      .filter(({ group, isOn }) => group === 'session' && isOn?.() !== false)
      .map(({ key, label, run }): Command => ({
        id: `do ${label}`, group: 'session', label: t(label), key, icon: Zap, run: () => run(new KeyboardEvent('keydown')),
      })),
  );

  const pages = computed(() =>
    [...MAIN, ...SETTINGS]
      .filter(({ needs }) => isOpenTo(needs))
      .map(({ name, label, icon }): Command => ({
        id: `page ${name}`, group: 'page', label: t(label), icon, run: () => void router.push({ name }),
      })),
  );

  const likes = computed((): Command[] => [
    { id: 'light', group: 'preference', label: t('theme.light'), icon: Sun, run: () => void (preferences.theme = 'light') },
    { id: 'dark', group: 'preference', label: t('theme.dark'), icon: Moon, run: () => void (preferences.theme = 'dark') },
  ]);

  const openings = computed(() =>
    [...sessions.rows.values()]
      .filter((row) => `${row.session_name} ${row.user_profile.nickname} ${row.session_id}`.toLowerCase().includes(needle.value))
      .slice(0, SHOWN_SESSIONS)
      .map((row): Command => ({
        id: row.session_id, group: 'open', label: row.session_name ?? row.session_id, detail: t(`status.${row.status}`),
        icon: MessageSquare, run: () => void router.push({ name: 'inbox', params: { id: row.session_id } }),
      })),
  );

  const needle = computed(() => query.value.trim().toLowerCase());
  return computed(() => {
    const named = [...actions.value, ...pages.value, ...likes.value].filter(({ label }) => label.toLowerCase().includes(needle.value));
    return needle.value === '' ? named : [...named, ...openings.value];
  });
}
