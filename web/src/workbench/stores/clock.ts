// The time on screen: one tick a second for all waiting times, so that they move together and cost one timer.
import { readonly, ref } from 'vue';

const current = ref(Date.now());
setInterval(() => {
  if (!document.hidden) current.value = Date.now();
}, 1000);
document.addEventListener('visibilitychange', () => (current.value = Date.now()));

export const now = readonly(current);
