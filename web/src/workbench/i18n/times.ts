// Times as a person reads them, in their language and zone. Formatters are made once per language: making one is slow.
import { computed, type ComputedRef } from 'vue';
import { useI18n } from 'vue-i18n';

interface Times {
  ago: (at: number, now: number) => string;
  full: (at: number) => string;
  clock: (at: number) => string;
  day: (at: number) => string;
}

const made = new Map<string, Times>();

function timesIn(locale: string): Times {
  const known = made.get(locale);
  if (known) return known;
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto', style: 'narrow' });
  const full = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium', hourCycle: 'h23' });
  const clock = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  const day = new Intl.DateTimeFormat(locale, { weekday: 'short', day: 'numeric', month: 'long', year: 'numeric' });
  const date = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short' });
  const of = (at: number): Date => new Date(at * 1000);
  const times: Times = {
    ago: (at, now) => {
      const seconds = Math.max(0, now / 1000 - at);
      if (seconds < 45) return relative.format(0, 'second');
      if (seconds < 3600) return relative.format(-Math.round(seconds / 60), 'minute');
      if (seconds < 86_400) return clock.format(of(at));
      return date.format(of(at));
    },
    full: (at) => full.format(of(at)),
    clock: (at) => clock.format(of(at)),
    day: (at) => day.format(of(at)),
  };
  made.set(locale, times);
  return times;
}

export function useTimes(): Times {
  const { locale } = useI18n();
  const times: ComputedRef<Times> = computed(() => timesIn(locale.value));
  return {
    ago: (at, now) => times.value.ago(at, now),
    full: (at) => times.value.full(at),
    clock: (at) => times.value.clock(at),
    day: (at) => times.value.day(at),
  };
}

const two = (value: number): string => String(value).padStart(2, '0');

/** A span of time in figures: 0:42, 12:05, 3:20:00. */
export function spanOf(seconds: number): string {
  const whole = Math.floor(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** When a day (`2026-11-30`) begins where the reader is, or the one after it, as the API takes it; nothing for no day. */
export function startOf(day: string, later = 0): string {
  if (day === '') return '';
  const date = new Date(`${day}T00:00:00`);
  date.setDate(date.getDate() + later);
  return date.toISOString().replace(/\.\d+/, '');
}
