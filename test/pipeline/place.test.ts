import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FrameIndex, Plane, PlaneDescription } from '../../pipeline/frame.ts';
import { describeAcquisition, fits, Placement, withChannel } from '../../pipeline/place.ts';

function placeAll(descriptions: readonly PlaneDescription[]): FrameIndex[] {
  const placement = new Placement();
  return descriptions.map((description) => placement.place(description));
}

const key = ({ t, c, z }: FrameIndex): string => `${t}/${c}/${z}`;

describe('the place of a plane', () => {
  it('is where its file says, in any order', () => {
    const stated = [
      { t: 3, c: 1, z: 2 },
      { t: 0, c: 1, z: 2 },
      { t: 3, c: 0, z: 0 },
    ];
    expect(placeAll(stated.map((index) => ({ index })))).toEqual(stated);
  });

  it('is the next time point of its channel and section when nothing is stated', () => {
    const descriptions = [{}, {}, { index: { c: 1 } }, {}, { index: { c: 1 } }, { index: { z: 5 } }];
    expect(placeAll(descriptions).map(key)).toEqual(['0/0/0', '1/0/0', '0/1/0', '2/0/0', '1/1/0', '0/0/5']);
  });

  it('is the next free time point when the stated one is taken', () => {
    const times = [5, 5, 5, 2, 2, 8, 6].map((t) => ({ index: { t } }));
    expect(placeAll(times).map(({ t }) => t)).toEqual([5, 6, 7, 2, 8, 9, 10]);
  });

  it.each([-1, 1.5, NaN, Infinity, 50_000_000])('does not believe a time point of %d', (t) => {
    expect(placeAll([{ index: { t } }])).toEqual([{ t: 0, c: 0, z: 0 }]);
  });

  it('takes no memory for what lies between distant time points', () => {
    const placement = new Placement();
    const before = process.memoryUsage().arrayBuffers;
    for (let z = 0; z < 100; z++) placement.place({ index: { t: 49_999_999, z } });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10e6);
    expect(placement.place({ index: { t: 49_999_999 } })).toEqual({ t: 50_000_000, c: 0, z: 0 });
  });

  it.each([-1, 1.5, NaN, Infinity, 4096])('does not believe a channel or section of %d', (n) => {
    expect(placeAll([{ index: { c: n } }, { index: { z: n } }]).map(key)).toEqual(['0/0/0', '1/0/0']);
  });

  it('is found in long acquisitions as well: what is remembered grows with them', () => {
    const placement = new Placement();
    for (let t = 0; t < 20_000; t += 1) expect(placement.place({}).t).toBe(t);
    expect(placement.place({ index: { t: 300_000 } }).t).toBe(300_000);
    expect(placement.place({ index: { t: 19_999 } }).t).toBe(300_001);
    expect(placement.place({ index: { t: 20_000 } }).t).toBe(20_000);
  });

  it('is never that of another plane, whatever is stated', () => {
    const number = fc.oneof(fc.integer({ min: -1, max: 20 }), fc.constantFrom(undefined, NaN, 4095, 4096, 100_000));
    const description = fc.record({
      index: fc.option(fc.record({ t: number, c: number, z: number }), { nil: undefined }),
      channelName: fc.constantFrom(undefined, 'DAPI', 'FITC'),
    });
    fc.assert(
      fc.property(fc.array(description, { maxLength: 200 }), (descriptions) => {
        const places = placeAll(descriptions as PlaneDescription[]);
        expect(new Set(places.map(key)).size).toBe(descriptions.length);
        for (const { t, c, z } of places) expect([t, c, z].every((n) => Number.isInteger(n) && n >= 0)).toBe(true);
      }),
      { numRuns: 100 },
    );
  });
});

describe('a channel that has a name and no number', () => {
  const named = (channelName: string): PlaneDescription => ({ channelName, index: { t: 0 } });

  it('is numbered by first appearance', () => {
    const names = ['FITC', 'DAPI', 'FITC', 'Cy5', 'DAPI'];
    expect(placeAll(names.map(named)).map(key)).toEqual(['0/0/0', '0/1/0', '1/0/0', '0/2/0', '1/1/0']);
  });

  it('has its place in the list of names, where there is one', () => {
    const channelNames = ['DAPI', 'FITC'];
    expect(placeAll([{ ...named('FITC'), channelNames }, named('FITC')]).map(({ c }) => c)).toEqual([1, 1]);
  });

  it('has the number that is stated rather than that of its name', () => {
    expect(placeAll([{ channelName: 'FITC', index: { c: 3 } }]).map(({ c }) => c)).toEqual([3]);
  });

  it('is the first channel when there are more names than are believed', () => {
    const names = Array.from({ length: 4098 }, (_, n) => `channel ${n}`);
    expect(placeAll(names.map(named)).map(({ c }) => c)).toEqual([...Array(4096).keys(), 0, 0]);
  });
});

describe('the acquisition that a first plane opens', () => {
  const plane: Plane = { sizeX: 4, sizeY: 3, samplesPerPixel: 1, pixelType: 'uint16', data: new Uint16Array(12) };
  const source = { kind: 'folder', name: '/data/hot' };
  const now = new Date('2026-01-02T03:04:05.678Z');

  it('has an id by its start, the form of the plane, and a name for each channel', () => {
    expect(describeAcquisition(plane, { channelName: 'FITC' }, source, {}, now)).toMatchObject({
      id: '20260102-030405-678-folder',
      name: 'data/hot',
      startedAt: '2026-01-02T03:04:05.678Z',
      sizeX: 4,
      sizeY: 3,
      pixelType: 'uint16',
      significantBits: 16,
      channels: [{ name: 'FITC' }],
    });
  });

  it('is as a person states it, whatever the file says', () => {
    const said = { physicalSizeX: 1, physicalSizeY: 1, significantBits: 16, lensNA: 0.5, acquisitionName: 'file' };
    const stated = { name: 'mine', physicalSize: 0.1, significantBits: 12, lensNA: 1.4, emissionWavelength: 520 };
    expect(describeAcquisition(plane, said, source, stated, now)).toMatchObject({
      name: 'mine',
      physicalSizeX: 0.1,
      physicalSizeY: 0.1,
      significantBits: 12,
      lensNA: 1.4,
      channels: [{ name: 'channel 0', emissionWavelength: 520 }],
    });
  });

  it.each([
    ['that fits', 12, [0, 4095], 12],
    ['that the pixels exceed', 12, [0, 4096], 16],
    ['of all bits', 16, [65535], 16],
    ['of no bits', 0, [0], 16],
    ['of more bits than there are', 24, [0], 16],
    ['of half a bit', 11.5, [0], 16],
  ])('has a stated bit depth %s only as far as the pixels agree', (_, significantBits, pixels, believed) => {
    const row: Plane = { ...plane, sizeX: pixels.length, sizeY: 1, data: Uint16Array.from(pixels) };
    expect(describeAcquisition(row, { significantBits }, source).significantBits).toBe(believed);
  });

  it('learns of channels as planes of them come, each by what is said first', () => {
    const first = describeAcquisition(plane, { index: { c: 1 }, channelName: 'GFP', emissionWavelength: 509 }, source);
    expect(first.channels).toEqual([{ name: 'channel 0' }, { name: 'GFP', emissionWavelength: 509 }]);
    const second = withChannel(first, 0, { channelName: 'DAPI' });
    expect(second.channels).toEqual([{ name: 'DAPI' }, { name: 'GFP', emissionWavelength: 509 }]);
    expect(withChannel(second, 0, { channelName: 'other' })).toBe(second);
    expect(withChannel(second, 1, {})).toBe(second);
    const fourth = withChannel(withChannel(second, 3, { channelName: 'RFP' }), 0, { emissionWavelength: 461 });
    expect(fourth.channels).toEqual([
      { name: 'DAPI', emissionWavelength: 461 },
      { name: 'GFP', emissionWavelength: 509 },
      { name: 'channel 2' },
      { name: 'RFP' },
    ]);
  });

  it('keeps planes of its own form only', () => {
    const acquisition = describeAcquisition(plane, {}, source, {}, now);
    expect(fits(plane, acquisition)).toBe(true);
    for (const other of [{ sizeX: 5 }, { sizeY: 5 }, { samplesPerPixel: 3 }, { pixelType: 'uint8' }] as const) {
      expect(fits({ ...plane, ...other }, acquisition)).toBe(false);
    }
  });
});

describe('the name of an acquisition', () => {
  const plane: Plane = { sizeX: 2, sizeY: 2, samplesPerPixel: 1, pixelType: 'uint8', data: new Uint8Array(4) };
  const nameOf = (source: string, description: PlaneDescription = {}, stated = {}): string =>
    describeAcquisition(plane, description, { kind: 'folder', name: source }, stated).name;

  it('is what a person or the file states, or else that of the source', () => {
    expect(nameOf('/data/x', { acquisitionName: 'HeLa 3' }, { name: 'well B4' })).toBe('well B4');
    expect(nameOf('/data/x', { acquisitionName: 'HeLa 3' })).toBe('HeLa 3');
    expect(nameOf('tcp://127.0.0.1:8471')).toBe('tcp://127.0.0.1:8471');
  });

  it('is the end of a path', () => {
    expect(nameOf('/data/2026/HeLa 3/export')).toBe('HeLa 3/export');
    expect(nameOf('D:\\acquisition\\run 7\\')).toBe('acquisition/run 7');
  });
});
