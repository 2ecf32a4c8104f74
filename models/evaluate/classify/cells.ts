import { readdir, readFile } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { decodePayload, FILE_ENDINGS } from '../../../pipeline/decode/registry.ts';
import { ConfigError, messageOf } from '../../../pipeline/errors.ts';
import { cropped, middleSquare, type Rgb, type Square } from './rgb.ts';
import { readVocBoxes } from './vocBoxes.ts';

/** A labelled picture of one cell, read when it is needed. */
export interface Cell {
  readonly name: string;
  /** What it was taken from: the original of an augmentation, the field of a crop. Cells of one source are not independent. */
  readonly source: string;
  /** In lower case. */
  readonly label: string;
  /** Throws DecodeError. */
  read(): Promise<CellPicture>;
}

export interface CellPicture {
  /** Square. */
  readonly picture: Rgb;
  /** Around the cell's middle, its side the larger side of the cell's box; pixels of the picture. */
  readonly cell: Square;
}

export interface FolderReading {
  /** The part of a file's name that names its source is this expression's first group; absent: each file is a source. */
  readonly source?: RegExp;
  /** Share of the picture's side that a cell in the middle spans, where no box is known. */
  readonly cellShare: number;
  /** Boxes by file name without ending: left, top, width, height in pixels of the file. */
  readonly boxes?: Readonly<Record<string, readonly number[]>>;
}

/** `FOLDER/CLASS/*.jpg` (or any format that is read), one cell a picture. Throws ConfigError when there is none. */
export async function cellsInFolder(folder: string, reading: FolderReading): Promise<Cell[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    throw new ConfigError(`${folder}: ${messageOf(error)}`);
  });
  const cells: Cell[] = [];
  for (const { name: label } of entries.filter((entry) => entry.isDirectory())) {
    for (const file of (await readdir(join(folder, label))).filter(isPicture).sort()) {
      const path = join(folder, label, file);
      cells.push({
        name: `${label}/${file}`,
        source: reading.source?.exec(file)?.[1] ?? `${label}/${file}`,
        label: label.toLowerCase(),
        read: async () => squareOf(await readRgb(path), reading.boxes?.[stem(file)], reading.cellShare),
      });
    }
  }
  if (cells.length === 0) throw new ConfigError(`${folder} has no pictures in sub-folders named as their classes`);
  return cells.sort((a, b) => (a.name < b.name ? -1 : 1));
}

export interface FieldsReading {
  /** CSV with the columns `image` and `wbc_class`; default `labels.csv` in the folder. */
  readonly labels?: string;
  /** Boxes of this name are the cells. */
  readonly kind: string;
  /** Side of a cell's picture over the larger side of its box. */
  readonly margin: number;
}

/**
 * Whole fields with boxes: `FOLDER/images/NAME.jpg` with `FOLDER/boxes/NAME.xml` (Pascal VOC), and the class of the cells
 * of each field in a CSV file. Every box of the kind is a cell; its field is its source. Throws ConfigError.
 */
export async function cellsInFields(folder: string, { labels, kind, margin }: FieldsReading): Promise<Cell[]> {
  const classes = await readLabels(labels ?? join(folder, 'labels.csv'));
  const files = (await readdir(join(folder, 'images')).catch((): string[] => [])).filter(isPicture).sort();
  const cells: Cell[] = [];
  for (const file of files) {
    const source = stem(file);
    const label = classes.get(source);
    if (label === undefined) continue;
    const boxes = await readVocBoxes(join(folder, 'boxes', `${source}.xml`));
    for (const [i, box] of boxes.filter((each) => each.kind === kind).entries()) {
      const width = box.right - box.left + 1;
      const height = box.bottom - box.top + 1;
      cells.push({
        name: `${source}#${i}`,
        source,
        label,
        read: async () =>
          boxed(await readRgb(join(folder, 'images', file)), [box.left, box.top, width, height], margin),
      });
    }
  }
  if (cells.length === 0) throw new ConfigError(`${folder} has no labelled field with a box around a ${kind}`);
  return cells;
}

/** The picture around a box, its side `margin` times the larger side of the box, with the cell's square in it. */
function boxed(field: Rgb, [left, top, width, height]: readonly number[], margin: number): CellPicture {
  const longer = Math.max(width, height);
  const side = Math.round(margin * longer);
  const start = { left: Math.round(left + (width - side) / 2), top: Math.round(top + (height - side) / 2) };
  const inset = (side - longer) / 2;
  return { picture: cropped(field, { ...start, side }), cell: { left: inset, top: inset, side: longer } };
}

/** The middle of a picture of one cell. Without a box the cell is taken to be in the middle. */
function squareOf(picture: Rgb, box: readonly number[] | undefined, cellShare: number): CellPicture {
  const square = middleSquare(picture, 1);
  const middle = cropped(picture, square);
  if (!box) return { picture: middle, cell: middleSquare(middle, cellShare) };
  const [left, top, width, height] = box;
  const side = Math.max(width, height);
  const cell = { left: left + (width - side) / 2 - square.left, top: top + (height - side) / 2 - square.top, side };
  return { picture: middle, cell };
}

async function readRgb(path: string): Promise<Rgb> {
  const { plane } = await decodePayload({ kind: 'file', path, page: 0 }, path);
  if (plane.samplesPerPixel !== 3 || !(plane.data instanceof Uint8Array)) {
    throw new ConfigError(`${path}: cells are told apart in colour pictures of 8 bits`);
  }
  return { sizeX: plane.sizeX, sizeY: plane.sizeY, data: plane.data };
}

async function readLabels(path: string): Promise<Map<string, string>> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new ConfigError(`${path}: ${messageOf(error)}`);
  });
  const [header, ...rows] = text
    .trim()
    .split(/\r?\n/)
    .map((line) => line.split(','));
  const [image, label] = ['image', 'wbc_class'].map((name) => header.indexOf(name));
  if (image < 0 || label < 0)
    throw new ConfigError(`${path}: the first line must name the columns image and wbc_class`);
  return new Map(rows.map((cells) => [stem(cells[image]), cells[label].toLowerCase()]));
}

function isPicture(file: string): boolean {
  return (FILE_ENDINGS as readonly string[]).includes(extname(file).toLowerCase());
}

function stem(file: string): string {
  return basename(file, extname(file));
}
