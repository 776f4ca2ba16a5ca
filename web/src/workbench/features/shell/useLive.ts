// Joins the live stream to what is on screen, for as long as somebody is signed in.
import { onBeforeUnmount, onMounted } from 'vue';
import { useI18n } from 'vue-i18n';
import { useRouter } from 'vue-router';

import { account, may } from '../../api/sign_in';
import { ring, mark } from '../../live/attention';
import type { Envelope } from '../../api/types';
import type { Frame } from '../../live/frames';
import { sessionOf } from '../../live/frames';
import { startHeartbeat } from '../../live/heartbeat';
import * as hub from '../../live/hub';
import { useActivity } from '../../stores/activity';
import { useNotes } from '../../stores/notes';
import { useOutbox } from '../../stores/outbox';
import { usePreferences } from '../../stores/preferences';
import { useSessions } from '../../stores/sessions';
import { useTeam } from '../../stores/team';
import { useThreads } from '../../stores/threads';
import { useToasts } from '../../stores/toasts';

const REFRESH_MS = 20_000;

export function useLive(): void {
  if (!may('session:read')) return;
  const { t } = useI18n();
  const router = useRouter();
  const [sessions, threads, activity, team, notes] = [useSessions(), useThreads(), useActivity(), useTeam(), useNotes()];
  const [toasts, outbox, { preferences }] = [useToasts(), useOutbox(), usePreferences()];
  let stopBeating: () => void = () => {};
  let refreshing: ReturnType<typeof setInterval> | undefined;

  for (const store of [sessions, threads, activity, team, notes]) hub.onFrame((frame) => store.hear(frame));
  hub.onFrame(askIfOffered);
  hub.onCaughtUp((count) => toasts.show(t('connection.caughtUp', { count }, count)));

  /** An offer or a transfer that waits for this person: nobody should have to look for it. */
  function askIfOffered(frame: Frame): void {
    if (frame.kind !== 'event') return;
    const { type, data } = frame.event;
    const me = account.current?.me.id;
    if (type === 'session.note_added') return tellIfMentioned(frame.event);
    const asked = type === 'session.offer_made' ? data.agent : type === 'session.transfer_requested' ? (data.to as { agent?: string })?.agent : null;
    const id = sessionOf(frame.event);
    if (asked !== me || id === null) return;
    if (preferences.isSoundOn) ring();
    mark();
    const open = (): void => void router.push({ name: 'inbox', params: { id } });
    toasts.show(t(type === 'session.offer_made' ? 'offer.made' : 'offer.transfer'), 'warn', [{ label: t('action.open'), run: open }]);
  }

  /** Of sessions of others the stream tells supervisors alone: everybody else's list of all is asked for now and then. */
  function refreshWhatIsNotTold(): void {
    if (!document.hidden && sessions.view === 'all' && !may('session:supervise')) void sessions.refresh();
  }

  function tellIfMentioned(event: Envelope): void {
    const id = sessionOf(event);
    const { mentions, author_name: author } = event.data;
    const isMeant = Array.isArray(mentions) && mentions.includes(account.current?.me.id);
    if (!isMeant || id === null || event.actor === `agent:${account.current?.me.id}`) return;
    mark();
    const open = (): void => void router.push({ name: 'inbox', params: { id } });
    const by = typeof author === 'string' ? author : (team.nameOf(event.actor.split(':')[1] ?? '') ?? '');
    toasts.show(t('note.mentioned', { name: by }), 'plain', [{ label: t('action.open'), run: open }]);
  }

  onMounted(async () => {
    let position = 0;
    // Without the lists there is nothing to move on; the list's own state says why, and this tries again.
    for (let pause = 1000; position === 0; pause = Math.min(pause * 2, 15_000)) {
      position = await sessions.load();
      if (position === 0) await new Promise((resolve) => setTimeout(resolve, pause));
    }
    hub.start(position);
    stopBeating = startHeartbeat();
    outbox.resume();
    void team.read();
    void team.readStatus();
    if (may('session:write')) void sessions.readAsked();
    refreshing = setInterval(refreshWhatIsNotTold, REFRESH_MS);
  });
  onBeforeUnmount(() => {
    stopBeating();
    clearInterval(refreshing);
    hub.stop();
  });
}
