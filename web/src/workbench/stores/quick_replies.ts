// The quick replies: read once, asked for by what stands behind the slash.
import { defineStore } from 'pinia';
import { ref } from 'vue';

import { answered, api, pathOf, request } from '../api/client';
import { afterOwnWrites } from '../api/own_writes';
import type { QuickReply } from '../api/types';

interface Rendered {
  text: string;
  missing?: string[];
}

export const useQuickReplies = defineStore('quick-replies', () => {
  const list = ref<QuickReply[]>([]);
  let isRead = false;

  async function read(again = false): Promise<void> {
    if (isRead && !again) return;
    isRead = true;
    const query = afterOwnWrites();
    list.value = (await answered(api.GET('/api/quick-replies', { params: { query } }))).data.items;
  }

  /** Most used first; the title counts for more than the text. */
  function matching(query: string): QuickReply[] {
    const needle = query.toLowerCase();
    const score = (reply: QuickReply): number => {
      if (reply.title.toLowerCase().startsWith(needle)) return 3;
      if (reply.title.toLowerCase().includes(needle)) return 2;
      return `${reply.category} ${reply.content}`.toLowerCase().includes(needle) ? 1 : 0;
    };
    return list.value
      .map((reply) => ({ reply, points: score(reply) }))
      .filter(({ points }) => points > 0)
      .sort((a, b) => b.points - a.points || b.reply.use_count - a.reply.use_count)
      .map(({ reply }) => reply);
  }

  async function render(reply: QuickReply, session: string): Promise<Rendered> {
    const path = pathOf`/api/quick-replies/${reply.id}/render`;
    const answer = await request<{ data: Rendered }>('POST', path, { body: { session } });
    return answer.data;
  }

  return { list, read, matching, render };
});
