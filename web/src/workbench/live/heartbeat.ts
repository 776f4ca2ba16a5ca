// Says every 20 seconds that somebody is there, from the one tab that reads the stream.
import { answered, api } from '../api/client';
import { live } from './hub';

const EVERY_MS = 20_000;

export function startHeartbeat(): () => void {
  const beat = (): void => {
    if (live.isLeader) answered(api.POST('/api/agent/heartbeat', {})).catch(() => {});
  };
  const timer = setInterval(beat, EVERY_MS);
  beat();
  return () => clearInterval(timer);
}
