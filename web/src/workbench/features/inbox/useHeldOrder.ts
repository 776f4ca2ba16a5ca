// The order on screen: what is wanted, but nothing moves under the pointer. Where it rests on the list, rows stay in place and
// new ones wait at the end until it leaves.
import { computed, ref, watch, type ComputedRef, type Ref } from 'vue';

import { held } from './views';

export function useHeldOrder(
  wanted: () => string[],
  view: () => string,
): { order: Ref<string[]>; moved: ComputedRef<number>; hold: (event: PointerEvent) => void; release: () => void } {
  const order = ref<string[]>(wanted());
  const isHeld = ref(false);

  watch(wanted, (next) => (order.value = isHeld.value ? held(order.value, next) : next));
  watch(view, () => (order.value = wanted()));

  /** How many rows would stand elsewhere. */
  const moved = computed(() => {
    if (!isHeld.value) return 0;
    const next = wanted();
    const first = next.findIndex((id, index) => order.value[index] !== id);
    return first < 0 ? 0 : order.value.filter((id, index) => next[index] !== id).length;
  });

  // A finger does not rest on the list.
  const hold = (event: PointerEvent): void => void (isHeld.value = event.pointerType === 'mouse');
  function release(): void {
    isHeld.value = false;
    order.value = wanted();
  }

  return { order, moved, hold, release };
}
