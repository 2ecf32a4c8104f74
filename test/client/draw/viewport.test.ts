import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fit, mappingOf, MAX_ZOOM, MIN_ZOOM, pan, toRaw, toScreen, zoomAbout } from '../../../client/draw/viewport.ts';

const box = { x: 10, y: 20, width: 800, height: 600 };
const views = fc.record({
  centreX: fc.double({ min: 0, max: 511, noNaN: true }),
  centreY: fc.double({ min: 0, max: 511, noNaN: true }),
  zoom: fc.double({ min: 0.1, max: 32, noNaN: true }),
});
const points = fc.record({
  x: fc.double({ min: 10, max: 810, noNaN: true }),
  y: fc.double({ min: 20, max: 620, noNaN: true }),
});

describe('the view of the picture', () => {
  it('from the screen to raw samples and back is the same point', () => {
    fc.assert(
      fc.property(views, points, (view, screen) => {
        const back = toScreen(view, box, toRaw(view, box, screen));
        expect(back.x).toBeCloseTo(screen.x, 6);
        expect(back.y).toBeCloseTo(screen.y, 6);
      }),
    );
  });

  it('zooming keeps the sample under the pointer there', () => {
    fc.assert(
      fc.property(views, points, fc.double({ min: 0.2, max: 5, noNaN: true }), (view, screen, factor) => {
        const before = toRaw(view, box, screen);
        const zoomed = zoomAbout(view, box, screen, factor);
        const after = toRaw(zoomed, box, screen);
        expect(after.x).toBeCloseTo(before.x, 6);
        expect(after.y).toBeCloseTo(before.y, 6);
        expect(zoomed.zoom).toBeGreaterThanOrEqual(MIN_ZOOM);
        expect(zoomed.zoom).toBeLessThanOrEqual(MAX_ZOOM);
      }),
    );
  });

  it('fits the whole picture, centred', () => {
    const view = fit(box, 256, 256);
    expect(toScreen(view, box, { x: -0.5, y: -0.5 }).y).toBeCloseTo(20);
    expect(toScreen(view, box, { x: 255.5, y: 255.5 }).y).toBeCloseTo(620);
    expect(toScreen(view, box, { x: 127.5, y: 127.5 })).toEqual({ x: 410, y: 320 });
  });

  it('never pans the middle out of the picture', () => {
    const view = pan({ centreX: 10, centreY: 10, zoom: 2 }, { x: 1e6, y: -1e6 }, 64, 64);
    expect(view).toEqual({ centreX: -0.5, centreY: 63.5, zoom: 2 });
  });

  it('draws from a whole device pixel, so that pixels stay crisp', () => {
    fc.assert(
      fc.property(views, fc.constantFrom(1, 1.25, 2, 3), (view, ratio) => {
        const { originX, originY, scale } = mappingOf(view, box, ratio);
        expect(Number.isInteger(originX) && Number.isInteger(originY)).toBe(true);
        expect(scale).toBeCloseTo(view.zoom * ratio);
        const corner = toScreen(view, box, { x: -0.5, y: -0.5 });
        expect(Math.abs(originX - corner.x * ratio)).toBeLessThanOrEqual(0.5 + 1e-6);
      }),
    );
  });
});
