// What a customer is called on screen: their name where there is one, else the session's, without the client's prefix.
import type { SessionState, Summary } from '../../api/types';

/** The server's word for who is not known. */
const UNKNOWN = new Set(['访客', 'Visitor', '']);

interface Named {
  session_name?: string | null;
  session_id: string;
  user_profile: Pick<Summary['user_profile'], 'nickname'> | Pick<SessionState['user_profile'], 'nickname'>;
}

export function nameOf(session: Named): string {
  const { nickname } = session.user_profile;
  if (!UNKNOWN.has(nickname)) return nickname;
  return session.session_name ?? session.session_id.slice(0, 8);
}
