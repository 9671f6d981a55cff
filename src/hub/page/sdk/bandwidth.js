const LEAST_VIDEO = 30_000;
const MOST_AUDIO = 40_000;
const LEAST_AUDIO = 8_000;
/** What is shown must be readable: it gets this part of what is left for pictures. */
const OF_SHARE = 0.6;

/**
 * Of two limits in kbit/s the smaller, where 0 is none: one's own, and that for all.
 * @param {number} own
 * @param {number} all
 */
export function effectiveLimit(own, all) {
  if (!own || !all) return own || all || 0;
  return Math.min(own, all);
}

/**
 * What sound and pictures may take on each connection, bit/s: a quarter for sound, the rest for the pictures.
 * @param {number} limit kbit/s to each participant, 0: none
 * @param {boolean} [sharing] whether something is shown beside the camera
 * @returns {{audio: number | null, video: number | null, share: number | null}} null: no limit
 */
export function shares(limit, sharing = false) {
  if (!limit) return { audio: null, video: null, share: null };
  const all = limit * 1000;
  const audio = Math.round(Math.max(LEAST_AUDIO, Math.min(MOST_AUDIO, all / 4)));
  const pictures = Math.max(LEAST_VIDEO, all - audio);
  if (!sharing) return { audio, video: Math.round(pictures), share: null };
  const share = Math.round(Math.max(LEAST_VIDEO, pictures * OF_SHARE));
  return { audio, video: Math.round(Math.max(LEAST_VIDEO, pictures - share)), share };
}

/** @param {RTCRtpSender} sender @param {number | null} bitrate bit/s */
export async function limitSender(sender, bitrate) {
  const parameters = sender.getParameters();
  if (!parameters.encodings?.length) return; // not negotiated yet: applied again when connected
  for (const encoding of parameters.encodings) {
    if (bitrate) encoding.maxBitrate = bitrate;
    else delete encoding.maxBitrate;
  }
  await sender.setParameters(parameters);
}
