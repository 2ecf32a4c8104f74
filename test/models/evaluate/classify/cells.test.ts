import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { cellsInFields, cellsInFolder } from '../../../../models/evaluate/classify/cells.ts';
import { familyOf } from '../../../../models/evaluate/classify/classifier.ts';
import { hasSharedData, SHARED_DATA } from '../../../fixtures/sharedData.ts';
import { temporaryFolder } from '../../../fixtures/temporaryFolder.ts';

const folder = temporaryFolder('cells');
const WHITE = { r: 240, g: 240, b: 240 };

async function writePicture(path: string, width = 60, height = 50): Promise<void> {
  mkdirSync(join(path, '..'), { recursive: true });
  await sharp({ create: { width, height, channels: 3, background: WHITE } })
    .composite([{ input: { create: { width: 10, height: 20, channels: 3, background: 'purple' } }, left: 30, top: 20 }])
    .png()
    .toFile(path);
}

describe('cells in folders named as their classes', () => {
  it('are listed with label and source, whatever the letters', async () => {
    const cells = join(folder, 'single');
    for (const name of ['EOSINOPHIL/_12_a.png', 'EOSINOPHIL/_12_b.png', 'monocyte/_7_a.png']) {
      await writePicture(join(cells, name));
    }
    writeFileSync(join(cells, 'monocyte/readme.txt'), 'no picture');
    const found = await cellsInFolder(cells, { source: /^_(\d+)_/, cellShare: 0.5 });
    expect(found.map(({ label, source }) => `${label} of ${source}`)).toEqual([
      'eosinophil of 12',
      'eosinophil of 12',
      'monocyte of 7',
    ]);
    // The largest square in the middle; the cell is half of it where no box is known.
    expect(await found[0].read()).toMatchObject({
      picture: { sizeX: 50, sizeY: 50 },
      cell: { left: 12, top: 12, side: 25 },
    });
    const boxed = await cellsInFolder(cells, { cellShare: 0.5, boxes: { _7_a: [30, 20, 10, 20] } });
    expect((await boxed[2].read()).cell).toEqual({ left: 20, top: 20, side: 20 });
    expect(boxed[0].source).toBe('EOSINOPHIL/_12_a.png');
  });

  it('must be there', async () => {
    mkdirSync(join(folder, 'empty'));
    await expect(cellsInFolder(join(folder, 'empty'), { cellShare: 1 })).rejects.toThrow(/sub-folders/);
  });
});

describe('cells in fields with boxes', () => {
  const fields = join(folder, 'fields');
  const object = (name: string, corners: readonly number[]): string => {
    const [left, top, right, bottom] = corners;
    return `<object><name>${name}</name><bndbox><xmin>${left}</xmin><ymin>${top}</ymin><xmax>${right}</xmax><ymax>${bottom}</ymax></bndbox></object>`;
  };

  it('are cut out with their margin; pixels of the boxes count from 1', async () => {
    await writePicture(join(fields, 'images/a.png'));
    await writePicture(join(fields, 'images/unlabelled.png'));
    mkdirSync(join(fields, 'boxes'), { recursive: true });
    writeFileSync(join(fields, 'boxes/a.xml'), object('WBC', [31, 21, 40, 40]) + object('RBC', [1, 1, 5, 5]));
    writeFileSync(join(fields, 'labels.csv'), 'image,wbc_class\na,Neutrophil\n');
    const [cell, ...others] = await cellsInFields(fields, { kind: 'WBC', margin: 1.5 });
    expect(others).toEqual([]);
    expect(cell).toMatchObject({ name: 'a#0', source: 'a', label: 'neutrophil' });
    const { picture, cell: square } = await cell.read();
    expect(picture.sizeX).toBe(30);
    expect(square).toEqual({ left: 5, top: 5, side: 20 });
    // The purple rectangle, 10 x 20 at (30, 20), lies in the middle of a square from (20, 15).
    const green = (x: number, y: number): number => picture.data[3 * (y * 30 + x) + 1];
    expect([green(9, 15), green(10, 15), green(19, 15), green(20, 15)]).toEqual([240, 0, 0, 240]);
    expect([green(15, 4), green(15, 5), green(15, 24), green(15, 25)]).toEqual([240, 0, 0, 240]);
  });

  it('may be a part of the fields; a file of labels must name its columns', async () => {
    const labels = join(fields, 'other.csv');
    writeFileSync(labels, 'image,wbc_class\nb,monocyte\n');
    await expect(cellsInFields(fields, { labels, kind: 'WBC', margin: 1.3 })).rejects.toThrow(/no labelled field/);
    writeFileSync(labels, 'name,class\na,monocyte\n');
    await expect(cellsInFields(fields, { labels, kind: 'WBC', margin: 1.3 })).rejects.toThrow(/wbc_class/);
  });

  it.skipIf(!hasSharedData)('are found in real smears (../shared/data/bccd)', async () => {
    const cells = await cellsInFields(join(SHARED_DATA, 'bccd'), { kind: 'WBC', margin: 1.3 });
    expect(cells.length).toBeGreaterThan(80);
    const { picture, cell } = await cells[0].read();
    expect(picture.sizeX).toBe(Math.round(1.3 * cell.side));
  });
});

describe('trainings of one design', () => {
  it.each([
    ['smear-name', 'smear-name'],
    ['smear-name-seed3', 'smear-name'],
    ['smear-name-s3', 'smear-name'],
    ['vit-small-smear', 'vit-small-smear'],
  ])('%s is of %s', (name, family) => expect(familyOf(name)).toBe(family));
});
