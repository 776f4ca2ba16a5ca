// Internal notes of the sessions that were opened.
//
// Invariant: an edit carries the version that was seen; what changed meanwhile is a conflict that both versions are shown of.
import { defineStore } from 'pinia';
import { shallowReactive } from 'vue';

import { pathOf, request } from '../api/client';
import type { Note } from '../api/types';
import { sessionOf, type Frame } from '../live/frames';

export const useNotes = defineStore('notes', () => {
  const notes = shallowReactive(new Map<string, Note[]>());

  /** With a position, what the views say once they have read so far: an event may be here before its rows. */
  async function read(session: string, atLeast = 0): Promise<void> {
    const path = `${pathOf`/api/sessions/${session}/notes`}?min_position=${atLeast}`;
    const answer = await request<{ data: Note[] }>('GET', path).catch(() => null);
    if (answer) notes.set(session, answer.data);
  }

  function put(session: string, note: Note): void {
    const known = notes.get(session) ?? [];
    const others = known.filter(({ id }) => id !== note.id);
    notes.set(session, [...others, note].sort((a, b) => (a.created_at < b.created_at ? -1 : 1)));
  }

  async function edit(session: string, note: Note, text: string): Promise<void> {
    const mentions = note.mentions.map((person) => person.agent_uuid);
    const path = pathOf`/api/sessions/${session}/notes/${note.id}`;
    const { data } = await request<{ data: Note }>('PUT', path, { body: { text, mentions }, ifMatch: note.version });
    put(session, data);
  }

  async function remove(session: string, note: Note): Promise<void> {
    const path = pathOf`/api/sessions/${session}/notes/${note.id}`;
    const { data } = await request<{ data: Note }>('DELETE', path, { ifMatch: note.version });
    put(session, data);
  }

  /** Others write notes as well: what is shown is read again. */
  function hear(frame: Frame): void {
    if (frame.kind !== 'event' || !frame.event.type.startsWith('session.note_')) return;
    const session = sessionOf(frame.event);
    if (session !== null && notes.has(session)) void read(session, frame.event.position);
  }

  return { notes, read, put, edit, remove, hear };
});
