// What a person likes, kept in this browser: theme, language, widths of panes, saved views, sound.
import { defineStore } from 'pinia';
import { reactive, watch } from 'vue';

import type { Filter, View } from '../features/inbox/views';

export type Theme = 'system' | 'light' | 'dark';

export interface SavedView {
  name: string;
  view: View;
  filter: Filter;
}

interface Preferences {
  theme: Theme;
  locale: string;
  listWidth: number;
  sideWidth: number;
  isSideOpen: boolean;
  isSoundOn: boolean;
  savedViews: SavedView[];
}

const KEY = 'desk.workbench';
const DEFAULTS: Preferences = {
  theme: 'system',
  locale: '',
  listWidth: 340,
  sideWidth: 320,
  isSideOpen: true,
  isSoundOn: true,
  savedViews: [],
};

function load(): Preferences {
  try {
    return { ...DEFAULTS, ...(JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Preferences>) };
  } catch {
    return { ...DEFAULTS };
  }
}

const systemIsDark = matchMedia('(prefers-color-scheme: dark)');

function applyTheme(theme: Theme): void {
  const isDark = theme === 'dark' || (theme === 'system' && systemIsDark.matches);
  document.documentElement.dataset.theme = isDark ? 'dark' : 'light';
}

export const usePreferences = defineStore('preferences', () => {
  const preferences = reactive(load());
  watch(preferences, () => localStorage.setItem(KEY, JSON.stringify(preferences)));
  watch(() => preferences.theme, applyTheme, { immediate: true });
  systemIsDark.addEventListener('change', () => applyTheme(preferences.theme));
  return { preferences };
});
