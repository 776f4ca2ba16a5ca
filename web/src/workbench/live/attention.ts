// Draws the eye and the ear to what waits for one: a short sound, a mark in the title of a tab that is not looked at.
let context: AudioContext | null = null;
let marks = 0;
const title = document.title;

/** Two soft notes; made, not loaded. Browsers that were never clicked in stay silent. */
export function ring(): void {
  try {
    context ??= new AudioContext();
    note(context, 660, 0);
    note(context, 880, 0.16);
  } catch {
    // Without sound the mark in the title is there.
  }
}

function note(audio: AudioContext, frequency: number, after: number): void {
  const [tone, volume] = [audio.createOscillator(), audio.createGain()];
  const start = audio.currentTime + after;
  tone.frequency.value = frequency;
  volume.gain.setValueAtTime(0.0001, start);
  volume.gain.exponentialRampToValueAtTime(0.12, start + 0.02);
  volume.gain.exponentialRampToValueAtTime(0.0001, start + 0.3);
  tone.connect(volume).connect(audio.destination);
  tone.start(start);
  tone.stop(start + 0.32);
}

export function mark(): void {
  if (!document.hidden) return;
  marks += 1;
  document.title = `(${marks}) ${title}`;
}

document.addEventListener('visibilitychange', () => {
  if (document.hidden) return;
  marks = 0;
  document.title = title;
});
