// The pages of the workbench, as the rail and the palette list them.
import { BookOpen, Bot, CalendarClock, CircleUser, ClipboardList, Columns3, History, Inbox, KeyRound, MessageSquareText, ShieldCheck, Users, type LucideIcon } from '@lucide/vue';

import type { Permission } from '../../api/credentials';

export interface Page {
  name: string;
  label: string;
  icon: LucideIcon;
  needs?: Permission;
}

export const MAIN: Page[] = [
  { name: 'inbox', label: 'nav.inbox', icon: Inbox, needs: 'session:read' },
  { name: 'queue', label: 'nav.queue', icon: Columns3, needs: 'session:read' },
  { name: 'replay', label: 'nav.replay', icon: History, needs: 'session:read' },
  { name: 'audit', label: 'nav.audit', icon: ClipboardList, needs: 'audit:read' },
];

export const SETTINGS: Page[] = [
  { name: 'team', label: 'settings.team', icon: Users, needs: 'agent:read' },
  { name: 'hours', label: 'settings.hours', icon: CalendarClock, needs: 'settings:read' },
  { name: 'policy', label: 'settings.policy', icon: ShieldCheck, needs: 'settings:read' },
  { name: 'quick-replies', label: 'settings.quickReplies', icon: MessageSquareText, needs: 'session:read' },
  { name: 'faq', label: 'settings.faq', icon: BookOpen, needs: 'settings:read' },
  { name: 'assistants', label: 'settings.assistants', icon: Bot, needs: 'system:read' },
  { name: 'api-keys', label: 'settings.apiKeys', icon: KeyRound, needs: 'agent:read' },
  { name: 'profile', label: 'settings.profile', icon: CircleUser },
];
