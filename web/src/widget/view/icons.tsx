/** @jsxImportSource preact */
// The few pictures, as lines in the colour of the text around them.

const PATHS = {
  chat: 'M4 5.500A2.500 2.500 0 0 1 6.500 3h7A2.500 2.500 0 0 1 16 5.500v5a2.500 2.500 0 0 1-2.500 2.500H9l-4 3.500V13A2.500 2.500 0 0 1 4 10.500z',
  close: 'm5 5 10 10M15 5 5 15',
  minimise: 'm5 8 5 5 5-5',
  menu: 'M5 10h.01M10 10h.01M15 10h.01',
  send: 'M10 16V4.500M5 9.500l5-5 5 5',
  down: 'M10 4v11.500M5 10.500l5 5 5-5',
  person: 'M10 10a3.200 3.200 0 1 0 0-6.400 3.200 3.200 0 0 0 0 6.400zM4 17c.7-3 3-4.500 6-4.500s5.300 1.500 6 4.500',
  plus: 'M10 4v12M4 10h12',
  trash: 'M3.500 5.500h13M8 5V3.500h4V5M5.500 5.500l.7 11h7.600l.7-11M8.500 8.500v5M11.500 8.500v5',
  end: 'M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM7.500 7.500l5 5M12.500 7.500l-5 5',
  star: 'm10 2.800 2.200 4.600 5 .7-3.600 3.500.9 5L10 14.200l-4.500 2.400.9-5L2.800 8.100l5-.7z',
};

export function Icon({ name }: { name: keyof typeof PATHS }) {
  return (
    <svg class="icon" viewBox="0 0 20 20" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
