import { createRouter, createWebHistory, type RouteRecordRaw } from 'vue-router';

import type { Permission } from './api/credentials';
import { BASE_PATH } from './api/server';
import { may } from './api/sign_in';

declare module 'vue-router' {
  interface RouteMeta {
    /** The key of the page's name. */
    title: string;
    needs?: Permission;
  }
}

const settings: RouteRecordRaw[] = [
  { path: 'team', name: 'team', component: () => import('./features/settings/TeamPage.vue'), meta: { title: 'settings.team', needs: 'agent:read' } },
  { path: 'hours', name: 'hours', component: () => import('./features/settings/HoursPage.vue'), meta: { title: 'settings.hours', needs: 'settings:read' } },
  { path: 'policy', name: 'policy', component: () => import('./features/settings/PolicyPage.vue'), meta: { title: 'settings.policy', needs: 'settings:read' } },
  { path: 'quick-replies', name: 'quick-replies', component: () => import('./features/settings/QuickRepliesPage.vue'), meta: { title: 'settings.quickReplies', needs: 'session:read' } },
  { path: 'faq', name: 'faq', component: () => import('./features/settings/FaqPage.vue'), meta: { title: 'settings.faq', needs: 'settings:read' } },
  { path: 'assistants', name: 'assistants', component: () => import('./features/settings/AssistantsPage.vue'), meta: { title: 'settings.assistants', needs: 'system:read' } },
  { path: 'api-keys', name: 'api-keys', component: () => import('./features/settings/ApiKeysPage.vue'), meta: { title: 'settings.apiKeys', needs: 'agent:read' } },
  { path: 'profile', name: 'profile', component: () => import('./features/profile/ProfilePage.vue'), meta: { title: 'settings.profile' } },
];

export const router = createRouter({
  history: createWebHistory(`${BASE_PATH}/workbench/`),
  routes: [
    { path: '/', redirect: '/inbox' },
    { path: '/inbox/:id?', name: 'inbox', component: () => import('./features/inbox/InboxPage.vue'), meta: { title: 'nav.inbox', needs: 'session:read' } },
    { path: '/queue', name: 'queue', component: () => import('./features/queue/QueuePage.vue'), meta: { title: 'nav.queue', needs: 'session:read' } },
    { path: '/replay/:id?', name: 'replay', component: () => import('./features/replay/ReplayPage.vue'), meta: { title: 'nav.replay', needs: 'session:read' } },
    { path: '/audit', name: 'audit', component: () => import('./features/audit/AuditPage.vue'), meta: { title: 'nav.audit', needs: 'audit:read' } },
    { path: '/settings', component: () => import('./features/settings/SettingsLayout.vue'), meta: { title: 'nav.settings' }, redirect: '/settings/profile', children: settings },
    { path: '/:rest(.*)*', redirect: '/inbox' },
  ],
});

export const isOpenTo = (needs: Permission | undefined): boolean => needs === undefined || may(needs);
