/** Tracks by their ids, in all calls: `client.media`. */
export class Tracks {
  #calls;

  /** @param {() => Iterable<import('/sdk/call.js').Call>} calls */
  constructor(calls) {
    this.#calls = calls;
  }

  /** @returns {MediaStreamTrack | undefined} */
  getTrackById(trackId) {
    for (const call of this.#calls()) {
      for (const { audioTrack, videoTrack, shareTrack } of call.state.participants.values()) {
        const found = [audioTrack, videoTrack, shareTrack].find((track) => track?.id === trackId);
        if (found) return found;
      }
    }
    return undefined;
  }

  /**
   * Shows and plays these tracks in a container, and nothing else of ours.
   * @param {string[]} trackIds ids that are not known (yet) are left out
   * @param {string | Element} container or a selector of it
   */
  renderTracks(trackIds, container) {
    const parent = typeof container === 'string' ? document.querySelector(container) : container;
    if (!parent) throw new RangeError(`there is no container ${container}`);
    const wanted = new Map(trackIds.map((id) => [id, this.getTrackById(id)]).filter(([, track]) => track));
    for (const shown of parent.querySelectorAll('[data-track]')) {
      if (!wanted.delete(shown.dataset.track)) shown.remove();
    }
    for (const [id, track] of wanted) {
      const element = document.createElement(track.kind);
      element.dataset.track = id;
      element.autoplay = element.playsInline = true;
      element.srcObject = new MediaStream([track]);
      parent.append(element);
    }
  }

  /** Takes these tracks out of a container. */
  removeTracks(trackIds, container) {
    const parent = typeof container === 'string' ? document.querySelector(container) : container;
    for (const shown of parent?.querySelectorAll('[data-track]') ?? []) if (trackIds.includes(shown.dataset.track)) shown.remove();
  }
}
