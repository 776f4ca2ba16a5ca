// What is large is made one frame later: the answer to a key is on screen before, and the next key is heard in between.
import { onBeforeUnmount, ref, type Ref } from 'vue';

/** True once the frame is on screen in which the component was made. */
export function usePainted(): Ref<boolean> {
  const isPainted = ref(false);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const frame = requestAnimationFrame(() => {
    timer = setTimeout(() => (isPainted.value = true));
  });
  onBeforeUnmount(() => {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
  });
  return isPainted;
}
