import { CallboxError } from '/sdk/errors.js';

export const NAMES = { video: 'camera', audio: 'microphone' };

/** What cameras and microphones are asked for unless somebody wants it otherwise. */
export const WANTED = {
  video: { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 }, facingMode: 'user' },
  audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
};

/** A shared screen: text is sharp, and a few pictures a second are enough. */
const SCREEN = { video: { width: 1280, height: 720, frameRate: { ideal: 10, max: 15 } }, audio: true };

/** Why a device did not open, as an error with a stable `kind`. */
function deviceError(name, error) {
  if (error instanceof CallboxError) return error;
  switch (error?.name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return new CallboxError('denied', `this page may not use the ${name}: allow it in the address bar of the browser`, error);
    case 'NotFoundError':
    case 'OverconstrainedError':
      return new CallboxError('missing', `there is no ${name}: connect one and try again`, error);
    case 'NotReadableError':
    case 'AbortError':
      return new CallboxError('busy', `another program uses the ${name}: close it and try again`, error);
    default:
      return new CallboxError('failed', `the ${name} did not start: ${error?.message ?? 'unknown reason'}`, error);
  }
}

function insecure(name) {
  const way = 'open this page over HTTPS, or on the machine itself as localhost';
  return new CallboxError('insecure', `the browser gives no ${name} to an insecure page: ${way}`);
}

let batch = null;

/**
 * Opens one device. What is asked for in the same instant becomes one request to the browser, so that a person is asked once.
 * @param {'audio' | 'video'} media
 * @param {MediaTrackConstraints} [constraints]
 * @returns {Promise<MediaStreamTrack>}
 */
export function capture(media, constraints = WANTED[media]) {
  if (!navigator.mediaDevices?.getUserMedia) return Promise.reject(insecure(NAMES[media]));
  if (!batch || batch.wanted[media]) {
    const mine = (batch = { wanted: {}, opened: null });
    mine.opened = Promise.resolve().then(() => {
      if (batch === mine) batch = null;
      return openAll(mine.wanted);
    });
  }
  batch.wanted[media] = constraints;
  return batch.opened.then((tracks) => {
    if (tracks[media] instanceof Error) throw tracks[media];
    return tracks[media];
  });
}

async function openAll(wanted) {
  const kinds = Object.keys(wanted);
  const open = async (which) => {
    const stream = await navigator.mediaDevices.getUserMedia(Object.fromEntries(which.map((kind) => [kind, wanted[kind]])));
    return stream.getTracks();
  };
  const opened = {};
  try {
    for (const track of await open(kinds)) opened[track.kind] = track;
  } catch (error) {
    // one request fails as a whole when one device is missing: the other may still be there
    for (const kind of kinds) {
      opened[kind] = await (kinds.length > 1 ? open([kind]) : Promise.reject(error)).then(
        ([track]) => track,
        (reason) => deviceError(NAMES[kind], reason),
      );
    }
  }
  return opened;
}

/**
 * Asks for a screen or a window to show.
 * @param {DisplayMediaStreamOptions} [constraints]
 * @returns {Promise<{video: MediaStreamTrack, audio: MediaStreamTrack | null}>}
 */
export async function captureScreen(constraints = SCREEN) {
  if (!navigator.mediaDevices?.getDisplayMedia) {
    const message = globalThis.isSecureContext ? 'this browser cannot show the screen' : insecure('screen').message;
    throw new CallboxError(globalThis.isSecureContext ? 'missing' : 'insecure', message);
  }
  const stream = await navigator.mediaDevices.getDisplayMedia(constraints).catch((error) => {
    if (error.name === 'NotAllowedError') throw new CallboxError('denied', 'no screen was chosen', error);
    throw deviceError('screen', error);
  });
  return { video: stream.getVideoTracks()[0], audio: stream.getAudioTracks()[0] ?? null };
}

/**
 * Asks for the permissions for camera and microphone, whatever the browser.
 * @returns {Promise<{state: 'granted' | 'denied' | 'missing' | 'busy' | 'failed', camera: string, microphone: string, message: string}>}
 *   `granted` if one of the two can be used and none was denied. `camera` and `microphone` are one of these as well, or `insecure`.
 */
export async function permissionState() {
  const [camera, microphone] = await Promise.allSettled([capture('video'), capture('audio')]);
  for (const { value } of [camera, microphone]) value?.stop();
  const kinds = [camera, microphone].map(({ reason }) => (reason ? (reason.kind ?? 'failed') : 'granted'));
  const message = [camera, microphone].flatMap(({ reason }) => (reason ? [reason.message] : [])).join('; ');
  return { state: overall(kinds), camera: kinds[0], microphone: kinds[1], message };
}

function overall(kinds) {
  if (kinds.includes('denied')) return 'denied';
  if (kinds.includes('granted')) return 'granted';
  return kinds[0] === kinds[1] && kinds[0] !== 'insecure' ? kinds[0] : 'failed';
}
