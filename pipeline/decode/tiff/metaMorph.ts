import type { PlaneDescription } from '../../frame.ts';
import type { ByteSource } from '../byteSource.ts';
import { type Ifd, TAG } from './ifd.ts';
import { positive, toMicrometres } from './units.ts';

/**
 * MetaMorph's own tags, as described in Universal Imaging's "MetaMorph Stack (STK) Image File Format". Tag 33628 (UIC1) is a
 * list of pairs: what, and a value or the offset of one. Tag 33629 (UIC2) has six numbers a plane, with the time of capture.
 */
const UIC1 = {
  xCalibration: 4,
  yCalibration: 5,
  calibrationUnits: 6,
  name: 7,
  wavelength: 27,
  planeProperty: 49,
} as const;
const MAX_PAIRS = 1024;
const MAX_PLANES = 1 << 20;
const UIC2_NUMBERS = 6;

export async function describeMetaMorph(
  source: ByteSource,
  ifd: Ifd,
  description: string,
): Promise<(page: number) => PlaneDescription> {
  const reader = new StkReader(source);
  const calibration = await describeCalibration(reader, ifd);
  const exposure = /^Exposure: ([\d.]+) (ms|sec|s)\b/m.exec(description);
  const shared: PlaneDescription = {
    ...calibration,
    exposureTime: exposure ? Number(exposure[1]) * (exposure[2] === 'ms' ? 1e-3 : 1) : undefined,
  };
  const deltaT = await captureTimes(reader, ifd);
  return (page) => ({ ...shared, index: deltaT.length > 1 ? { t: page } : {}, deltaT: deltaT[page] });
}

async function describeCalibration(reader: StkReader, ifd: Ifd): Promise<PlaneDescription> {
  const uic1 = ifd.entries.get(TAG.metaMorphUic1);
  // Before MetaMorph 2.5 the tag held rationals with another meaning.
  if (!uic1 || uic1.type !== 4) return {};
  const pairs = await reader.longs(uic1.offset, 2 * Math.min(uic1.count, MAX_PAIRS));
  const valueOf = new Map<number, number>();
  const properties = new Map<string, string | number>();
  for (let i = 0; i + 1 < pairs.length; i += 2) {
    const [id, value] = [pairs[i], pairs[i + 1]];
    if (id !== UIC1.planeProperty) {
      valueOf.set(id, value);
      continue;
    }
    const [name, property] = (await reader.property(value + 4)) ?? [];
    if (name !== undefined && property !== undefined) properties.set(name, property);
  }
  const units = await reader.text(valueOf.get(UIC1.calibrationUnits));
  const calibrated = async (id: number): Promise<number | undefined> =>
    positive(toMicrometres(await reader.rational(valueOf.get(id)), units ?? ''));
  const wavelength = valueOf.get(UIC1.wavelength);
  return {
    physicalSizeX: await calibrated(UIC1.xCalibration),
    physicalSizeY: await calibrated(UIC1.yCalibration),
    channelName: (await reader.text(valueOf.get(UIC1.name))) || undefined,
    emissionWavelength: wavelength !== undefined && wavelength >= 200 && wavelength <= 2000 ? wavelength : undefined,
    significantBits: positive(properties.get('Camera Bit Depth')),
    lensNA: positive(properties.get('_MagNA_')),
  };
}

/** Seconds since the first plane, from day and millisecond of capture. */
async function captureTimes(reader: StkReader, ifd: Ifd): Promise<number[]> {
  const uic2 = ifd.entries.get(TAG.metaMorphUic2);
  if (!uic2 || uic2.count > MAX_PLANES) return [];
  const numbers = await reader.longs(uic2.offset, UIC2_NUMBERS * uic2.count);
  const seconds = Array.from({ length: Math.floor(numbers.length / UIC2_NUMBERS) }, (_, plane) => {
    const day = numbers[plane * UIC2_NUMBERS + 2];
    const ms = numbers[plane * UIC2_NUMBERS + 3];
    return day * 86_400 + ms / 1000;
  });
  return seconds.map((second) => Number((second - seconds[0]).toFixed(3)));
}

/** Reads values that the tags point to. They are always little-endian; what lies outside the file is undefined or empty. */
class StkReader {
  readonly #source: ByteSource;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  async longs(offset: number, count: number): Promise<number[]> {
    const view = await this.#bytes(offset, 4 * count);
    return view ? Array.from({ length: count }, (_, i) => view.getUint32(4 * i, true)) : [];
  }

  async rational(offset: number | undefined): Promise<number | undefined> {
    const [numerator, denominator] = offset === undefined ? [] : await this.longs(offset, 2);
    return denominator ? numerator! / denominator : undefined;
  }

  /** A length in four bytes, then the characters. */
  async text(offset: number | undefined): Promise<string | undefined> {
    const [length] = offset === undefined ? [] : await this.longs(offset, 1);
    if (!length || length > 1024) return undefined;
    return this.#characters(offset! + 4, length);
  }

  /** A name, flags and a value: a fraction or a text, each text with its length in one byte. */
  async property(offset: number): Promise<[name: string, value: string | number] | undefined> {
    const nameLength = (await this.#bytes(offset, 1))?.getUint8(0);
    if (nameLength === undefined) return undefined;
    const name = await this.#characters(offset + 1, nameLength);
    const kindAt = offset + 1 + nameLength + 4;
    const kind = (await this.#bytes(kindAt, 1))?.getUint8(0);
    const value =
      kind === 1
        ? await this.rational(kindAt + 1)
        : await this.#characters(kindAt + 2, (await this.#bytes(kindAt + 1, 1))?.getUint8(0) ?? 0);
    return name === undefined || value === undefined ? undefined : [name, value];
  }

  async #characters(offset: number, length: number): Promise<string | undefined> {
    const view = await this.#bytes(offset, length);
    if (!view) return undefined;
    const text = new TextDecoder('latin1').decode(view);
    return text.split('\0', 1)[0];
  }

  async #bytes(offset: number, length: number): Promise<DataView | undefined> {
    if (offset < 8 || offset + length > this.#source.sizeBytes) return undefined;
    const bytes = new Uint8Array(length);
    await this.#source.readInto(bytes, offset);
    return new DataView(bytes.buffer);
  }
}
