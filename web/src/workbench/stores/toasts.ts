// Short words at the edge of the screen that go by themselves; errors stay until they are read.
import { defineStore } from 'pinia';
import { ref } from 'vue';

export interface ToastAction {
  label: string;
  run: () => void;
}

export interface Toast {
  id: number;
  tone: 'plain' | 'ok' | 'warn' | 'danger';
  text: string;
  actions: ToastAction[];
}

const SHOWN_MS = 6000;
const READ_MS = 12_000;

export const useToasts = defineStore('toasts', () => {
  const toasts = ref<Toast[]>([]);
  let last = 0;

  function show(text: string, tone: Toast['tone'] = 'plain', actions: ToastAction[] = []): void {
    last += 1;
    const id = last;
    toasts.value = [...toasts.value.slice(-3), { id, tone, text, actions }];
    setTimeout(() => dismiss(id), tone === 'danger' || actions.length > 0 ? READ_MS : SHOWN_MS);
  }

  function dismiss(id: number): void {
    toasts.value = toasts.value.filter((toast) => toast.id !== id);
  }

  return { toasts, show, dismiss };
});
