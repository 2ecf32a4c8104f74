/**
 * Draws scenes without a GPU: the same definition as the shader with the nearest sample, on the CPU. It is only used where
 * the browser has no WebGL2.
 */

import { DIVERGING } from './lut.ts';
import { nearestPixel, storedIntensity, type Picture } from './picture.ts';
import {
  FLAG_COLOUR,
  SATURATED_COLOUR,
  shade,
  ZERO_COLOUR,
  type Layer,
  type Pane,
  type Renderer,
  type Scene,
} from './scene.ts';

export function createCanvasRenderer(canvas: HTMLCanvasElement): Renderer {
  const context = canvas.getContext('2d', { alpha: false })!;
  return {
    kind: 'canvas2d',
    onProcessor: true,
    draw(scene) {
      if (canvas.width !== scene.width || canvas.height !== scene.height) {
        canvas.width = scene.width;
        canvas.height = scene.height;
      }
      context.fillStyle = `rgb(${scene.background.join(' ')})`;
      context.fillRect(0, 0, scene.width, scene.height);
      for (const pane of scene.panes) {
        const region = pictureRegion(pane, scene);
        if (!region) continue;
        const image = context.createImageData(region.width, region.height);
        paint(image.data, region, pane, scene);
        context.putImageData(image, region.x, region.y);
      }
    },
    dispose() {},
  };
}

interface Region {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The part of the pane that the picture covers, in device pixels. */
export function pictureRegion(pane: Pane, scene: Scene): Region | undefined {
  const raw = scene.layers[0]?.raw;
  if (!raw) return undefined;
  const { originX, originY, scale } = pane.mapping;
  const x = Math.max(pane.x, Math.ceil(originX - 0.5));
  const y = Math.max(pane.y, Math.ceil(originY - 0.5));
  const width = Math.min(pane.x + pane.width, Math.ceil(originX + raw.sizeX * scale - 0.5)) - x;
  const height = Math.min(pane.y + pane.height, Math.ceil(originY + raw.sizeY * scale - 0.5)) - y;
  return width > 0 && height > 0 ? { x, y, width, height } : undefined;
}

/** Fills RGBA bytes of a region of the canvas. */
export function paint(rgba: Uint8ClampedArray, region: Region, pane: Pane, scene: Scene): void {
  const layers = pane.showing === 'difference' ? scene.layers.slice(0, 1) : scene.layers;
  const { originX, originY, scale } = pane.mapping;
  for (const layer of layers) {
    for (let row = 0; row < region.height; row++) {
      const y = (region.y + row + 0.5 - originY) / scale - 0.5;
      for (let column = 0; column < region.width; column++) {
        const x = (region.x + column + 0.5 - originX) / scale - 0.5;
        const hatch = pane.showing !== 'raw' && (region.x + column + region.y + row + 1) % 7 < 2.5;
        const colour = hatch && isFlagged(layer, x, y) ? FLAG_COLOUR : colourAt(layer, pane, scene, x, y);
        const at = (row * region.width + column) * 4;
        rgba[at] = rgba[at]! + colour[0];
        rgba[at + 1] = rgba[at + 1]! + colour[1];
        rgba[at + 2] = rgba[at + 2]! + colour[2];
        rgba[at + 3] = 255;
      }
    }
  }
}

type Rgb = readonly [number, number, number];

function colourAt(layer: Layer, pane: Pane, scene: Scene, x: number, y: number): Rgb {
  const enhanced = layer.enhanced ?? layer.raw;
  if (pane.showing === 'difference') {
    const difference = intensity(layer.raw, x, y) - intensity(enhanced, x, y);
    return tableColour(DIVERGING, 0.5 + (0.5 * difference) / scene.differenceRange);
  }
  if (scene.highlightLimits) {
    const measured = intensity(layer.raw, x, y);
    if (measured >= scene.saturatedFrom) return SATURATED_COLOUR;
    if (measured <= 0) return ZERO_COLOUR;
  }
  const picture = pane.showing === 'raw' ? layer.raw : enhanced;
  if (picture.samplesPerPixel === 1) {
    return tableColour(layer.lut, shade(intensity(picture, x, y), layer.window, layer.gamma));
  }
  const pixel = pixelAt(picture, x, y);
  const sample = (s: number): number => {
    const value = picture.data[pixel * 3 + s]! * picture.intensityScale + picture.intensityOffset;
    return 255 * shade(value, layer.window, layer.gamma);
  };
  return [sample(0), sample(1), sample(2)];
}

function isFlagged({ flags, raw }: Layer, x: number, y: number): boolean {
  return flags?.[pixelAt(raw, x, y)] === 1;
}

function pixelAt(picture: Picture, x: number, y: number): number {
  return nearestPixel(picture, x + 1e-3, y + 1e-3);
}

function intensity(picture: Picture, x: number, y: number): number {
  return storedIntensity(picture, pixelAt(picture, x, y));
}

function tableColour(table: Uint8Array, t: number): Rgb {
  const level = Math.floor(Math.min(Math.max(t, 0), 1) * 255 + 0.5) * 3;
  return [table[level]!, table[level + 1]!, table[level + 2]!];
}
