// Plays events one after the other: the time between them shortened, so that a night is not waited for.
import { onBeforeUnmount, ref, watch, type Ref } from 'vue';

import type { Replay } from './useReplay';

export const SPEEDS = [0.5, 1, 2, 5, 10];
/** Between two events, at speed 1. */
const SHORTEST_MS = 250;
const LONGEST_MS = 2500;

export function usePlayer(replay: Replay): { isPlaying: Ref<boolean>; speed: Ref<number>; toggle: () => void; step: (by: number) => void } {
  const isPlaying = ref(false);
  const speed = ref(1);
  let timer: ReturnType<typeof setTimeout> | undefined;

  function pause(): number {
    const [here, next] = [replay.events.value[replay.index.value], replay.events.value[replay.index.value + 1]];
    const passed = here && next ? Date.parse(next.recorded_at) - Date.parse(here.recorded_at) : 0;
    return Math.min(LONGEST_MS, Math.max(SHORTEST_MS, passed)) / speed.value;
  }

  function goOn(): void {
    clearTimeout(timer);
    if (!isPlaying.value) return;
    if (replay.index.value >= replay.events.value.length - 1) {
      isPlaying.value = false;
      return;
    }
    timer = setTimeout(() => {
      replay.index.value += 1;
      goOn();
    }, pause());
  }

  watch([isPlaying, speed], goOn);
  onBeforeUnmount(() => clearTimeout(timer));

  function toggle(): void {
    if (!isPlaying.value && replay.index.value >= replay.events.value.length - 1) replay.index.value = 0;
    isPlaying.value = !isPlaying.value;
  }

  function step(by: number): void {
    isPlaying.value = false;
    replay.index.value = Math.min(replay.events.value.length - 1, Math.max(0, replay.index.value + by));
  }

  return { isPlaying, speed, toggle, step };
}
