/**
 * Snapshots of the frame on show. Whatever holds predicted pixels says so: in a band under the picture, in the file's name
 * and in its description.
 */

import type { Acquisition } from '../../pipeline/frame.ts';
import { createCanvasRenderer } from '../draw/canvasRenderer.ts';
import { createWebglRenderer } from '../draw/webglRenderer.ts';
import type { Picture } from '../draw/picture.ts';
import type { Scene } from '../draw/scene.ts';
import { scaleBar } from '../draw/scaleBar.ts';
import { writeTiff } from '../draw/tiff.ts';
import type { LiveFrame } from './liveFrames.svelte.ts';
import { predictedBy } from './predictedBy.ts';

export type SnapshotKind = 'annotated' | 'raw-png' | 'enhanced-png' | 'raw-tiff' | 'enhanced-tiff';

export interface SnapshotSource {
  readonly frame: LiveFrame;
  readonly acquisition: Acquisition | undefined;
  /** The scene on the screen. */
  readonly scene: Scene;
  /** CSS pixels per raw sample, and device pixels per CSS pixel, on the screen. */
  readonly zoom: number;
  readonly devicePixelRatio: number;
}

const BAND = { height: 26, paper: '#101316', ink: '#e8eaed', predicted: '#c9a3ff', measured: '#5ccdb4' } as const;

/** Makes the file of a snapshot. */
export async function takeSnapshot(kind: SnapshotKind, source: SnapshotSource): Promise<{ name: string; blob: Blob }> {
  const { frame } = source;
  const showing = kind === 'annotated' ? shownOf(source.scene) : kind.startsWith('raw') ? 'raw' : 'enhanced';
  const name = fileName(source, showing, kind.endsWith('tiff') ? 'tif' : 'png');
  if (kind === 'raw-tiff' || kind === 'enhanced-tiff') {
    const picture = kind === 'raw-tiff' ? frame.raw : frame.enhanced!;
    const tiff = writeTiff(picture, describe(source, picture, showing));
    return { name, blob: new Blob([tiff], { type: 'image/tiff' }) };
  }
  const scene = kind === 'annotated' ? source.scene : plainScene(source.scene, showing);
  return { name, blob: await png(scene, source, showing, kind === 'annotated') };
}

type Shown = 'raw' | 'enhanced' | 'raw-and-enhanced' | 'difference';

function shownOf(scene: Scene): Shown {
  const kinds = new Set(scene.panes.filter(({ width }) => width > 0).map(({ showing }) => showing));
  if (kinds.size > 1) return 'raw-and-enhanced';
  return [...kinds][0] ?? 'raw';
}

/** The whole picture, one sample on one pixel, without anything on it. */
function plainScene(scene: Scene, showing: Shown): Scene {
  const layer = scene.layers[0]!;
  const picture = showing === 'raw' ? layer.raw : (layer.enhanced ?? layer.raw);
  const mapping = { originX: 0, originY: 0, scale: picture.magnification };
  const size = { width: picture.sizeX, height: picture.sizeY };
  return {
    ...scene,
    ...size,
    sampling: 'exact',
    highlightLimits: false,
    panes: [{ showing: showing === 'raw' ? 'raw' : 'enhanced', x: 0, y: 0, ...size, mapping }],
  };
}

async function png(scene: Scene, source: SnapshotSource, showing: Shown, annotated: boolean): Promise<Blob> {
  const drawn = document.createElement('canvas');
  const renderer = createWebglRenderer(drawn) ?? createCanvasRenderer(drawn);
  renderer.draw(scene);
  const scale = annotated ? source.devicePixelRatio : 1;
  const band = Math.round(BAND.height * scale);
  const sheet = document.createElement('canvas');
  sheet.width = scene.width;
  sheet.height = scene.height + (annotated || showing !== 'raw' ? band : 0);
  const context = sheet.getContext('2d')!;
  context.drawImage(drawn, 0, 0);
  renderer.dispose();
  if (sheet.height > scene.height) drawBand(context, scene, source, showing, scale);
  if (annotated) drawScaleBar(context, scene, source);
  return new Promise((resolve, reject) =>
    sheet.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('the browser could not make a PNG'))), 'image/png'),
  );
}

function drawBand(
  context: CanvasRenderingContext2D,
  scene: Scene,
  source: SnapshotSource,
  showing: Shown,
  scale: number,
): void {
  const top = scene.height;
  context.fillStyle = BAND.paper;
  context.fillRect(0, top, scene.width, BAND.height * scale);
  context.font = `600 ${12 * scale}px Inter, system-ui, sans-serif`;
  context.textBaseline = 'middle';
  const middle = top + (BAND.height * scale) / 2;
  const prediction = source.frame.header.enhanced?.prediction;
  context.fillStyle = showing === 'raw' ? BAND.measured : BAND.predicted;
  const left = 10 * scale;
  const predicted = `PREDICTED ${prediction ? predictedBy(prediction) : ''}`;
  const words = {
    raw: 'MEASURED raw',
    enhanced: predicted,
    'raw-and-enhanced': `MEASURED raw | ${predicted}`,
    difference: `MEASURED − ${predicted}`,
  }[showing];
  context.fillText(words, left, middle, scene.width - 2 * left);
  const sample = `${source.acquisition?.name ?? ''} · frame ${source.frame.header.sequence}`;
  context.font = `${12 * scale}px Inter, system-ui, sans-serif`;
  const room = scene.width - context.measureText(words).width * 1.1 - 3 * left;
  if (context.measureText(sample).width > room) return;
  context.fillStyle = BAND.ink;
  context.textAlign = 'right';
  context.fillText(sample, scene.width - left, middle);
  context.textAlign = 'left';
}

function drawScaleBar(context: CanvasRenderingContext2D, scene: Scene, source: SnapshotSource): void {
  const scale = source.devicePixelRatio;
  const bar = scaleBar(
    source.zoom * scale,
    source.acquisition?.physicalSizeX,
    Math.min(200 * scale, scene.width * 0.4),
  );
  const left = 16 * scale;
  const bottom = scene.height - 16 * scale;
  context.shadowColor = 'rgb(0 0 0 / 0.9)';
  context.shadowBlur = 4 * scale;
  context.fillStyle = '#fff';
  context.fillRect(left, bottom - 3 * scale, bar.length, 3 * scale);
  context.font = `600 ${12 * scale}px Inter, system-ui, sans-serif`;
  context.textAlign = 'center';
  context.textBaseline = 'alphabetic';
  context.fillText(bar.label, left + bar.length / 2, bottom - 8 * scale);
  context.shadowBlur = 0;
}

function fileName({ frame, acquisition }: SnapshotSource, showing: Shown, extension: string): string {
  const { prediction } = frame.header.enhanced ?? {};
  const what = showing === 'raw' ? 'raw' : `${showing}_PREDICTED_${prediction ? predictedBy(prediction) : ''}`;
  const name = `${acquisition?.id ?? 'scopestream'}_${String(frame.header.sequence).padStart(6, '0')}_${what}`;
  return `${name.replace(/[^\w.-]+/g, '-')}.${extension}`;
}

/** JSON, so that a script can read what a person can. */
function describe({ frame, acquisition }: SnapshotSource, picture: Picture, showing: Shown): string {
  const { header } = frame;
  return JSON.stringify(
    {
      software: 'Scopestream',
      picture: showing === 'raw' ? 'measured (raw)' : 'PREDICTED (enhanced)',
      prediction: showing === 'raw' ? undefined : header.enhanced?.prediction,
      sessionId: header.sessionId,
      sequence: header.sequence,
      name: header.name,
      index: header.index,
      deltaT: header.deltaT,
      arrived: new Date(header.arrivedMs).toISOString(),
      acquisition: acquisition?.name,
      physicalSizeX: acquisition?.physicalSizeX && acquisition.physicalSizeX / picture.magnification,
      physicalSizeY: acquisition?.physicalSizeY && acquisition.physicalSizeY / picture.magnification,
      physicalSizeUnit: 'µm',
      intensity: { unit: 'raw', scale: picture.intensityScale, offset: picture.intensityOffset },
      quality: header.quality,
    },
    undefined,
    1,
  );
}

export function download(name: string, blob: Blob): void {
  const anchor = document.createElement('a');
  anchor.href = URL.createObjectURL(blob);
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(anchor.href), 10_000);
}
