/**
 * The best grid for `count` tiles of one shape in an area: as large as they can be.
 * @returns {{columns: number, width: number, height: number}} of a tile, in pixels
 */
export function bestGrid(count, areaWidth, areaHeight, aspect, gap) {
  let best = { columns: 1, width: 0, height: 0 };
  for (let columns = 1; columns <= count; columns++) {
    const rows = Math.ceil(count / columns);
    const cellWidth = (areaWidth - gap * (columns - 1)) / columns;
    const cellHeight = (areaHeight - gap * (rows - 1)) / rows;
    const width = Math.floor(Math.min(cellWidth, cellHeight * aspect));
    if (width > best.width) best = { columns, width, height: Math.floor(width / aspect) };
  }
  return best;
}

/**
 * Whether a picture may fill a tile of another shape: if that cuts off little. A door station's picture is never cut.
 */
export function mayFill(videoAspect, tileAspect, kind) {
  const kept = Math.min(videoAspect / tileAspect, tileAspect / videoAspect);
  return kept > (kind === 'appliance' ? 0.98 : 0.7);
}

/** How wide the strip of people beside a shown screen is, in pixels; on a tall stage, how high. */
export function stripSize(areaWidth, areaHeight) {
  return Math.round(Math.min(240, Math.max(112, 0.2 * Math.max(areaWidth, areaHeight))));
}
