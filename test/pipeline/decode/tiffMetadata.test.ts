import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodePayload } from '../../../pipeline/decode/registry.ts';
import { describeImageJ } from '../../../pipeline/decode/tiff/imageJ.ts';
import { describeOmeXml } from '../../../pipeline/decode/tiff/omeXml.ts';
import type { PlaneDescription } from '../../../pipeline/frame.ts';
import { hasSharedData, SHARED_DATA } from '../../fixtures/sharedData.ts';
import { buildTiff, greyPage, type Tag, TYPE } from './buildTiff.ts';

async function describeTags(...tags: Tag[]): Promise<PlaneDescription> {
  const bytes = buildTiff({ pages: [greyPage({ sizeX: 4, sizeY: 4, tags })] });
  return (await decodePayload({ kind: 'bytes', bytes, page: 0 }, 'cell.tif')).description;
}

describe('Resolution tags', () => {
  it('in cm and inch give micrometres', async () => {
    const perCm = await describeTags(
      [282, TYPE.rational, [40_000, 1]],
      [283, TYPE.rational, [20_000, 1]],
      [296, TYPE.short, [3]],
    );
    expect(perCm).toEqual({ physicalSizeX: 0.25, physicalSizeY: 0.5 });
    const perInch = await describeTags([282, TYPE.rational, [254_000, 1]], [296, TYPE.short, [2]]);
    expect(perInch.physicalSizeX).toBeCloseTo(0.1);
  });

  it.each([
    ['print resolutions', [300, 1], 2],
    ['no unit', [40_000, 1], 1],
    ['zero', [0, 1], 3],
    ['a zero denominator', [1, 0], 3],
  ])('with %s say nothing', async (_, rational, unit) => {
    expect(await describeTags([282, TYPE.rational, rational], [296, TYPE.short, [unit]])).toEqual({});
  });

  it('leave the bit depth to a maximum that is a full scale', async () => {
    expect(await describeTags([281, TYPE.short, [4095]])).toEqual({ significantBits: 12 });
    expect(await describeTags([281, TYPE.short, [3917]])).toEqual({});
  });
});

describe('A palette', () => {
  const PALETTE: Tag = [262, TYPE.short, [3]];
  const ramp = Array.from({ length: 256 }, (_, i) => i * 257);
  const green: Tag = [320, TYPE.short, [...ramp.map(() => 0), ...ramp, ...ramp.map(() => 0)]];
  const rainbow: Tag = [320, TYPE.short, [...ramp.toReversed(), ...ramp, ...ramp]];
  const decode = (...tags: Tag[]) => {
    const bytes = buildTiff({ pages: [greyPage({ sizeX: 4, sizeY: 4, tags: [PALETTE, ...tags] })] });
    return decodePayload({ kind: 'bytes', bytes, page: 0 }, 'cell.tif');
  };

  it('that only tints intensities leaves them as they are', async () => {
    expect([...(await decode(green)).plane.data]).toEqual(Array.from({ length: 16 }, (_, i) => i));
    expect((await decode(rainbow, [270, TYPE.ascii, 'ImageJ=1.54f'])).plane.samplesPerPixel).toBe(1);
  });

  it('of colours in any order is refused', async () => {
    await expect(decode(rainbow)).rejects.toThrow(/cell\.tif: has a palette/);
  });
});

describe('ImageJ', () => {
  it('counts pages through channels, slices and frames', () => {
    const description = 'ImageJ=1.54f\nimages=24\nchannels=2\nslices=3\nframes=4\nhyperstack=true\n';
    const at = describeImageJ(description, {});
    expect(at(0).index).toEqual({ t: 0, c: 0, z: 0 });
    expect(at(1).index).toEqual({ t: 0, c: 1, z: 0 });
    expect(at(2).index).toEqual({ t: 0, c: 0, z: 1 });
    expect(at(23).index).toEqual({ t: 3, c: 1, z: 2 });
  });

  it('gives sizes and intervals in its own units', () => {
    const at = describeImageJ('ImageJ=1.54f\nimages=5\nunit=\\u00B5m\nspacing=0.5\nfinterval=50\ntunit=ms\n', {
      x: 8,
      y: 4,
    });
    expect(at(3)).toMatchObject({ physicalSizeX: 0.125, physicalSizeY: 0.25, physicalSizeZ: 0.5, timeIncrement: 0.05 });
    expect(at(3).index).toMatchObject({ t: 3 });
    expect(describeImageJ('ImageJ=1.54f\nunit=nm\n', { x: 0.01 })(0).physicalSizeX).toBeCloseTo(0.1);
    expect(describeImageJ('ImageJ=1.54f\nunit=pixel\n', { x: 8 })(0).physicalSizeX).toBeUndefined();
  });

  it('states no index for a single picture: the file name may know better', async () => {
    expect(await describeTags([270, TYPE.ascii, 'ImageJ=1.51n'])).toEqual({});
  });

  it.each(['um', 'µm', 'micron'])('reads the unit %s', async (unit) => {
    const description = await describeTags(
      [270, TYPE.ascii, `ImageJ=1.54f\nunit=${unit}\n`],
      [282, TYPE.rational, [10, 1]],
    );
    expect(description.physicalSizeX).toBeCloseTo(0.1);
  });
});

describe('OME-XML', () => {
  const ome = (pixels: string, inside: string): string => `<?xml version="1.0"?><!-- OME --><OME>
    <Instrument ID="I:0"><Objective ID="O:0" LensNA="1.4"/></Instrument>
    <Image ID="Image:0" Name="a &lt;living&gt; cell"><Pixels ID="Pixels:0" SizeX="4" SizeY="4" Type="uint16" ${pixels}>${inside}</Pixels></Image></OME>`;

  it('gives sizes, bits, channels and times in our units', () => {
    const xml = ome(
      'DimensionOrder="XYCZT" SizeC="2" SizeZ="1" SizeT="3" SignificantBits="12" PhysicalSizeX="65" PhysicalSizeXUnit="nm" ' +
        'PhysicalSizeY="0.065" PhysicalSizeZ="0.001" PhysicalSizeZUnit="mm" TimeIncrement="50" TimeIncrementUnit="ms"',
      '<Channel ID="C:0" Name="GFP" EmissionWavelength="509"/><Channel ID="C:1" Name="mCherry" EmissionWavelength="0.61" EmissionWavelengthUnit="&#181;m"/>' +
        '<TiffData/><Plane TheC="1" TheZ="0" TheT="2" DeltaT="0.125" ExposureTime="40" ExposureTimeUnit="ms" PositionX="1" PositionXUnit="mm" PositionY="2" PositionYUnit="µm"/>',
    );
    const plane = describeOmeXml(xml, 'cell.ome.tif')(5);
    expect(plane).toMatchObject({
      acquisitionName: 'a <living> cell',
      index: { t: 2, c: 1 },
      significantBits: 12,
      physicalSizeY: 0.065,
      physicalSizeZ: 1,
      timeIncrement: 0.05,
      channelName: 'mCherry',
      channelNames: ['GFP', 'mCherry'],
      lensNA: 1.4,
      deltaT: 0.125,
      exposureTime: 0.04,
      position: { x: 1000, y: 2 },
    });
    expect(plane.physicalSizeX).toBeCloseTo(0.065);
    expect(plane.emissionWavelength).toBeCloseTo(610);
  });

  it.each([
    ['XYZCT', { z: 1, c: 0, t: 0 }, { z: 2, c: 1, t: 1 }],
    ['XYTCZ', { t: 1, c: 0, z: 0 }, { t: 1, c: 1, z: 2 }],
    ['XYCTZ', { c: 1, t: 0, z: 0 }, { c: 1, t: 1, z: 2 }],
  ])('follows the order of dimensions %s', (order, second, last) => {
    const xml = ome(`DimensionOrder="${order}" SizeC="2" SizeZ="3" SizeT="2"`, '<TiffData/>');
    const at = describeOmeXml(xml, 'cell.ome.tif');
    expect(at(1).index).toEqual(second);
    expect(at(11).index).toEqual(last);
  });

  it('places pages by TiffData, and leaves those of other files alone', () => {
    const xml = ome(
      'DimensionOrder="XYZCT" SizeC="1" SizeZ="4" SizeT="1"',
      '<TiffData FirstZ="3" IFD="0" PlaneCount="1"><UUID FileName="here.tif">urn:uuid:1</UUID></TiffData>' +
        '<TiffData FirstZ="1" IFD="0" PlaneCount="1"><UUID FileName="there.tif">urn:uuid:2</UUID></TiffData>',
    );
    expect(describeOmeXml(xml, 'here.tif')(0).index).toEqual({ z: 3 });
    expect(describeOmeXml(xml, 'there.tif')(0).index).toEqual({ z: 1 });
    expect(describeOmeXml(xml, 'here.tif')(1)).toEqual({});
  });

  it('counts the three samples of a colour picture as one channel', () => {
    const xml = ome(
      'DimensionOrder="XYCZT" SizeC="3" SizeZ="1" SizeT="2"',
      '<Channel SamplesPerPixel="3"/><TiffData/>',
    );
    expect(describeOmeXml(xml, 'cell.tif')(1).index).toEqual({ t: 1 });
  });

  it.each([
    ['broken off', '<OME><Image><Pixels DimensionOrder="XYZCT" SizeZ="4" SizeC="1" SizeT="1"><TiffData/><Plane TheZ='],
    [
      'with nonsense for numbers',
      '<OME><Pixels SizeZ="many" SizeC="-3" SizeT="1e99" PhysicalSizeX="wide"><TiffData IFD="x"/>',
    ],
    ['with entities of its own', '<!DOCTYPE x [<!ENTITY a "&b;&b;">]><OME><Image Name="&a;"/><Pixels/><TiffData/>'],
    ['of one endless word', `<OME><Pixels ${'a'.repeat(300_000)}>`],
    ['of endless spaces', `<OME><Pixels a${' '.repeat(300_000)}b>`],
  ])('%s costs nothing', (_, xml) => {
    expect(() => describeOmeXml(xml, 'cell.tif')(0)).not.toThrow();
  });
});

describe.skipIf(!hasSharedData)('Files from microscopes (need ../shared/data)', () => {
  const read = async (path: string, page = 0): Promise<PlaneDescription> =>
    (await decodePayload({ kind: 'file', path: join(SHARED_DATA, path), page }, path)).description;

  it('ImageJ with a Micro-Manager summary', async () => {
    const description = await read('lysosome/1.tif', 7);
    expect(description).toMatchObject({ index: { t: 7 }, acquisitionName: 'lyso_100ms_10power_interval5s_1' });
    expect(description.physicalSizeX).toBeCloseTo(0.1292, 4);
    expect(description.statedMetadata?.microManager).toMatchObject({ MicroManagerVersion: '2.0.0-beta3 20180701' });
  });

  it('MetaMorph STK', async () => {
    expect(await read('bbbc039/IXMtest_A12_s7_w1EAEEA614-51ED-43B3-A4FF-088730911E4C.tif')).toEqual({
      physicalSizeX: 0.645,
      physicalSizeY: 0.645,
      channelName: 'DAPI',
      emissionWavelength: 458,
      significantBits: 12,
      lensNA: 0.45,
      exposureTime: 0.025,
    });
  });

  it('Olympus FluoView', async () => {
    const description = await read('tubulin/s_C001Tubulin1.tif');
    expect(description.significantBits).toBe(12);
    expect(description.physicalSizeX).toBeCloseTo(0.248, 5);
  });

  it('NDTiff of pycro-manager', async () => {
    const path = 'formats/ndtiff/12_bit_pycromanager_mda/12_bit_pycromanager_mda_NDTiffStack.tif';
    expect(await read(path, 3)).toMatchObject({
      index: { t: 1 },
      channelName: 'FITC',
      significantBits: 12,
      physicalSizeX: 1,
      deltaT: 0.039,
      exposureTime: 0.01,
    });
    expect((await read('formats/ndtiff/ndtiff3.2_monochrome/NDTiff3.2_monochrome_NDTiffStack.tif', 127)).index).toEqual(
      { t: 7, z: 15 },
    );
  });

  it('OME-TIFF of one file, and of several with a companion', async () => {
    expect((await read('formats/ome-tiff/multi-channel.ome.tif', 2)).index).toEqual({ c: 2 });
    for (const z of [0, 1, 2, 3, 4]) {
      expect(await read(`formats/ome-tiff/multifile-Z${z + 1}.ome.tiff`)).toMatchObject({
        acquisitionName: 'multifile',
        index: { z },
      });
    }
  });
});
