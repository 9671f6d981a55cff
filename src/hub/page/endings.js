import { nameOf } from '/names.js';

/** What to say when a call is over. */
const OVER = {
  left: 'You left the call.',
  replaced: 'You joined this call from elsewhere, so it ended here.',
  unauthenticated: 'Your sign-in has expired.',
  kicked: 'You were put out of the call. You may come back.',
  blocked: 'You were put out of the call, and may not come back.',
  removed: 'You were removed from the call.',
  backstage: 'The call is backstage again.',
  call_ended: 'The call was ended.',
};
const CALLEES = {
  rejected: (name) => `${name} declined.`,
  missed: (name) => `${name} did not answer.`,
};

/**
 * @param {import('/callbox.js').Call} call
 * @param {{reason: string, by?: string | null}} how
 * @param {string} me the id of the user who is signed in
 */
export function ending(call, { reason, by }, me) {
  if (reason === 'ended' && by === me) return 'You ended the call for everyone.';
  if (reason === 'ended') return by ? `The call was ended by ${nameOf(by)}.` : 'The call was ended.';
  if (reason === 'alone') return unanswered(call.state.ring) ?? 'The call is over.';
  return OVER[reason] ?? 'The call ended unexpectedly.';
}

function unanswered(ring) {
  if (!ring || ring.ended === 'answered') return null;
  const words = ring.callees.map(({ user, state }) => CALLEES[state]?.(nameOf(user))).filter(Boolean);
  return words.join(' ') || null;
}

/** Whom we are calling at this moment, for people: `Anna`, `Anna and 2 more`. */
export function calling(ring) {
  const names = ring.callees.filter(({ state }) => state === 'ringing').map(({ user }) => nameOf(user));
  return names.length < 3 ? names.join(' and ') : `${names[0]} and ${names.length - 1} more`;
}
