/**
 * Callbox in a browser.
 *
 *     import { Client } from '/callbox.js';
 *
 *     const client = new Client();
 *     await client.signIn('anna', 'correct horse');
 *     client.on('call.ring', ({ call, by }) => ask(by.name).then((yes) => (yes ? call.accept() : call.reject({ reason: 'decline' }))));
 *
 *     const call = client.call('default', 'lobby');
 *     call.on('participantJoined', (participant) => call.attach(videoElement(participant), participant));
 *     await call.camera.enable();
 *     await call.join({ create: true });
 *     …
 *     await call.leave();
 *
 * Calls are named `type:id`; the same id can be used again and again. What goes wrong is a `CallboxError` with a stable `kind`.
 * Types for TypeScript: `callbox.d.ts`, beside this file.
 */
import { Client } from '/sdk/client.js';

export { Client };
export { Call } from '/sdk/call.js';
export { Participant } from '/sdk/participant.js';
export { CallboxError } from '/sdk/errors.js';
export { CalleeState, OwnCapability, PermissionState, RecordSettingsRequestModeEnum, SessionConnectionState } from '/sdk/enums.js';

/**
 * A client from a configuration in the words of some: `create({ authentication: { server: { base: 'hub.example.org' } } })`.
 * Nothing in it is required.
 */
export function create({ authentication = {}, ...options } = {}) {
  const { base } = authentication.server ?? {};
  const url = base && (base.includes('://') ? base : `${location.protocol}//${base}`);
  return new Client({ ...(url && { url }), ...options });
}
