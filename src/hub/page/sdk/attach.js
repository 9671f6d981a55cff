/**
 * Keeps a `<video>` element showing a participant.
 * @param {HTMLVideoElement | string} target
 * @param {import('/sdk/participant.js').Participant} participant
 * @param {{muted: boolean, mirror: boolean}} options
 * @param {() => void} onBlocked the browser plays no sound before a tap
 */
export function attach(target, participant, { muted, mirror }, onBlocked) {
  /** @type {HTMLVideoElement} */
  const element = typeof target === 'string' ? document.getElementById(target) : target;
  element.playsInline = true;
  element.autoplay = true;

  /** @returns {Promise<boolean>} false if the browser forbids it */
  const play = async () => {
    element.muted = muted;
    if (!element.srcObject) return true;
    try {
      await element.play();
    } catch (error) {
      if (error.name !== 'NotAllowedError') return true; // replaced by a newer stream: that one plays by itself
      element.muted = true;
      element.play().catch(() => {});
      onBlocked();
      return false;
    }
    return true;
  };
  const show = () => {
    element.srcObject = participant.stream;
    // a camera that looks at the room shows it as it is
    const outward = participant.videoTrack?.getSettings().facingMode === 'environment';
    element.style.transform = mirror && !outward ? 'scaleX(-1)' : '';
    play();
  };
  const off = participant.on('tracksChanged', show);
  show();

  return {
    play,
    detach() {
      off();
      element.srcObject = null;
    },
  };
}
